/**
 * The engine behind any OpenAI-compatible endpoint: vLLM, SGLang, llama-server, a vendor. It speaks the
 * wire strictly and listens leniently, and promises of other people's servers what the contract promises.
 */
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { RandomSource } from '../../kernel/random.ts';
import { addUsage, noUsage, type Usage } from '../../kernel/usage.ts';
import type {
  EmbeddingRequest,
  EmbeddingResult,
  Engine,
  EngineObserver,
  GenerateRequest,
  GenerationEvent,
  ModelDescription,
  ModelLoad,
} from '../engine.ts';
import { Lifetimes } from '../lifetimes.ts';
import { SlotQueue } from '../slot-queue.ts';
import { Connection, type Reply, type WireCall } from './connection.ts';
import { parseEmbeddingReply } from './embedding-reply.ts';
import type { EndpointConfig } from './endpoint-config.ts';
import { EndpointModels, type KnownModel } from './endpoint-models.ts';
import { demandsCall } from './forced-call.ts';
import { runCall, type CallEvent } from './generation-call.ts';
import { MergedStreams } from './merged-streams.ts';
import { parseModelList } from './model-list.ts';
import { toConnectionFailure, type Failure } from './provider-error.ts';
import { estimatePromptTokens, estimateTextTokens } from './token-count.ts';
import { maxStopTexts, toWireRequest } from './wire-body.ts';

export interface OpenAiEngineOptions {
  readonly config: EndpointConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where `apiKeyEnv` is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly observer?: EngineObserver;
}

export interface OpenAiEngine extends Engine {
  /** Asks the endpoint for its models. With a configured list it only learns what that does not say. */
  refreshModels(signal: AbortSignal): Promise<readonly ModelDescription[]>;
}

/** Throws `invalid-config` when the key's environment variable is not set. */
export function createOpenAiEngine(options: OpenAiEngineOptions): OpenAiEngine {
  const { apiKeyEnv, name } = options.config;
  const apiKey = apiKeyEnv === undefined ? undefined : options.environment[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    throw new GradusError('invalid-config', {
      message: `The endpoint ${name} takes its key from the environment variable ${apiKeyEnv}, which is not set.`,
      param: 'apiKeyEnv',
    });
  }
  return new EndpointEngine(options, apiKey);
}

class EndpointEngine implements OpenAiEngine {
  readonly name: string;
  readonly #config: EndpointConfig;
  readonly #clock: Clock;
  readonly #observer: EngineObserver | undefined;
  readonly #connection: Connection;
  readonly #models: EndpointModels;
  readonly #queues = new Map<string, { running: number; waiting: number }>();
  readonly #queue: SlotQueue;
  readonly #lifetimes = new Lifetimes();
  /** Models whose endpoint answered with one choice when asked for more. */
  readonly #withoutN = new Set<string>();

  constructor({ config, clock, random, observer }: OpenAiEngineOptions, apiKey: string | undefined) {
    const { concurrency, queue } = config.limits;
    this.name = config.name;
    this.#config = config;
    this.#clock = clock;
    this.#observer = observer;
    this.#connection = new Connection({ config, clock, random, apiKey });
    this.#models = new EndpointModels(config);
    this.#queue = new SlotQueue({
      clock,
      slots: concurrency,
      queueLimit: queue,
      name: `The endpoint ${config.name}`,
    });
  }

  models(): readonly ModelDescription[] {
    return this.#models.describeAll();
  }

  async refreshModels(signal: AbortSignal): Promise<readonly ModelDescription[]> {
    const json = await this.#fetchJson({ method: 'GET', path: '/models' }, signal);
    this.#models.learn(parseModelList(json));
    return this.models();
  }

  async load(model: string, signal: AbortSignal): Promise<ModelDescription> {
    try {
      await this.refreshModels(signal);
    } catch (error) {
      // An endpoint without a list still answers, which is all there is to check.
      const status = error instanceof GradusError ? error.details.data?.['status'] : undefined;
      if (status !== 404 && status !== 405 && status !== 501) throw error;
    }
    return this.#models.markLoaded(model, true);
  }

  async unload(model: string): Promise<void> {
    this.#models.markLoaded(model, false);
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    using lifetime = this.#lifetimes.open(signal);
    const ends = lifetime.signal;
    const startMs = this.#clock.monotonicMs();
    const streams = new MergedStreams<CallEvent>();
    const load = this.#enter(request.model);
    const ended = new Set<number>();
    let usage: Usage = noUsage;
    let isEstimate = false;
    let firstTokenMs: number | undefined;
    let queueMs: number | undefined;
    try {
      const model = await this.#resolve(request.model, ends).catch((error: unknown) => {
        if (ends.aborted) return undefined;
        throw error;
      });
      if (model !== undefined) {
        const all = Array.from({ length: request.samples }, (_, sample) => sample);
        const isOneByOne = this.#config.samples === 'parallel' || this.#withoutN.has(model.id);
        for (const samples of isOneByOne ? all.map((sample) => [sample]) : [all]) {
          streams.add(this.#call(request, { model, samples, signal: ends }));
        }
      }
      for await (const item of streams) {
        switch (item.kind) {
          case 'opened':
            if (queueMs !== undefined) break;
            queueMs = item.queueMs;
            load.waiting -= 1;
            load.running += 1;
            yield {
              kind: 'started',
              promptTokens: item.promptTokens,
              cachedTokens: 0,
              queueMs,
              seed: request.sampling.seed,
            };
            break;
          case 'event':
            firstTokenMs ??= this.#clock.monotonicMs() - startMs;
            yield item.event;
            break;
          case 'settled': {
            const { readers, tokens, missing } = item;
            usage = addUsage(usage, tokens.usage);
            isEstimate ||= tokens.isEstimate;
            for (const [i, { sample, reason = 'cancelled' }] of readers.entries()) {
              const { sampledTokens = 0, thoughtTokens = 0 } = tokens.samples[i] ?? {};
              ended.add(sample);
              yield { kind: 'sample-finished', sample, reason, sampledTokens, thoughtTokens };
            }
            if (missing.length > 0 && model !== undefined) {
              this.#withoutN.add(model.id);
              for (const sample of missing) {
                streams.add(this.#call(request, { model, samples: [sample], signal: ends }));
              }
            }
            break;
          }
        }
      }
      // Aborted before any request was made.
      for (let sample = 0; sample < request.samples; sample++) {
        if (ended.has(sample)) continue;
        yield { kind: 'sample-finished', sample, reason: 'cancelled', sampledTokens: 0, thoughtTokens: 0 };
      }
      this.#observe(request.model, { usage, queueMs, firstTokenMs, startMs });
      yield { kind: 'finished', usage, ...(isEstimate ? { isEstimate } : {}) };
    } finally {
      lifetime.end();
      this.#leave(request.model, load, queueMs !== undefined);
    }
  }

  async embed(
    { model: id, inputs, dimensions }: EmbeddingRequest,
    signal: AbortSignal,
  ): Promise<EmbeddingResult> {
    const model = await this.#resolve(id, signal);
    if (!model.capabilities.embeddings) {
      throw new GradusError('unsupported-parameter', {
        message: `The model ${id} makes no embeddings: its capability "embeddings" is off in gradus.json.`,
        param: 'model',
      });
    }
    const slot = await this.#queue.acquire(signal);
    try {
      const body = {
        model: model.upstream,
        input: inputs,
        encoding_format: 'float',
        ...(dimensions === undefined ? {} : { dimensions }),
      };
      const json = await this.#fetchJson({ method: 'POST', path: '/embeddings', body }, signal);
      const { vectors, inputTokens } = parseEmbeddingReply(json, inputs.length);
      const estimate = inputs.reduce(
        (sum, input) => sum + (typeof input === 'string' ? estimateTextTokens(input) : input.length),
        0,
      );
      return { vectors, inputTokens: inputTokens ?? estimate };
    } finally {
      slot.release();
    }
  }

  /** Endpoints have no tokenizer that all of them share. */
  async countTokens(): Promise<undefined> {
    return undefined;
  }

  loads(): readonly ModelLoad[] {
    return [...this.#queues].map(([model, { running, waiting }]) => ({
      model,
      running,
      waiting,
      memoryBytes: undefined,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetimes.close();
    await this.#connection[Symbol.asyncDispose]();
  }

  async #resolve(id: string, signal: AbortSignal): Promise<KnownModel> {
    if (this.#config.models === 'discover' && !this.#models.has(id)) await this.refreshModels(signal);
    return this.#models.find(id);
  }

  #call(
    request: GenerateRequest,
    { model, samples, signal }: { model: KnownModel; samples: readonly number[]; signal: AbortSignal },
  ): AsyncIterable<CallEvent> {
    const { path, body } = toWireRequest({
      request,
      config: this.#config,
      model,
      choices: samples.length,
      seedOffset: samples.length === request.samples ? 0 : (samples[0] ?? 0),
    });
    return runCall(
      {
        connection: this.#connection,
        queue: this.#queue,
        clock: this.#clock,
        request,
        path,
        body,
        samples,
        usageIsWrongForN: this.#config.usageIsWrongForN,
        promptEstimate: estimatePromptTokens(request.prompt, request.tools),
        readsForcedCall: model.capabilities.forcedCalls === 'schema' && demandsCall(request),
        endsEarly: request.stop.length > maxStopTexts,
      },
      signal,
    );
  }

  async #fetchJson(call: WireCall, signal: AbortSignal): Promise<unknown> {
    const attempt = async (): Promise<Reply | Failure> => this.#connection.send(call, signal);
    const reply = await this.#connection.withRetries(attempt, signal);
    const text = await reply.body.text().catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw toConnectionFailure(this.#connection.endpoint, thrown).error;
    });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new GradusError(
        'engine-failed',
        { message: `The endpoint ${this.name} answered ${call.path} with something that is not JSON.` },
        { cause },
      );
    }
  }

  #enter(model: string): { running: number; waiting: number } {
    const load = this.#queues.get(model) ?? { running: 0, waiting: 0 };
    this.#queues.set(model, load);
    load.waiting += 1;
    return load;
  }

  #leave(model: string, load: { running: number; waiting: number }, hasStarted: boolean): void {
    if (hasStarted) load.running -= 1;
    else load.waiting -= 1;
    if (load.running === 0 && load.waiting === 0) this.#queues.delete(model);
  }

  #observe(
    model: string,
    facts: {
      usage: Usage;
      queueMs: number | undefined;
      firstTokenMs: number | undefined;
      startMs: number;
    },
  ): void {
    const { usage, queueMs, firstTokenMs, startMs } = facts;
    if (queueMs === undefined) return;
    this.#observer?.observe({ name: 'queue_wait_ms', model, value: queueMs });
    this.#observer?.observe({ name: 'prompt_tokens', model, value: usage.inputTokens });
    this.#observer?.observe({ name: 'cached_tokens', model, value: usage.cachedTokens });
    this.#observer?.observe({ name: 'sampled_tokens', model, value: usage.outputTokens });
    if (firstTokenMs === undefined) return;
    this.#observer?.observe({ name: 'first_token_ms', model, value: firstTokenMs - queueMs });
    const seconds = (this.#clock.monotonicMs() - startMs - firstTokenMs) / 1000;
    if (seconds > 0) {
      this.#observer?.observe({ name: 'tokens_per_second', model, value: usage.outputTokens / seconds });
    }
  }
}
