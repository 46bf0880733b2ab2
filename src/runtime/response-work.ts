/**
 * What the runtime asks of whoever answers a response, and what it gives: events out, steps whose results are
 * stored once, ids that are the same when the code runs again. The code must call its steps in the same order
 * each time, for after a crash it runs from its beginning and gets the stored results.
 */
import type { LevelEvent, LevelResult } from '../kernel/event.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { JsonValue } from '../kernel/json.ts';
import type { ResponseRequest } from '../kernel/request.ts';

export type ResponseWork = (
  served: string,
  request: ResponseRequest,
  scope: ResponseScope,
) => Promise<LevelResult>;

export interface ResponseScope {
  readonly id: string;
  /** Aborted when the response is cancelled, or when this process hands it back. */
  readonly signal: AbortSignal;
  /** The same ids in the same order in every life of the response. */
  readonly ids: IdSource;
  /** Adds to the response. What an earlier life has stored already is not added again. */
  emit(event: LevelEvent): void;
  /** Runs `work` and stores its result; in a later life the stored result is given and `work` is not run. */
  step<T extends JsonValue>(
    name: string,
    work: (progress: StepProgress) => Promise<T>,
    options?: StepOptions,
  ): Promise<T>;
}

export interface StepOptions {
  /** Whether `work` does no harm when the response turns out not to be storable; it need not wait then. */
  readonly mayBeginEarly?: boolean;
}

export interface StepProgress {
  /** What earlier lives noted in this step, in order, as far as it was stored with the events beside it. */
  readonly earlier: readonly JsonValue[];
  /** Noted before the events that follow from it are emitted, it is stored together with them or not at all. */
  note(value: JsonValue): void;
  /** Forgets `earlier`, and tells readers that the items which grew from it come anew. */
  restart(): void;
}
