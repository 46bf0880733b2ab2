/**
 * The contract of a level: a strategy that answers a request with the means of the levels beneath it.
 * A level sees the world through its context only, so that the runtime can make every step durable.
 */
import type {
  EmbeddingResult,
  GenerateRequest,
  GenerationEvent,
  ModelDescription,
  ModelLoad,
} from '../engines/engine.ts';
import type { LevelEvent, LevelResult } from '../kernel/event.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { Clock } from '../kernel/clock.ts';
import type { ResponseRequest } from '../kernel/request.ts';
import type { Run } from '../runtime/run.ts';

export type LevelSuffix = '' | 'reason' | 'act' | 'invent' | 'organize';

export interface LevelContext {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly model: ModelDescription;
  /**
   * Makes tokens. One call is one durable step: `onEvent` sees the events as they come, the same again
   * when the step is replayed after a crash.
   */
  generate(request: GenerateRequest, onEvent: (event: GenerationEvent) => void): Promise<void>;
  /** Adds an event to the response. Cheap and synchronous; the runtime numbers and stores it. */
  emit(event: LevelEvent): void;
}

export interface Level {
  readonly number: 1 | 2 | 3 | 4 | 5;
  readonly suffix: LevelSuffix;
  /** One line for people: what this level adds. */
  readonly summary: string;
  /**
   * Answers the request by emitting events, then returns what it used. Throws a GradusError when it
   * cannot; what was emitted until then stays part of the response.
   */
  run(request: ResponseRequest, context: LevelContext): Promise<LevelResult>;
}

/** One model at one level, under the id that clients use: `NAME` or `NAME:suffix`. */
export interface ServedModel {
  readonly id: string;
  readonly level: Pick<Level, 'number' | 'suffix' | 'summary'>;
  readonly model: ModelDescription;
}

export type Resolution =
  | { readonly kind: 'found'; readonly served: ServedModel }
  | { readonly kind: 'unknown'; readonly nearIds: readonly string[] };

/** What the api sees of models and levels: it does not know which of them exist. */
export interface Registry {
  /** Every model at every level, in a stable order. Cheap: no network. */
  list(): readonly ServedModel[];
  resolve(id: string): Resolution;
  /** Starts a run of the level on the request; `request.model` is replaced by the served model's name. */
  start(served: ServedModel, request: ResponseRequest): Run;
  embed(
    served: ServedModel,
    request: { readonly inputs: readonly (string | readonly number[])[]; readonly dimensions?: number },
    signal: AbortSignal,
  ): Promise<EmbeddingResult>;
  loads(): readonly ModelLoad[];
}
