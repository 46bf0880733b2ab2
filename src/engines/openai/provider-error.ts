/**
 * Turns what goes wrong with an endpoint into errors of ours: each cause its own code, the provider's
 * words kept, secrets masked, and a verdict whether the same request may be sent once more.
 */
import { GradusError, type ErrorCode } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject } from '../../kernel/json.ts';

export interface Failure {
  readonly kind: 'failed';
  readonly error: GradusError;
  /** Whether to send the request again, as long as no token was handed on. */
  readonly mayRetry: boolean;
  /** Whether it says that the endpoint is down, for the circuit breaker. */
  readonly isOutage: boolean;
}

export interface Endpoint {
  readonly name: string;
  readonly origin: string;
  readonly timeoutMs: number;
  /** Takes secrets out of a text. */
  readonly mask: (text: string) => string;
}

const maxQuotedCharacters = 500;

/** Replaces the given secrets, and whatever looks like a key. */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret.length >= 4);
  return (text) => {
    let masked = text;
    for (const secret of known) masked = masked.replaceAll(secret, '***');
    return masked
      .replaceAll(/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer ***')
      .replaceAll(/\b(?:sk|pk|rk|gsk|hf|key|xai)[-_][\w*-]{8,}/g, '***');
  };
}

/** A status of 400 or more. `nowMs` is wall time, for dates in `retry-after`. */
export function toStatusFailure(
  endpoint: Endpoint,
  reply: {
    readonly status: number;
    readonly body: string;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly nowMs: number;
  },
): Failure {
  const { status, headers, nowMs } = reply;
  const said = readProviderError(reply.body);
  const code = classify(status, said);
  const retryAfterMs = readRetryAfterMs(headers, nowMs);
  const asked = headers['x-should-retry'];
  const heals = status === 408 || status === 409 || status === 429 || status >= 500;
  const mayRetry =
    asked === 'true' || (asked !== 'false' && heals && code !== 'engine-refused' && status !== 501);
  return {
    kind: 'failed',
    mayRetry: mayRetry && code !== 'context-length-exceeded',
    isOutage: status >= 500,
    error: new GradusError(code, {
      message: `${describeStatus(endpoint, status, code)}: ${quote(endpoint, said.message)}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      data: { endpoint: endpoint.name, status, ...said.numbers },
    }),
  };
}

/** A connection that failed, timed out or broke before the answer began. */
export function toConnectionFailure(endpoint: Endpoint, cause: unknown): Failure {
  const reason = reasonOf(cause);
  const isSilence = reason === 'UND_ERR_HEADERS_TIMEOUT' || reason === 'UND_ERR_BODY_TIMEOUT';
  const error = isSilence
    ? new GradusError(
        'timed-out',
        { message: `The endpoint ${endpoint.name} was silent for ${endpoint.timeoutMs} ms.` },
        { cause },
      )
    : new GradusError(
        'engine-unreachable',
        { message: `The endpoint ${endpoint.name} at ${endpoint.origin} cannot be reached: ${reason}.` },
        { cause },
      );
  // A request that went out and got no answer may still be at work there: it is not sent twice.
  return { kind: 'failed', error, mayRetry: !isSilence, isOutage: true };
}

/** An error object inside a stream. */
export function toStreamFailure(endpoint: Endpoint, thrown: unknown): Failure {
  const said = readProviderError(JSON.stringify({ error: thrown }));
  const status = said.status ?? 500;
  const code = classify(status, said);
  return {
    kind: 'failed',
    mayRetry: code === 'rate-limited' || (code === 'engine-failed' && status >= 500),
    isOutage: false,
    error: new GradusError(code, {
      message: `The endpoint ${endpoint.name} reported an error in its stream: ${quote(endpoint, said.message)}`,
      data: { endpoint: endpoint.name, ...said.numbers },
    }),
  };
}

/** How long the endpoint asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date. */
export function readRetryAfterMs(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  nowMs: number,
): number | undefined {
  const exact = Number(firstOf(headers['retry-after-ms']) ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = firstOf(headers['retry-after']);
  if (text === undefined || text.trim() === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds < 0 ? undefined : seconds * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** The code of a socket or client error, or its words. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown.cause instanceof Error ? reasonOf(thrown.cause) : thrown.message;
}

interface Said {
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly numbers: JsonObject;
}

function readProviderError(body: string): Said {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { message: body.replaceAll(/<[^>]*>|\s+/g, ' ').trim(), code: '', status: undefined, numbers: {} };
  }
  const outer = Array.isArray(json) ? (json as readonly unknown[])[0] : json;
  const inner = isJsonObject(outer) ? (outer['error'] ?? outer) : outer;
  if (!isJsonObject(inner)) return { message: String(inner), code: '', status: undefined, numbers: {} };
  const detail = inner['message'] ?? inner['detail'] ?? inner;
  const status = Number(inner['code'] ?? inner['status']);
  return {
    message: typeof detail === 'string' ? detail : JSON.stringify(detail),
    code: [inner['code'], inner['type']].filter((part) => typeof part === 'string').join(' '),
    status: status >= 400 && status < 600 ? status : undefined,
    numbers: {
      ...(typeof inner['n_prompt_tokens'] === 'number' ? { promptTokens: inner['n_prompt_tokens'] } : {}),
      ...(typeof inner['n_ctx'] === 'number' ? { contextTokens: inner['n_ctx'] } : {}),
    },
  };
}

const contextWords =
  /context_length_exceeded|exceed_context_size|maximum context length|context (?:size|length|window)|prompt is too long/i;

function classify(status: number, { message, code }: Said): ErrorCode {
  if (status === 429)
    return /insufficient_quota|billing/i.test(`${code} ${message}`) ? 'engine-refused' : 'rate-limited';
  if (contextWords.test(`${code} ${message}`) && status !== 401 && status !== 403)
    return 'context-length-exceeded';
  if (status === 408 || status === 504) return 'timed-out';
  if (status === 502 || status === 503) return 'engine-unreachable';
  return status >= 500 ? 'engine-failed' : 'engine-refused';
}

function describeStatus(endpoint: Endpoint, status: number, code: ErrorCode): string {
  switch (code) {
    case 'engine-refused':
      return `The endpoint ${endpoint.name} refused the request with status ${status}`;
    case 'rate-limited':
      return `The endpoint ${endpoint.name} asks to slow down (status ${status})`;
    case 'context-length-exceeded':
      return `The input does not fit the context of the model at ${endpoint.name}`;
    default:
      return `The endpoint ${endpoint.name} failed with status ${status}`;
  }
}

function quote(endpoint: Endpoint, message: string): string {
  const text = endpoint.mask(message);
  if (text === '') return 'it gave no reason';
  return text.length <= maxQuotedCharacters ? text : `${text.slice(0, maxQuotedCharacters)}…`;
}

function firstOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
