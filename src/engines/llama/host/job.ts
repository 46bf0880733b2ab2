/** A generation under way: one prompt, several answers, and what each of them still has to compute. */
import type { GenerationEvent } from '../../engine.ts';
import type { Sequence } from './prefix-cache.ts';
import type { SampleRun } from './sample-run.ts';

export interface JobOptions {
  readonly id: number;
  readonly prompt: Int32Array;
  readonly samples: readonly SampleRun[];
  readonly seed: number;
  readonly queuedAtMs: number;
  readonly maxTokens: number;
  /**
   * So many tokens at the prompt's end were sampled one by one in an earlier life of this answer. They are
   * computed one by one again, because a batch rounds otherwise and the answer would go on differently.
   */
  readonly resumedTokens: number;
  readonly dispose: () => void;
}

/** A place where tokens are computed one after another: a job's prompt, or one of its answers. */
export interface Lane {
  readonly job: Job;
  /** Undefined for the prompt's lane. */
  readonly run: SampleRun | undefined;
  sequence: Sequence | undefined;
}

export class Job {
  readonly id: number;
  readonly prompt: Int32Array;
  readonly seed: number;
  readonly queuedAtMs: number;
  readonly maxTokens: number;
  readonly resumedTokens: number;
  readonly promptLane: Lane;
  readonly lanes: readonly Lane[];
  /** `waiting` for a place, computing the `prompt`, `answering`, or `over`. */
  state: 'waiting' | 'prompt' | 'answering' | 'over' = 'waiting';
  cachedTokens = 0;
  /** When its prompt began to be computed. */
  startedAtMs = 0;
  isCancelled = false;
  hasStarted = false;
  readonly #dispose: () => void;

  constructor(options: JobOptions) {
    this.id = options.id;
    this.prompt = options.prompt;
    this.seed = options.seed;
    this.queuedAtMs = options.queuedAtMs;
    this.maxTokens = options.maxTokens;
    this.resumedTokens = options.resumedTokens;
    this.promptLane = { job: this, run: undefined, sequence: undefined };
    this.lanes = options.samples.map((run) => ({ job: this, run, sequence: undefined }));
    this.#dispose = options.dispose;
  }

  /** The token at `position` of a lane: prompt first, then the answer. */
  tokenAt(lane: Lane, position: number): number {
    return (
      (position < this.prompt.length
        ? this.prompt[position]
        : lane.run?.tokens[position - this.prompt.length]) ?? 0
    );
  }

  /** How many tokens a lane has still to compute before its next token can be drawn. */
  missing(lane: Lane): number {
    const total = this.prompt.length + (lane.run?.tokens.length ?? 0);
    return total - (lane.sequence?.tokens.length ?? 0);
  }

  /** How many tokens of a lane may be computed in one step. */
  stepTokens(lane: Lane): number {
    const missing = this.missing(lane);
    if (lane.run !== undefined) return missing;
    const beforeResumed = missing - this.resumedTokens;
    return beforeResumed > 0 ? beforeResumed : Math.min(1, missing);
  }

  get runningLanes(): readonly Lane[] {
    return this.lanes.filter((lane) => lane.run?.finished === undefined);
  }

  takeEvents(): readonly GenerationEvent[] {
    return this.lanes.flatMap((lane) => lane.run?.takeEvents() ?? []);
  }

  dispose(): void {
    for (const lane of this.lanes) lane.run?.dispose();
    this.#dispose();
  }
}
