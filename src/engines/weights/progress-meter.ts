/** Turns byte counts into progress that people can read: a steady rate, the time that remains, no flood. */
import type { Clock } from '../../kernel/clock.ts';
import type { PullPhase, PullProgress } from './pull-task.ts';

export interface ProgressMeter {
  /** Begins a phase; the rate starts anew. `wholeBytes`: all that there is has arrived. */
  start(phase: PullPhase, source?: string, wholeBytes?: number): void;
  update(receivedBytes: number, totalBytes: number | undefined): void;
  note(text: string): void;
}

/** At most one event per `minIntervalMs`, except at the start of a phase, for notes, and for the last byte. */
export function createProgressMeter(options: {
  readonly model: string;
  readonly clock: Clock;
  readonly onProgress: ((progress: PullProgress) => void) | undefined;
  readonly minIntervalMs?: number;
}): ProgressMeter {
  const { model, clock, onProgress, minIntervalMs = 100 } = options;
  let phase: PullPhase = 'checking';
  let source: string | undefined;
  let receivedBytes = 0;
  let totalBytes: number | undefined;
  let lastEmitMs = -Infinity;
  let samples: { readonly atMs: number; readonly bytes: number }[] = [];

  function emit(note?: string): void {
    lastEmitMs = clock.monotonicMs();
    const bytesPerSecond = measureRate(samples);
    const remainingMs =
      totalBytes === undefined || !bytesPerSecond
        ? undefined
        : Math.max(0, ((totalBytes - receivedBytes) / bytesPerSecond) * 1000);
    onProgress?.({ model, phase, source, receivedBytes, totalBytes, bytesPerSecond, remainingMs, note });
  }

  return {
    start(nextPhase, nextSource, wholeBytes) {
      phase = nextPhase;
      source = nextSource ?? source;
      receivedBytes = wholeBytes ?? 0;
      totalBytes = wholeBytes;
      samples = [];
      emit();
    },
    update(received, total) {
      const nowMs = clock.monotonicMs();
      // A restart from zero is no negative rate.
      if (received < receivedBytes) samples = [];
      receivedBytes = received;
      totalBytes = total;
      const last = samples.at(-1);
      if (last === undefined || nowMs - last.atMs >= minIntervalMs) {
        samples = samples.filter((sample) => nowMs - sample.atMs <= windowMs);
        samples.push({ atMs: nowMs, bytes: received });
      }
      if (nowMs - lastEmitMs >= minIntervalMs || received === total) emit();
    },
    note: (text) => emit(text),
  };
}

const windowMs = 5000;

function measureRate(
  samples: readonly { readonly atMs: number; readonly bytes: number }[],
): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < 200) return undefined;
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
}
