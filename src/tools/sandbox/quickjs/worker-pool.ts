/**
 * Keeps enough worker processes warm: as many as may run at once, and spares for those that get killed.
 * Programs beyond that wait in the order they came.
 */
import { GradusError, toGradusError } from '../../../kernel/errors.ts';
import { type WorkerOptions, WorkerProcess } from './worker-process.ts';
import type { WorkerReply } from './frame.ts';

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly spares: number;
  readonly worker: WorkerOptions;
  /** A worker that has grown so large, or worked so long, is replaced after its program. */
  readonly retireAfter?: { readonly rssBytes: number; readonly cpuMs: number };
}

/** Freed memory of finished programs may linger in a process, and each process has a limit of processor time. */
const usualRetirement = { rssBytes: 512 * 1024 * 1024, cpuMs: 120_000 };
/** After so many failed starts in a row the waiting programs are told, rather than left waiting. */
const failuresBeforeRefusal = 3;

interface Waiter {
  readonly resolve: (worker: WorkerProcess) => void;
  readonly reject: (error: GradusError) => void;
}

export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #idle: WorkerProcess[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #all = new Set<WorkerProcess>();
  /** Starts that are under way; each removes itself and never rejects. */
  readonly #starting = new Set<Promise<void>>();
  #busy = 0;
  #failures = 0;
  #isClosed = false;

  /** Resolves when the first worker is ready; the others follow while it works. */
  static async open(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    pool.#admit(await WorkerProcess.start(options.worker));
    pool.#replenish();
    return pool;
  }

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** A worker for one program; give it back with `release`. Throws `cancelled` when `signal` aborts first. */
  async acquire(signal?: AbortSignal): Promise<WorkerProcess> {
    if (this.#isClosed) throw closed();
    if (signal?.aborted === true) throw gone(signal);
    this.#replenish();
    const abort = new AbortController();
    try {
      return await new Promise<WorkerProcess>((resolve, reject) => {
        const waiter: Waiter = { resolve, reject };
        this.#waiters.push(waiter);
        const leave = (): void => {
          const index = this.#waiters.indexOf(waiter);
          if (index === -1) return;
          this.#waiters.splice(index, 1);
          if (signal !== undefined) reject(gone(signal));
        };
        signal?.addEventListener('abort', leave, { once: true, signal: abort.signal });
        this.#serve();
      });
    } finally {
      abort.abort();
    }
  }

  /** Resolves when no start is under way any more: when all places and spares are filled, or starting fails. */
  async whenFull(): Promise<void> {
    while (this.#starting.size > 0) await Promise.all(this.#starting);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  release(worker: WorkerProcess): void {
    this.#busy -= 1;
    if (worker.isAlive && !this.#isClosed) this.#idle.push(worker);
    this.#serve();
    this.#replenish();
  }

  /** Replaces a worker that has grown or worked too much. */
  inspect(worker: WorkerProcess, reply: Extract<WorkerReply, { kind: 'ran' }>): void {
    const { rssBytes, cpuMs } = this.#options.retireAfter ?? usualRetirement;
    if (reply.rssBytes < rssBytes && reply.cpuMs < cpuMs) return;
    const index = this.#idle.indexOf(worker);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    worker.kill('it has done its share');
    this.#replenish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closed());
    for (const worker of this.#all) worker.kill('the sandbox was closed');
    await Promise.all(this.#starting);
    await Promise.all([...this.#all].map((worker) => worker.exited));
  }

  #serve(): void {
    while (this.#busy < this.#options.workers && this.#waiters.length > 0) {
      const worker = this.#idle.shift();
      if (worker === undefined) return;
      if (!worker.isAlive) continue;
      this.#busy += 1;
      this.#waiters.shift()?.resolve(worker);
    }
  }

  #admit(worker: WorkerProcess): void {
    this.#failures = 0;
    this.#all.add(worker);
    void worker.exited.then(() => {
      this.#all.delete(worker);
      this.#replenish();
    });
    if (this.#isClosed) worker.kill('the sandbox was closed');
    else this.#idle.push(worker);
    this.#serve();
  }

  /** Starts what is missing, one process after the other, so that a start does not starve a running program. */
  #replenish(): void {
    if (this.#isClosed || this.#starting.size > 0) return;
    const living = [...this.#all].filter((worker) => worker.isAlive).length;
    if (living >= this.#options.workers + this.#options.spares) return;
    const start = WorkerProcess.start(this.#options.worker).then(
      (worker) => this.#admit(worker),
      (error: unknown) => this.#refuse(error),
    );
    const tracked = start.finally(() => {
      this.#starting.delete(tracked);
      if (this.#failures < failuresBeforeRefusal) this.#replenish();
    });
    this.#starting.add(tracked);
  }

  #refuse(error: unknown): void {
    this.#failures += 1;
    if (this.#failures < failuresBeforeRefusal || this.#idle.length > 0 || this.#busy > 0) return;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(toGradusError(error));
  }
}

function closed(): GradusError {
  return new GradusError('sandbox-failed', { message: 'The sandbox is closed.' });
}

function gone(signal: AbortSignal): GradusError {
  return new GradusError('cancelled', { message: 'The program was cancelled.' }, { cause: signal.reason });
}
