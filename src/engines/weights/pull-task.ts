/**
 * What the parts of a pull share: the options that callers give, the progress that they see, and the
 * form in which a source reports that it delivered a file or why it could not.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { CatalogEntry } from './catalog-schema.ts';

export type PullPhase = 'checking' | 'waiting' | 'downloading' | 'verifying' | 'done';

export interface PullProgress {
  readonly model: string;
  /** `waiting`: another process fetches the same model. */
  readonly phase: PullPhase;
  /** Where the bytes come from, for people. */
  readonly source: string | undefined;
  readonly receivedBytes: number;
  readonly totalBytes: number | undefined;
  /** Over the last seconds; undefined until it can be told. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
  /** A sentence that people should see, as when one source failed and the next is tried. */
  readonly note: string | undefined;
}

export interface PullLimits {
  /** How long a connection may take before the source counts as unreachable. */
  readonly connectTimeoutMs: number;
  /** How long a connected source or pip may deliver nothing. */
  readonly idleTimeoutMs: number;
  /** Attempts in a row that bring no byte before a source is given up. */
  readonly attempts: number;
  /** Pause before the second attempt; it doubles from there. */
  readonly retryPauseMs: number;
  /** How many packages are fetched at once. */
  readonly parallelWheels: number;
  /** How often to look at growing files and at the lock of another process. */
  readonly pollMs: number;
  /** When the lock of a process that no longer keeps it fresh may be taken over; at least 2000. */
  readonly staleLockMs: number;
}

export const defaultPullLimits: PullLimits = {
  connectTimeoutMs: 5000,
  idleTimeoutMs: 30_000,
  attempts: 4,
  retryPauseMs: 500,
  parallelWheels: 3,
  pollMs: 250,
  staleLockMs: 10_000,
};

export interface PullOptions {
  readonly entry: CatalogEntry;
  readonly modelsFolder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For child processes and proxies; the program's own environment in most cases. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The models' hub, as with `HF_ENDPOINT`; absent: https://huggingface.co. */
  readonly hubUrl?: string | undefined;
  /** Sent to the hub only, for gated repositories. */
  readonly hubToken?: string | undefined;
  /** Ways to call pip, tried in order; absent: `python3 -m pip`, then `python -m pip`. */
  readonly pipCommands?: readonly (readonly [string, ...string[]])[] | undefined;
  /** Take the weights from this file and ask no other source. */
  readonly fromFile?: string | undefined;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  readonly limits?: Partial<PullLimits> | undefined;
  /** Free bytes on the disk of a folder; absent: asked of the operating system. */
  readonly measureFreeBytes?: ((folder: string) => Promise<number>) | undefined;
}

/** What one source of a pull works with. */
export interface SourceTask {
  readonly options: PullOptions;
  readonly limits: PullLimits;
  /** Aborted by the caller, or when the lock on the model was lost. */
  readonly signal: AbortSignal;
  /** Only this pull uses it; what lies there from an earlier one may be gone on with. */
  readonly workFolder: string;
  /** The sha256 that the file must have: the catalog's, or the one pinned at an earlier pull. */
  readonly expectedSha256: string | undefined;
  /** Bytes that the source has delivered so far, and how many it will be. */
  report(receivedBytes: number, totalBytes: number | undefined): void;
  note(text: string): void;
  /** Throws `disk-full` when fewer than `bytes` more would fit. */
  requireFreeBytes(bytes: number): Promise<void>;
}

export type SourceOutcome =
  | {
      readonly kind: 'delivered';
      /** A whole file in the work folder, not yet verified. */
      readonly path: string;
      /** What the source itself says that the file's sha256 is. */
      readonly announcedSha256: string | undefined;
    }
  | {
      readonly kind: 'failed';
      /** `mismatch`: it has other bytes than the ones wanted. */
      readonly failure: 'unreachable' | 'refused' | 'no-pip' | 'mismatch';
      /** A clause for people, without a full stop. */
      readonly reason: string;
    };

export interface PulledWeights {
  readonly path: string;
  readonly sha256: string | undefined;
  readonly sizeBytes: number;
  readonly source: string;
  /** False when the weights were there already. */
  readonly fresh: boolean;
  /** Sentences that people should read, as about a sha256 that was pinned. */
  readonly notes: readonly string[];
}
