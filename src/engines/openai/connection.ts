/**
 * The line to one endpoint: kept connections, limits, a circuit breaker, and retries that wait as long as
 * the endpoint asks. Knows HTTP and nothing of tokens.
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhenResult,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { Pool } from 'undici';
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { RandomSource } from '../../kernel/random.ts';
import type { EndpointConfig } from './endpoint-config.ts';
import {
  createMask,
  toConnectionFailure,
  toStatusFailure,
  type Endpoint,
  type Failure,
} from './provider-error.ts';
import { RateGate } from './rate-gate.ts';

export interface ConnectionOptions {
  readonly config: EndpointConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly apiKey: string | undefined;
}

/** A body that is read as it comes; `destroy` gives up the rest and its socket. */
export interface ReplyBody extends AsyncIterable<Uint8Array> {
  text(): Promise<string>;
  destroy(): void;
}

export interface Reply {
  readonly kind: 'done';
  readonly contentType: string;
  readonly body: ReplyBody;
}

export interface WireCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: JsonObject;
}

/** Longer than this nobody waits for a retry; the caller is told how long it would take instead. */
const longestWaitMs = 60_000;
const firstBackoffMs = 500;

export class Connection implements AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly #config: EndpointConfig;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #pool: Pool;
  readonly #pathPrefix: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #gate: RateGate | undefined;

  constructor({ config, clock, random, apiKey }: ConnectionOptions) {
    const url = new URL(config.baseUrl);
    const { limits, breaker } = config;
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
    this.#pathPrefix = url.pathname.replace(/\/+$/, '');
    this.endpoint = {
      name: config.name,
      origin: url.origin,
      timeoutMs: limits.timeoutMs,
      mask: createMask([...(apiKey === undefined ? [] : [apiKey]), ...Object.values(config.headers)]),
    };
    this.#pool = new Pool(url.origin, {
      connections: limits.concurrency,
      pipelining: 1,
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      keepAliveTimeout: 30_000,
      connect: { timeout: limits.connectTimeoutMs },
    });
    this.#headers = {
      accept: 'application/json, text/event-stream',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...config.headers,
    };
    this.#breaker = circuitBreaker(
      handleWhenResult((result) => isFailure(result) && result.isOutage),
      { halfOpenAfter: breaker.probeAfterMs, breaker: new ConsecutiveBreaker(breaker.failures) },
    );
    this.#gate =
      limits.requestsPerMinute === undefined ? undefined : new RateGate(clock, limits.requestsPerMinute);
  }

  /** One request, once. Throws only when the signal is aborted. */
  async send(call: WireCall, signal: AbortSignal): Promise<Reply | Failure> {
    await this.#gate?.pass(signal);
    signal.throwIfAborted();
    try {
      return await untilAborted(
        this.#breaker.execute(() => this.#request(call, signal)),
        signal,
      );
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof BrokenCircuitError)) throw thrown;
      const { failures, probeAfterMs } = this.#config.breaker;
      return {
        kind: 'failed',
        mayRetry: false,
        isOutage: false,
        error: new GradusError(
          'engine-unreachable',
          {
            message: `The endpoint ${this.endpoint.name} failed ${failures} times in a row or more and is left alone; it is tried again within ${probeAfterMs} ms.`,
            retryAfterMs: probeAfterMs,
          },
          { cause: thrown },
        ),
      };
    }
  }

  /**
   * Repeats `attempt` as long as its failure may heal, up to the configured retries, and waits as long as
   * the endpoint asked or twice as long each time. Throws the last failure.
   */
  async withRetries<T extends { readonly kind: 'done' }>(
    attempt: () => Promise<T | Failure>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const result = await attempt();
      if (!isFailure(result)) return result;
      const { error, mayRetry } = result;
      const waitMs = error.details.retryAfterMs ?? this.#backoffMs(tries);
      if (!mayRetry || tries > this.#config.retries || waitMs > longestWaitMs) throw error;
      await this.#clock.sleep(waitMs, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #request({ method, path, body }: WireCall, signal: AbortSignal): Promise<Reply | Failure> {
    try {
      const response = await this.#pool.request({
        method,
        path: this.#pathPrefix + path,
        headers: {
          ...this.#headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
      const { statusCode: status, headers } = response;
      if (status >= 300) {
        const text = await response.body.text();
        return toStatusFailure(this.endpoint, { status, body: text, headers, nowMs: this.#clock.nowMs() });
      }
      // Nobody may listen when the rest is given up; an error without a listener would end the process.
      response.body.on('error', () => {});
      return { kind: 'done', contentType: String(headers['content-type'] ?? ''), body: response.body };
    } catch (cause) {
      signal.throwIfAborted();
      return toConnectionFailure(this.endpoint, cause);
    }
  }

  /** Half of it chance, so that many clients do not come back at the same moment. */
  #backoffMs(tries: number): number {
    return firstBackoffMs * 2 ** (tries - 1) * (0.5 + this.#random.next01() / 2);
  }
}

/** The promise, or the signal's reason as soon as it is aborted: a caller may stand behind another's probe. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export function isFailure(result: unknown): result is Failure {
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'failed';
}
