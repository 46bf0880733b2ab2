/**
 * A run in memory: the execution behind one response on the fast path. Events go to listeners as plain
 * synchronous calls, because a promise or an iterator per token would cost more than the token's own work.
 * The runtime does not know levels: whoever starts a run hands over its work.
 */
import { GradusError } from '../kernel/errors.ts';
import type { LevelEvent, LevelResult } from '../kernel/event.ts';

export interface RunScope {
  /** Aborted when the run is cancelled; its reason is a GradusError of code `cancelled`. */
  readonly signal: AbortSignal;
  emit(event: LevelEvent): void;
}

export interface RunOptions {
  readonly id: string;
  /** What the run does. It starts in a later microtask, so that the caller can subscribe first. */
  readonly work: (scope: RunScope) => Promise<LevelResult>;
  /** Cancels the run when it is aborted. */
  readonly signal?: AbortSignal;
}

export type RunListener = (event: LevelEvent) => void;

export interface Run {
  readonly id: string;
  /**
   * Calls `listener` for every event from now on, in order, inside the emitter's own call: it must be
   * quick. A listener that subscribes in the tick that started the run misses nothing. Returns the way
   * to unsubscribe.
   */
  subscribe(listener: RunListener): () => void;
  /** Settles after the last event. Rejects with what the work threw; nobody has to await it. */
  readonly result: Promise<LevelResult>;
  /** Asks the work to stop; `result` still settles by what the work does. Idempotent. */
  cancel(): void;
}

export function startRun(options: RunOptions): Run {
  const controller = new AbortController();
  let listeners: readonly RunListener[] = [];
  const cancel = (): void => {
    if (!controller.signal.aborted) {
      controller.abort(new GradusError('cancelled', { message: 'The run was cancelled.' }));
    }
  };
  const scope: RunScope = {
    signal: controller.signal,
    emit(event) {
      for (const listener of listeners) listener(event);
    },
  };
  const execute = async (): Promise<LevelResult> => {
    await Promise.resolve();
    try {
      controller.signal.throwIfAborted();
      return await options.work(scope);
    } finally {
      options.signal?.removeEventListener('abort', cancel);
    }
  };
  if (options.signal?.aborted === true) cancel();
  else options.signal?.addEventListener('abort', cancel, { once: true });
  const result = execute();
  // A caller that went away leaves a rejection that nobody reads; that must not end the process.
  result.catch(() => undefined);
  return {
    id: options.id,
    result,
    cancel,
    subscribe(listener) {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((known) => known !== listener);
      };
    },
  };
}
