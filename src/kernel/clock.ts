/** Time as an argument: whoever needs the time or a pause takes a Clock, so that tests and replays decide. */
export interface Clock {
  /** Wall time in milliseconds since 1970, for stamps that people read. May jump. */
  nowMs(): number;
  /** A time in milliseconds that only grows, for measuring durations. */
  monotonicMs(): number;
  /** Resolves after `durationMs`; rejects with the signal's reason when it is aborted first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
