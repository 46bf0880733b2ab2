/** The one place where true time and chance enter the program. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../kernel/clock.ts';
import type { RandomSource } from '../kernel/random.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(durationMs, signal) {
    try {
      await wait(durationMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node wraps the reason; Clock promises the reason itself.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};

/** Chance that nobody can guess: ids of stored answers are made from it. */
export const systemRandom: RandomSource = {
  next01: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
