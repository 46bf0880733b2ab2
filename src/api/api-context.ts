/** What every handler of the api is given: its parts as ports, and what is known of the request at hand. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Clock } from '../kernel/clock.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { ResponseRequest } from '../kernel/request.ts';
import type { Registry, ServedModel } from '../levels/level.ts';
import type { ResponseRuns } from '../runtime/response-runs.ts';
import type { StreamPulse, StreamTimes } from './streaming/stream-pulse.ts';
import type { Metrics } from './metrics.ts';

/** One line per request goes here. A pino logger fits. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Who calls, as the owner's key check knows it. */
export interface Caller {
  readonly label: string;
  /** Sent as `x-ratelimit-*` headers. */
  readonly rateLimits?: { readonly requests?: RateLimit; readonly tokens?: RateLimit };
}

export interface ApiLimits {
  /** A larger body is refused with 413 before it is read. */
  readonly bodyBytes: number;
  /** Text that waits for a slow reader beyond this ends its stream and its run. */
  readonly pendingCharacters: number;
}

export interface ApiOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Responses that are stored and survive. Absent: /v1/responses answers without storing. */
  readonly responses?: ResponseRuns;
  /** How many tokens the model would read. Undefined when its engine cannot say. Absent: nobody can. */
  readonly countInputTokens?: (served: ServedModel, request: ResponseRequest) => Promise<number | undefined>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Appears in /health, the API document and `system_fingerprint`. */
  readonly version: string;
  readonly limits?: Partial<ApiLimits>;
  /** Silences and waits of streams; see StreamPulse. */
  readonly streaming?: StreamTimes;
  /** Checks a key; throws `unauthorized`, `forbidden` or `rate-limited`. Absent: everyone may call. */
  readonly authorize?: (key: string | undefined) => Caller | Promise<Caller>;
  /** Host names (without port) that requests may name, against DNS rebinding. Absent: any. */
  readonly hostNames?: readonly string[];
  /** Origins of web pages that may call. Absent: pages of this server only. */
  readonly origins?: readonly string[];
}

/** The options with defaults in place, and the state that requests share. */
export interface Api extends ApiOptions {
  readonly limits: ApiLimits;
  readonly pulse: StreamPulse;
}

export interface ApiVariables {
  requestId: string;
  startedMs: number;
  caller: Caller | undefined;
  /** Headers that every answer to this request carries. */
  headers: Record<string, string>;
  /** What the log line says beside method, path and status. */
  facts: Record<string, unknown>;
}

/** Bindings are empty when the app is called without a server, as tests do: `app.request(path, init, {})`. */
export interface ApiEnv {
  Bindings: Partial<HttpBindings>;
  Variables: ApiVariables;
}

export type ApiContext = Context<ApiEnv>;
