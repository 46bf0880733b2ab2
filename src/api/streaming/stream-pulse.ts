/**
 * The timers of all streams in one place: one short timer flushes every stream that has something to say,
 * one slow one looks for silence. A timer per stream and token would cost more than the writes.
 */
import type { Clock } from '../../kernel/clock.ts';

export interface StreamTimes {
  /** Deltas that come within this time of the last write are sent together. Default 10. */
  readonly windowMs?: number;
  /** Silence after which a comment is sent. Default 10,000. */
  readonly heartbeatMs?: number;
  /** How long an early failure may still become a status of its own instead of an event. Default 5,000. */
  readonly commitAfterMs?: number;
  /** A reader that takes nothing for so long is given up. Default 60,000. */
  readonly stallMs?: number;
}

export interface PulsedStream {
  flush(): void;
  /** Called a few times within the shortest of the slow limits. */
  checkSilence(nowMs: number): void;
}

export class StreamPulse {
  readonly clock: Clock;
  readonly times: Required<StreamTimes>;
  readonly #waiting = new Set<PulsedStream>();
  readonly #open = new Set<PulsedStream>();
  #flushTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, times: StreamTimes = {}) {
    this.clock = clock;
    this.times = {
      windowMs: times.windowMs ?? 10,
      heartbeatMs: times.heartbeatMs ?? 10_000,
      commitAfterMs: times.commitAfterMs ?? 5_000,
      stallMs: times.stallMs ?? 60_000,
    };
  }

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  add(stream: PulsedStream): void {
    this.#open.add(stream);
    const { heartbeatMs, commitAfterMs, stallMs } = this.times;
    const everyMs = Math.max(1, Math.min(1_000, heartbeatMs / 4, commitAfterMs / 4, stallMs / 4));
    this.#silenceTimer ??= setInterval(() => {
      const nowMs = this.clock.monotonicMs();
      for (const each of this.#open) each.checkSilence(nowMs);
    }, everyMs).unref();
  }

  remove(stream: PulsedStream): void {
    this.#open.delete(stream);
    this.#waiting.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#silenceTimer);
    this.#silenceTimer = undefined;
  }

  /** Flushes the stream within `windowMs`. */
  flushSoon(stream: PulsedStream): void {
    this.#waiting.add(stream);
    if (this.#flushTimer !== undefined) return;
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined;
      const due = [...this.#waiting];
      this.#waiting.clear();
      for (const each of due) each.flush();
    }, this.times.windowMs);
  }
}
