/** Which models are in memory: loads once for many callers, evicts the least recently used, unloads idle ones. */
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { ModelDescription, ModelLoad } from '../engine.ts';
import { HostProcess } from './host-process.ts';
import type { HostLoadOptions, HostModelFacts } from './messages.ts';

export interface ModelPoolOptions {
  readonly clock: Clock;
  readonly idleUnloadMs: number;
  readonly memoryLimitBytes: number;
  readonly availableMemoryBytes: () => number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LoadPlan {
  readonly id: string;
  readonly prepare: () => Promise<{ readonly load: HostLoadOptions; readonly memoryBytes: number }>;
}

/** While it is held, the model stays in memory. */
export interface ModelLease extends Disposable {
  readonly host: HostProcess;
}

interface Entry {
  readonly id: string;
  readonly abort: AbortController;
  loading: Promise<HostProcess>;
  host: HostProcess | undefined;
  memoryBytes: number;
  busy: number;
  lastUsedMs: number;
  idleTimer: NodeJS.Timeout | undefined;
}

export class ModelPool implements AsyncDisposable {
  readonly #options: ModelPoolOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ModelPoolOptions) {
    this.#options = options;
  }

  /** The model's process, loaded if need be. Callers that come while it loads wait for the same load. */
  async lease(plan: LoadPlan, signal: AbortSignal): Promise<ModelLease> {
    signal.throwIfAborted();
    let entry = this.#entries.get(plan.id);
    if (entry?.host?.isAlive === false) {
      this.#forget(entry);
      entry = undefined;
    }
    entry ??= this.#startLoading(plan);
    entry.busy++;
    clearTimeout(entry.idleTimer);
    try {
      const host = await abortable(entry.loading, signal);
      return this.#createLease(entry, host);
    } catch (error) {
      this.#giveBack(entry);
      throw error;
    }
  }

  loadOf(id: string): { readonly busy: number } {
    return { busy: this.#entries.get(id)?.busy ?? 0 };
  }

  factsOf(id: string): HostModelFacts | undefined {
    return this.#entries.get(id)?.host?.facts;
  }

  stateOf(id: string): ModelDescription['state'] {
    const entry = this.#entries.get(id);
    if (entry === undefined) return 'available';
    return entry.host === undefined ? 'loading' : 'loaded';
  }

  loads(maxRunning: number): readonly ModelLoad[] {
    return [...this.#entries.values()].map((entry) => ({
      model: entry.id,
      running: Math.min(entry.busy, maxRunning),
      waiting: Math.max(0, entry.busy - maxRunning),
      memoryBytes: entry.memoryBytes,
    }));
  }

  /** Ends the model's process; what it was doing fails with `engine-failed`. */
  async unload(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#forget(entry);
    await end(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#forget(entry);
    await Promise.all(entries.map(end));
  }

  #startLoading(plan: LoadPlan): Entry {
    const entry: Entry = {
      id: plan.id,
      abort: new AbortController(),
      loading: Promise.reject(new Error('replaced at once')),
      host: undefined,
      memoryBytes: 0,
      busy: 0,
      lastUsedMs: this.#options.clock.monotonicMs(),
      idleTimer: undefined,
    };
    entry.loading.catch(() => undefined);
    entry.loading = this.#load(plan, entry);
    entry.loading.catch(() => this.#forget(entry));
    this.#entries.set(plan.id, entry);
    return entry;
  }

  async #load(plan: LoadPlan, entry: Entry): Promise<HostProcess> {
    const { load, memoryBytes } = await plan.prepare();
    entry.memoryBytes = memoryBytes;
    await this.#makeRoom(entry);
    const host = await HostProcess.start(
      { load, model: plan.id, environment: this.#options.environment },
      entry.abort.signal,
    );
    entry.host = host;
    return host;
  }

  async #makeRoom(wanted: Entry): Promise<void> {
    const { memoryLimitBytes, availableMemoryBytes } = this.#options;
    for (;;) {
      const others = [...this.#entries.values()].filter((entry) => entry !== wanted);
      const used = others.reduce((sum, entry) => sum + entry.memoryBytes, 0);
      const fits =
        used + wanted.memoryBytes <= memoryLimitBytes && wanted.memoryBytes <= availableMemoryBytes();
      if (fits) return;
      const [victim] = others
        .filter((entry) => entry.busy === 0 && entry.host !== undefined)
        .sort((a, b) => a.lastUsedMs - b.lastUsedMs);
      if (victim === undefined) {
        throw new GradusError('not-enough-memory', {
          message: `Model ${wanted.id} needs about ${toMiB(wanted.memoryBytes)} MiB; ${toMiB(availableMemoryBytes())} MiB are free and ${toMiB(Math.max(0, memoryLimitBytes - used))} MiB are left of the limit for models.`,
          data: { neededBytes: wanted.memoryBytes, limitBytes: memoryLimitBytes, usedBytes: used },
        });
      }
      await this.unload(victim.id);
    }
  }

  #createLease(entry: Entry, host: HostProcess): ModelLease {
    let isHeld = true;
    return {
      host,
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#giveBack(entry);
      },
    };
  }

  #giveBack(entry: Entry): void {
    entry.busy--;
    entry.lastUsedMs = this.#options.clock.monotonicMs();
    if (entry.busy > 0 || this.#entries.get(entry.id) !== entry) return;
    clearTimeout(entry.idleTimer);
    entry.idleTimer = setTimeout(() => void this.unload(entry.id), this.#options.idleUnloadMs);
    entry.idleTimer.unref();
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.idleTimer);
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id);
  }
}

async function end(entry: Entry): Promise<void> {
  entry.abort.abort();
  try {
    const host = await entry.loading;
    await host[Symbol.asyncDispose]();
  } catch {
    // It never came up, and whoever waited for it was told so.
  }
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(
        new GradusError('cancelled', { message: 'The request was cancelled while its model was loading.' }),
      );
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
