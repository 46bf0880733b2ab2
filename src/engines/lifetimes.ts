/**
 * One abort signal for each piece of running work, that follows its caller's signal and the engine's own
 * end. Written by hand because `AbortSignal.any` over a signal that lives as long as the engine keeps
 * a trace of every request in it until the garbage collector comes round.
 */
export interface Lifetime extends Disposable {
  readonly signal: AbortSignal;
  /** Ends the work from inside. */
  end(): void;
}

export class Lifetimes {
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  /** To be disposed when the work is over; that aborts nothing. */
  open(outer: AbortSignal): Lifetime {
    const controller = new AbortController();
    const follow = (): void => {
      controller.abort(outer.reason);
    };
    if (outer.aborted) follow();
    else if (this.#isClosed) controller.abort();
    else outer.addEventListener('abort', follow, { once: true });
    this.#open.add(controller);
    return {
      signal: controller.signal,
      end: () => {
        controller.abort();
      },
      [Symbol.dispose]: () => {
        this.#open.delete(controller);
        outer.removeEventListener('abort', follow);
      },
    };
  }

  /** Aborts all that is open, and at once whatever opens later. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#open) controller.abort();
  }
}
