/** A clock that stands still until a test moves it, so that waiting takes no time and has no chance in it. */
import type { Clock } from '../kernel/clock.ts';

export interface FakeClock extends Clock {
  /**
   * Moves time forward and wakes the sleepers that are due, earliest first, each at its own time.
   * Work that a sleeper starts gets to run before the next one wakes.
   */
  advance(durationMs: number): Promise<void>;
  /** How many sleepers wait now. */
  sleeperCount(): number;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** Wall time starts at `startMs` (default: 2026-01-01, UTC), monotonic time at 0. */
export function createFakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0;
  const sleepers = new Set<Sleeper>();

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleeperCount: () => sleepers.size,

    sleep(durationMs, signal) {
      if (signal?.aborted) return Promise.reject(asError(signal.reason));
      return new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(asError(signal?.reason));
        };
        const sleeper: Sleeper = {
          wakeAtMs: elapsedMs + Math.max(0, durationMs),
          wake() {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },

    async advance(durationMs) {
      if (!(durationMs >= 0)) throw new RangeError(`time moves forward only, got ${durationMs} ms`);
      const untilMs = elapsedMs + durationMs;
      await settle();
      for (let next = earliest(sleepers); next !== undefined; next = earliest(sleepers)) {
        if (next.wakeAtMs > untilMs) break;
        elapsedMs = Math.max(elapsedMs, next.wakeAtMs);
        sleepers.delete(next);
        next.wake();
        await settle();
      }
      elapsedMs = untilMs;
    },
  };
}

/** Sets keep insertion order, so of equal times the one that went to sleep first wakes first. */
function earliest(sleepers: ReadonlySet<Sleeper>): Sleeper | undefined {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) {
    if (first === undefined || sleeper.wakeAtMs < first.wakeAtMs) first = sleeper;
  }
  return first;
}

/** Lets promise reactions run; an immediate comes after all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
