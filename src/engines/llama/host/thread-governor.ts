/**
 * How many threads to compute with, when others use the machine too. All threads of a computation wait for
 * the slowest at hundreds of points a token, so two threads on a core and a half are far slower than one
 * thread alone: measured with one core taken, eight samples ran at under 4 tokens/s on two threads and at
 * 31 on one. The sign is that the process gets less processor time than its threads could use.
 */
export interface ThreadGovernorOptions {
  readonly maxThreads: number;
  /** First pause before all threads are tried again; it doubles with each failed try, up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

/** A step whose threads got less than this share of the time that they could use was held up by others. */
const crowdedShare01 = 0.75;
/** Held up so many steps in a row: it is not a hiccup. */
const patienceSteps = 3;
/** Shorter steps say nothing: the clock of processor time ticks too coarsely. */
const shortestStepMs = 4;

export class ThreadGovernor {
  readonly #options: ThreadGovernorOptions;
  #threads: number;
  #crowdedSteps = 0;
  #pauseMs: number;
  #retryAtMs = 0;

  constructor(options: ThreadGovernorOptions) {
    this.#options = options;
    this.#threads = options.maxThreads;
    this.#pauseMs = options.firstPauseMs;
  }

  /** Threads for the step that begins now. */
  threadsAt(nowMs: number): number {
    if (this.#threads < this.#options.maxThreads && nowMs >= this.#retryAtMs) {
      this.#threads = this.#options.maxThreads;
      // One bad step is enough to fall back: this is a try.
      this.#crowdedSteps = patienceSteps - 1;
    }
    return this.#threads;
  }

  /** Tells how a step went: its duration and the processor time that the process got meanwhile. */
  report(step: { readonly nowMs: number; readonly wallMs: number; readonly cpuMs: number }): void {
    const { maxThreads, firstPauseMs, maxPauseMs } = this.#options;
    if (this.#threads === 1 || step.wallMs < shortestStepMs) return;
    if (step.cpuMs >= crowdedShare01 * this.#threads * step.wallMs) {
      this.#crowdedSteps = 0;
      this.#pauseMs = firstPauseMs;
      return;
    }
    this.#crowdedSteps++;
    if (this.#crowdedSteps < patienceSteps) return;
    this.#crowdedSteps = 0;
    this.#threads = Math.max(1, Math.floor(maxThreads / 2));
    this.#retryAtMs = step.nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2);
  }
}
