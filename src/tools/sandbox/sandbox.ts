/**
 * The contract of the place where model-written programs run: text goes in, a JSON value or a stated
 * failure comes out. A sandbox gives a program no files, no network, no processes, and a clock or chance
 * only as far as the request fixes them, so that the same request always has the same outcome.
 */
import type { JsonValue } from '../../kernel/json.ts';

export type SandboxLanguage = 'javascript';

export interface SandboxLimits {
  /** Wall time from the start of the program to its end. */
  readonly timeMs: number;
  readonly memoryBytes: number;
  /** Room for nested calls; 3 MB are some 13,000 JavaScript calls. */
  readonly stackBytes: number;
  /** Longest answer, as characters of JSON. */
  readonly valueChars: number;
  /** Longest output of `console.log` and its kin, in characters. A program that prints more is stopped. */
  readonly printedChars: number;
}

export const defaultSandboxLimits: SandboxLimits = {
  timeMs: 2_000,
  memoryBytes: 64 * 1024 * 1024,
  stackBytes: 3_000_000,
  valueChars: 65_536,
  printedChars: 65_536,
};

export interface SandboxRequest {
  readonly language: SandboxLanguage;
  readonly source: string;
  /** The function whose result is the value; without it the value of the last statement is. */
  readonly entry?: string;
  /** The single argument that `entry` is called with; needs `entry`. */
  readonly input?: JsonValue;
  /** Seeds `Math.random`; the same seed gives the same numbers. Absent means 0. */
  readonly seed?: number;
  /** The time that the program sees, in milliseconds since 1970. Without it, asking for the time throws. */
  readonly nowMs?: number;
  /** Whether the functions of `library/` are in reach. Absent means yes. */
  readonly withLibrary?: boolean;
  /** What is absent comes from `defaultSandboxLimits`. */
  readonly limits?: Partial<SandboxLimits>;
}

interface Ran {
  /** What the program printed, as far as it is known: a killed program takes its output along. */
  readonly printed: string;
  readonly elapsedMs: number;
}

export type SandboxOutcome =
  /** `json` is canonical, so equal values have equal texts. Whole BigInts beyond 2^53 are texts of digits. */
  | (Ran & { readonly kind: 'value'; readonly json: string })
  /** The program ended without a JSON value: `undefined`, a function, NaN, a promise that never settles. */
  | (Ran & { readonly kind: 'no-value'; readonly reason: string })
  /** `stack` has the frames of the program itself only. */
  | (Ran & {
      readonly kind: 'threw';
      readonly name: string;
      readonly message: string;
      readonly stack: string;
    })
  | (Ran & { readonly kind: 'syntax-error'; readonly message: string })
  | (Ran & { readonly kind: 'timed-out'; readonly limitMs: number })
  | (Ran & { readonly kind: 'out-of-memory'; readonly limitBytes: number })
  | (Ran & {
      readonly kind: 'output-too-large';
      readonly what: 'value' | 'printed';
      readonly limitChars: number;
    })
  /** The machinery broke under the program: a killed process, an abort inside the interpreter. */
  | (Ran & { readonly kind: 'crashed'; readonly reason: string });

export interface Sandbox extends AsyncDisposable {
  readonly languages: readonly SandboxLanguage[];
  /**
   * Runs one program. Ends within `timeMs` plus 100 ms of the moment it starts; waits for a free place
   * before that. Throws `invalid-request` for a request that no sandbox could run, `cancelled` when
   * `signal` aborts, and `sandbox-failed` when no program can be run at all.
   */
  run(request: SandboxRequest, signal?: AbortSignal): Promise<SandboxOutcome>;
}
