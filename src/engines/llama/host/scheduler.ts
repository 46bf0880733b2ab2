/**
 * Continuous batching: every step computes one token of each running answer and a piece of the waiting
 * prompts, together. Prompts share what others have computed; the answers to one prompt share it whole.
 */
import type { GenerationEvent } from '../../engine.ts';
import { Job, type JobOptions, type Lane } from './job.ts';
import { commonLength, PrefixCache, type SequenceMemory } from './prefix-cache.ts';

export interface DecodePort extends SequenceMemory {
  readonly contextTokens: number;
  readonly canTrim: boolean;
  readonly batch: {
    readonly capacity: number;
    readonly size: number;
    clear(): void;
    add(token: number, position: number, sequence: number, wantsLogits: boolean): number;
  };
  readonly abort: { set(): void; clear(): void };
  /** 0 done, 1 no room in the cache, 2 aborted. */
  decode(): Promise<0 | 1 | 2>;
  logits(row: number): Float32Array;
}

export interface SchedulerOptions {
  readonly port: DecodePort;
  readonly maxSequences: number;
  /** Answers that are computed at once. */
  readonly maxRunning: number;
  readonly nowMs: () => number;
  readonly send: (events: readonly (readonly [jobId: number, event: GenerationEvent])[]) => void;
  readonly fail: (jobId: number, error: unknown) => void;
}

/** Prompt tokens a step while answers are running: keeps their pause short. */
const politePromptTokens = 64;
/** Waiting for what another job is about to compute pays from this many shared tokens on. */
const worthWaitingTokens = 32;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #port: DecodePort;
  readonly #cache: PrefixCache;
  readonly #jobs: Job[] = [];
  #outbox: (readonly [number, GenerationEvent])[] = [];
  #wake: (() => void) | undefined;
  #isStopped = false;
  /** The cells ran out: nothing new is placed until something running ends. */
  #isCrowded = false;
  #batchLanes: { lane: Lane; count: number; row: number | undefined }[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#cache = new PrefixCache(options.port, {
      maxSequences: options.maxSequences,
      canTrim: options.port.canTrim,
    });
  }

  get waiting(): number {
    return this.#jobs.filter((job) => job.state === 'waiting').length;
  }

  get running(): number {
    return this.#jobs.length - this.waiting;
  }

  submit(options: JobOptions): void {
    this.#jobs.push(new Job(options));
    this.#wake?.();
  }

  /** Ends a job with `cancelled` answers. A long prompt under way is broken off, not awaited. */
  cancel(jobId: number): void {
    const job = this.#jobs.find((entry) => entry.id === jobId);
    if (job === undefined) return;
    job.isCancelled = true;
    const inBatch = this.#batchLanes.reduce((sum, entry) => sum + entry.count, 0);
    if (inBatch > 16 && this.#batchLanes.some((entry) => entry.lane.job === job)) this.#port.abort.set();
    this.#wake?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /** Works until `stop`. Errors of one step fail the jobs of that step and not the loop. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      this.#endCancelled();
      this.#admit();
      this.#assemble();
      if (this.#port.batch.size === 0) {
        this.#flush();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
        continue;
      }
      try {
        await this.#step();
      } catch (error) {
        for (const { lane } of this.#batchLanes) this.#failJob(lane.job, error);
      }
      this.#batchLanes = [];
      this.#flush();
    }
  }

  async #step(): Promise<void> {
    const result = await this.#port.decode();
    this.#port.abort.clear();
    switch (result) {
      case 0:
        for (const { lane, count, row } of this.#batchLanes) {
          this.#commit(lane, count);
          if (row !== undefined) this.#draw(lane, row);
        }
        return;
      case 1:
        if (!this.#cache.evict()) this.#preempt();
        return;
      case 2:
        for (const { lane } of this.#batchLanes) {
          if (lane.sequence !== undefined) this.#port.forget(lane.sequence.id, lane.sequence.tokens.length);
        }
    }
  }

  #commit(lane: Lane, count: number): void {
    const { sequence, job } = lane;
    if (sequence === undefined) return;
    for (let i = 0; i < count; i++) sequence.tokens.push(job.tokenAt(lane, sequence.tokens.length));
  }

  #draw(lane: Lane, row: number): void {
    const { job } = lane;
    const logits = this.#port.logits(row);
    if (lane.run === undefined) {
      job.state = 'answering';
      // A prompt that had to give its place back is computed again; its answers have begun long ago.
      if (job.hasStarted) return;
      job.hasStarted = true;
      this.#outbox.push([
        job.id,
        {
          kind: 'started',
          promptTokens: job.prompt.length,
          cachedTokens: job.cachedTokens,
          queueMs: job.startedAtMs - job.queuedAtMs,
          seed: job.seed,
        },
      ]);
      for (const { run } of job.lanes) if (run?.finished === undefined) run?.advance(logits);
    } else if (lane.run.finished === undefined) {
      lane.run.advance(logits);
    }
    this.#settle(job);
  }

  /** Sends what a job has to say and clears away what is finished. */
  #settle(job: Job): void {
    for (const event of job.takeEvents()) this.#outbox.push([job.id, event]);
    for (const lane of job.lanes) {
      if (lane.run?.finished === undefined || lane.sequence === undefined) continue;
      this.#cache.release(lane.sequence, { keep: lane.run.index === 0 });
      lane.sequence = undefined;
      this.#isCrowded = false;
    }
    if (job.state !== 'over' && job.runningLanes.length === 0) this.#end(job);
  }

  #end(job: Job): void {
    job.state = 'over';
    if (job.promptLane.sequence !== undefined) {
      this.#cache.release(job.promptLane.sequence, { keep: true });
      job.promptLane.sequence = undefined;
    }
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    let outputTokens = 0;
    let reasoningTokens = 0;
    for (const { run } of job.lanes) {
      outputTokens += run?.tokens.length ?? 0;
      reasoningTokens += run?.thoughtTokens ?? 0;
    }
    job.dispose();
    const usage = {
      inputTokens: job.prompt.length,
      cachedTokens: job.cachedTokens,
      outputTokens,
      reasoningTokens,
    };
    this.#outbox.push([job.id, { kind: 'finished', usage }]);
  }

  #failJob(job: Job, error: unknown): void {
    if (job.state === 'over') return;
    for (const lane of [job.promptLane, ...job.lanes]) {
      if (lane.sequence !== undefined) this.#cache.release(lane.sequence, { keep: false });
      lane.sequence = undefined;
    }
    job.state = 'over';
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    job.dispose();
    this.#options.fail(job.id, error);
  }

  #endCancelled(): void {
    for (const job of this.#jobs.filter((entry) => entry.isCancelled)) {
      for (const { run } of job.lanes) run?.end('cancelled');
      this.#settle(job);
    }
  }

  /** Starts waiting jobs, oldest first, as far as cells and sequences reach. */
  #admit(): void {
    if (this.#isCrowded && this.#jobs.some((job) => job.state !== 'waiting')) return;
    for (const job of this.#jobs) {
      if (job.state !== 'waiting') continue;
      const known = this.#cache.longestPrefix(job.prompt);
      const coming = Math.max(
        0,
        ...this.#jobs
          .filter((other) => other.state === 'prompt')
          .map((other) => commonLength(job.prompt, other.prompt)),
      );
      if (coming > known && coming >= worthWaitingTokens) continue;
      if (this.#busyTokens() + job.prompt.length > this.#port.contextTokens) break;
      const sequence = this.#cache.acquire(job.prompt);
      if (sequence === undefined) break;
      const cached = Math.min(sequence.tokens.length, job.prompt.length - 1);
      if (sequence.tokens.length > cached) {
        this.#port.forget(sequence.id, cached);
        sequence.tokens.length = cached;
      }
      if (!job.hasStarted) job.cachedTokens = cached;
      job.promptLane.sequence = sequence;
      job.state = 'prompt';
      job.startedAtMs = this.#options.nowMs();
    }
  }

  /** Cells that running jobs need: prompts once, answers each. */
  #busyTokens(): number {
    let total = 0;
    for (const job of this.#jobs) {
      if (job.state === 'waiting') continue;
      total += job.prompt.length;
      for (const lane of job.runningLanes) total += lane.run?.tokens.length ?? 0;
    }
    return total;
  }

  #assemble(): void {
    const { batch } = this.#port;
    batch.clear();
    this.#batchLanes = [];
    this.#placeAnswers();
    const answers = this.#jobs.flatMap((job) =>
      job.state === 'answering' ? job.runningLanes.filter((lane) => lane.sequence !== undefined) : [],
    );
    for (const lane of answers) if (lane.job.missing(lane) === 1) this.#add(lane, 1);
    let room = batch.size > 0 ? politePromptTokens : batch.capacity;
    const catchingUp = answers.filter((lane) => lane.job.missing(lane) > 1);
    const prompts = this.#jobs.filter((job) => job.state === 'prompt').map((job) => job.promptLane);
    for (const lane of [...catchingUp, ...prompts]) {
      const count = Math.min(room, batch.capacity - batch.size, lane.job.stepTokens(lane));
      if (count <= 0) break;
      this.#add(lane, count);
      room -= count;
    }
  }

  /** Gives answers without a sequence one each; the job with the fewest running goes first. */
  #placeAnswers(): void {
    const isPlaced = (lane: Lane): boolean => lane.sequence !== undefined;
    for (;;) {
      const jobs = this.#jobs.filter((job) => job.state === 'answering');
      const placed = jobs.flatMap((job) => job.runningLanes.filter(isPlaced)).length;
      if (placed >= this.#options.maxRunning || (this.#isCrowded && placed > 0)) return;
      const open = jobs
        .filter((job) => job.runningLanes.some((lane) => !isPlaced(lane)))
        .sort((a, b) => a.runningLanes.filter(isPlaced).length - b.runningLanes.filter(isPlaced).length);
      const [job] = open;
      const lane = job?.runningLanes.find((entry) => !isPlaced(entry));
      if (job === undefined || lane === undefined || job.promptLane.sequence === undefined) return;
      const sequence = this.#cache.fork(job.promptLane.sequence, job.prompt.length);
      if (sequence === undefined) return;
      lane.sequence = sequence;
    }
  }

  #add(lane: Lane, count: number): void {
    const { job, sequence } = lane;
    if (sequence === undefined) return;
    const isLast = count === job.missing(lane);
    let row: number | undefined;
    for (let i = 0; i < count; i++) {
      const position = sequence.tokens.length + i;
      const wantsLogits = isLast && i === count - 1;
      const added = this.#port.batch.add(job.tokenAt(lane, position), position, sequence.id, wantsLogits);
      if (wantsLogits) row = added;
    }
    this.#batchLanes.push({ lane, count, row });
  }

  /**
   * The cache is full of running work: the youngest gives its place back and starts again later, prompts
   * before answers. What is left alone and still finds no room is as long as it can be.
   */
  #preempt(): void {
    const prompts = this.#jobs.filter((job) => job.promptLane.sequence !== undefined);
    const lanes = this.#jobs.flatMap((job) => job.runningLanes.filter((lane) => lane.sequence !== undefined));
    const idlePrompt = prompts.findLast((job) => !lanes.some((lane) => lane.job === job));
    const lane = lanes.at(-1);
    if (idlePrompt !== undefined && prompts.length > 1) {
      this.#vacate(idlePrompt.promptLane);
      idlePrompt.state = 'waiting';
    } else if (lane !== undefined && lanes.length > 1) {
      this.#vacate(lane);
    } else if (lane?.run !== undefined) {
      lane.run.end('length');
      this.#settle(lane.job);
    } else if (idlePrompt !== undefined) {
      this.#failJob(idlePrompt, new Error('the prompt found no room in the cache'));
    }
  }

  #vacate(lane: Lane): void {
    if (lane.sequence !== undefined) this.#cache.release(lane.sequence, { keep: false });
    lane.sequence = undefined;
    this.#isCrowded = true;
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#options.send(this.#outbox);
    this.#outbox = [];
  }
}
