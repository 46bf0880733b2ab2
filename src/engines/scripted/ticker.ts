/**
 * One shared timer for all paced streams: waiters are woken together on a grid of a few milliseconds, so
 * that hundreds of streams cost one timer and not one each.
 */
import type { Clock } from '../../kernel/clock.ts';

interface Waiter {
  readonly dueMs: number;
  readonly wake: () => void;
}

export class Ticker {
  readonly #clock: Clock;
  readonly #gridMs: number;
  #waiters: Waiter[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #interrupt: AbortController | undefined;

  constructor(clock: Clock, gridMs = 4) {
    this.#clock = clock;
    this.#gridMs = gridMs;
  }

  /**
   * Calls `wake` once at `dueMs` of the monotonic clock or at most one grid step later. Returns a
   * function that wakes it now instead.
   */
  schedule(dueMs: number, wake: () => void): () => void {
    const waiter: Waiter = { dueMs: Math.ceil(dueMs / this.#gridMs) * this.#gridMs, wake };
    this.#waiters.push(waiter);
    if (waiter.dueMs < this.#wakeAtMs) this.#sleepUntil(waiter.dueMs);
    return () => {
      const at = this.#waiters.indexOf(waiter);
      if (at < 0) return;
      this.#waiters.splice(at, 1);
      if (this.#waiters.length === 0) this.#stop();
      wake();
    };
  }

  #sleepUntil(wakeAtMs: number): void {
    this.#interrupt?.abort();
    const interrupt = new AbortController();
    this.#interrupt = interrupt;
    this.#wakeAtMs = wakeAtMs;
    this.#clock.sleep(Math.max(0, wakeAtMs - this.#clock.monotonicMs()), interrupt.signal).then(
      () => {
        if (this.#interrupt === interrupt) this.#wakeDue();
      },
      () => {
        // Interrupted: an earlier waiter came, or the last one left.
      },
    );
  }

  #wakeDue(): void {
    this.#interrupt = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    const due: Waiter[] = [];
    const later: Waiter[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiters) {
      // Half a millisecond: timers of the platform may fire that much early.
      if (waiter.dueMs <= nowMs + 0.5) due.push(waiter);
      else {
        later.push(waiter);
        nextMs = Math.min(nextMs, waiter.dueMs);
      }
    }
    this.#waiters = later;
    if (later.length > 0) this.#sleepUntil(nextMs);
    for (const waiter of due) waiter.wake();
  }

  #stop(): void {
    this.#interrupt?.abort();
    this.#interrupt = undefined;
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }
}
