/**
 * The sandbox for JavaScript: QuickJS in WebAssembly inside worker processes that are kept warm. A late
 * program costs its process; a spare stands by, so that the next program does not wait for a new one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../kernel/clock.ts';
import { GradusError } from '../../../kernel/errors.ts';
import { toCanonicalJson } from '../../../kernel/json.ts';
import { parse } from '../../../kernel/schema.ts';
import { LibrarySource } from '../library/library.ts';
import { defaultSandboxLimits, type Sandbox, type SandboxLimits } from '../sandbox.ts';
import type { SandboxOutcome, SandboxRequest } from '../sandbox.ts';
import type { Report, WorkerRequest } from './frame.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerEnd } from './worker-process.ts';

export interface QuickJsSandboxOptions {
  readonly clock: Clock;
  /** Programs that run at once; more wait their turn. */
  readonly workers: number;
  /** Processes that stand by for killed ones. */
  readonly spares: number;
  /** What a request that states no limits gets. */
  readonly limits?: Partial<SandboxLimits>;
}

/** How long the interpreter gets to stop by itself before its process is killed. */
const graceMs = 30;
const sourceChars = 1_000_000;
const inputChars = 1_000_000;

/**
 * Opens a sandbox with `workers` + `spares` processes of some 100 MB each (half of it shared). Resolves when
 * the first one is ready, after about 0.2 s; throws `sandbox-failed` when none can be started.
 */
export async function openQuickJsSandbox(options: QuickJsSandboxOptions): Promise<Sandbox> {
  const defaults = parse(limitsSchema, { ...defaultSandboxLimits, ...options.limits });
  const folder = await mkdtemp(join(tmpdir(), 'gradus-sandbox-'));
  const { workers, spares } = options;
  try {
    const pool = await WorkerPool.open({
      workers,
      spares,
      worker: { folder, memoryBytes: defaults.memoryBytes },
    });
    return new QuickJsSandbox(pool, folder, defaults, options.clock);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class QuickJsSandbox implements Sandbox {
  readonly languages = ['javascript'] as const;
  readonly #pool: WorkerPool;
  readonly #folder: string;
  readonly #defaults: SandboxLimits;
  readonly #clock: Clock;
  readonly #library = new LibrarySource();

  constructor(pool: WorkerPool, folder: string, defaults: SandboxLimits, clock: Clock) {
    this.#pool = pool;
    this.#folder = folder;
    this.#defaults = defaults;
    this.#clock = clock;
  }

  async run(request: SandboxRequest, signal?: AbortSignal): Promise<SandboxOutcome> {
    const order = toWorkerRequest({ request, defaults: this.#defaults, library: this.#library });
    const worker = await this.#pool.acquire(signal);
    const startMs = this.#clock.monotonicMs();
    let end: WorkerEnd;
    try {
      end = await worker.run(order, order.limits.timeMs + graceMs, signal);
    } finally {
      this.#pool.release(worker);
    }
    const elapsedMs = this.#clock.monotonicMs() - startMs;
    if (end.kind === 'ran') this.#pool.inspect(worker, end.reply);
    if (signal?.aborted === true) throw cancelled(signal);
    if (this.#pool.isClosed && end.kind === 'died') {
      throw new GradusError('sandbox-failed', { message: 'The sandbox was closed while the program ran.' });
    }
    return toOutcome(end, order.limits, elapsedMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);

/** Larger limits would not fit a worker process or a frame. */
const limitsSchema = z.strictObject({
  timeMs: whole(1, 120_000),
  memoryBytes: whole(1024 * 1024, 256 * 1024 * 1024),
  stackBytes: whole(10_000, 4_000_000),
  valueChars: whole(1, 1_000_000),
  printedChars: whole(0, 1_000_000),
});

const requestSchema = z.strictObject({
  language: z.literal('javascript'),
  source: z.string().max(sourceChars),
  entry: z
    .string()
    .regex(/^[\p{L}_$][\p{L}\p{N}_$]*$/u, 'expected the name of a function')
    .optional(),
  input: z.json().optional(),
  seed: z.number().int().optional(),
  nowMs: z.number().int().optional(),
  withLibrary: z.boolean().optional(),
  limits: limitsSchema.partial().optional(),
});

interface Order {
  readonly request: SandboxRequest;
  readonly defaults: SandboxLimits;
  readonly library: LibrarySource;
}

function toWorkerRequest({ request, defaults, library }: Order): WorkerRequest {
  const given = parse(requestSchema, request);
  const inputJson = given.input === undefined ? undefined : JSON.stringify(given.input);
  if (inputJson !== undefined && given.entry === undefined) {
    throw new GradusError('invalid-request', {
      message: 'input: a function must be named as `entry` to receive it',
      param: 'input',
    });
  }
  if (inputJson !== undefined && inputJson.length > inputChars) {
    throw new GradusError('invalid-request', {
      message: `input: at most ${inputChars} characters of JSON, found ${inputJson.length}`,
      param: 'input',
    });
  }
  const limits = { ...defaults };
  for (const key of ['timeMs', 'memoryBytes', 'stackBytes', 'valueChars', 'printedChars'] as const) {
    limits[key] = given.limits?.[key] ?? defaults[key];
  }
  return {
    source: given.source,
    entry: given.entry,
    inputJson,
    seed: given.seed ?? 0,
    nowMs: given.nowMs,
    library: given.withLibrary === false ? undefined : library.forProgram(given.source),
    limits,
  };
}

function toOutcome(end: WorkerEnd, limits: SandboxLimits, elapsedMs: number): SandboxOutcome {
  switch (end.kind) {
    case 'killed':
      return { kind: 'timed-out', limitMs: limits.timeMs, printed: '', elapsedMs };
    case 'died':
      return { kind: 'crashed', reason: end.reason, printed: '', elapsedMs };
    case 'ran':
      return { ...checkReport(end.reply.report, limits), printed: end.reply.printed, elapsedMs };
  }
}

type Checked<Outcome = SandboxOutcome> = Outcome extends unknown
  ? Omit<Outcome, 'printed' | 'elapsedMs'>
  : never;

function checkReport(report: Report, limits: SandboxLimits): Checked {
  switch (report.kind) {
    case 'value':
      return checkValue(report.json, limits);
    case 'timed-out':
      return { kind: 'timed-out', limitMs: limits.timeMs };
    case 'out-of-memory':
      return { kind: 'out-of-memory', limitBytes: limits.memoryBytes };
    case 'output-too-large': {
      const limitChars = report.what === 'value' ? limits.valueChars : limits.printedChars;
      return { kind: 'output-too-large', what: report.what, limitChars };
    }
    case 'no-value':
    case 'threw':
    case 'syntax-error':
    case 'crashed':
      return report;
  }
}

/** The text was made inside the interpreter; only what parses as JSON here is a value. */
function checkValue(json: string, limits: SandboxLimits): Checked {
  if (json.length > limits.valueChars) {
    return { kind: 'output-too-large', what: 'value', limitChars: limits.valueChars };
  }
  try {
    return { kind: 'value', json: toCanonicalJson(JSON.parse(json)) };
  } catch {
    return { kind: 'crashed', reason: 'the interpreter gave a value that is not JSON' };
  }
}

function cancelled(signal: AbortSignal): GradusError {
  return new GradusError('cancelled', { message: 'The program was cancelled.' }, { cause: signal.reason });
}
