/** At most so many requests a minute, in the order in which they came. */
import type { Clock } from '../../kernel/clock.ts';

export class RateGate {
  readonly #clock: Clock;
  readonly #requestsPerMinute: number;
  readonly #startedAtMs: number[] = [];
  #line: Promise<void> = Promise.resolve();

  constructor(clock: Clock, requestsPerMinute: number) {
    this.#clock = clock;
    this.#requestsPerMinute = requestsPerMinute;
  }

  /** Resolves when one more request may start; rejects with the signal's reason when it is aborted first. */
  async pass(signal: AbortSignal): Promise<void> {
    const before = this.#line;
    const turn = Promise.withResolvers<void>();
    this.#line = turn.promise;
    try {
      await before;
      signal.throwIfAborted();
      const oldestMs = this.#startedAtMs[this.#startedAtMs.length - this.#requestsPerMinute];
      const waitMs = oldestMs === undefined ? 0 : oldestMs + 60_000 - this.#clock.monotonicMs();
      if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
      this.#startedAtMs.push(this.#clock.monotonicMs());
      if (this.#startedAtMs.length > this.#requestsPerMinute) this.#startedAtMs.shift();
    } finally {
      turn.resolve();
    }
  }
}
