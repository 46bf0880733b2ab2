/** The machine's time and chance for tests that need the true ones; the program's own are wired in `app/`. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../kernel/clock.ts';
import { createIdSource, type IdSource } from '../kernel/ids.ts';
import { createSeededRandom } from '../kernel/random.ts';
import { createFakeClock } from './fake-clock.ts';

export function createRealClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    async sleep(durationMs, signal) {
      try {
        await wait(durationMs, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        // Node wraps the reason; the contract of Clock is to reject with the reason itself.
        throw signal?.aborted === true ? signal.reason : error;
      }
    },
  };
}

/** Ids that differ between processes and calls. */
export function createRealIds(): IdSource {
  return createIdSource(createRealClock(), { next01: () => Math.random() });
}

/** Ids that are the same in every run of a test. */
export function createFixedIds(seed = 1): IdSource {
  return createIdSource(createFakeClock(), createSeededRandom(seed));
}
