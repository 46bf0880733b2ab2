/**
 * Slots with a bounded waiting line, first come first served: engines that can work on a limited number
 * of generations at once share this one answer to "may I start?".
 */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';

export interface Slot {
  /** How long the caller stood in line. */
  readonly queueMs: number;
  /** Gives the slot back; a second call does nothing. */
  release(): void;
}

export interface SlotQueueOptions {
  readonly clock: Clock;
  /** How many may run at once. */
  readonly slots: number;
  /** How many may wait beside those that run. */
  readonly queueLimit: number;
  /** What stands in the message of `queue-full`. */
  readonly name: string;
}

export class SlotQueue {
  readonly #options: SlotQueueOptions;
  readonly #waiters: (() => void)[] = [];
  #running = 0;

  constructor(options: SlotQueueOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Waits for a slot. Throws `queue-full` at once when the line is full, and the signal's reason when it
   * is aborted while waiting.
   */
  async acquire(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const { clock, slots, queueLimit, name } = this.#options;
    if (this.#running < slots) {
      this.#running += 1;
      return this.#createSlot(0);
    }
    if (this.#waiters.length >= queueLimit) {
      throw new GradusError('queue-full', {
        message: `${name} has ${this.#running} running and ${this.#waiters.length} waiting generations, which is its limit.`,
        retryAfterMs: 1000,
        data: { running: this.#running, waiting: this.#waiters.length },
      });
    }
    const sinceMs = clock.monotonicMs();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(enter), 1);
        reject(signal.reason);
      };
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiters.push(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    return this.#createSlot(clock.monotonicMs() - sinceMs);
  }

  #createSlot(queueMs: number): Slot {
    let isHeld = true;
    return {
      queueMs,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        const next = this.#waiters.shift();
        // A waiter takes the slot over as it is, so that nobody can slip in between.
        if (next === undefined) this.#running -= 1;
        else next();
      },
    };
  }
}
