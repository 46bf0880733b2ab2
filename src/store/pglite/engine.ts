/** The server's side of the embedded database: hands wire messages to its thread and brings the answers back. */
import { Worker } from 'node:worker_threads';
import { GradusError } from '../../kernel/errors.ts';
import type { EngineReply, EngineRequest, EngineWorkerData } from './engine-worker.ts';

/** Something that answers Postgres wire messages one batch at a time. */
export interface WireEngine {
  /** Sends whole messages, resolves with all that the server said. Batches must not overlap. */
  exchange(bytes: Uint8Array): Promise<Buffer>;
}

export class Engine implements WireEngine, AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;
  #broken: GradusError | undefined;

  private constructor(folder: string) {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./engine-worker.${ending}`, import.meta.url), {
      name: 'gradus-database',
      workerData: { folder } satisfies EngineWorkerData,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on('message', (reply: EngineReply) => this.#settle(reply));
    this.#worker.on('error', (error) =>
      this.#break(`The embedded database stopped: ${error.message}`, error),
    );
    this.#worker.on('exit', () => this.#break('The embedded database is closed.'));
  }

  /** Opens the database in `folder`, or makes a new one there when the folder is empty. */
  static async open(folder: string): Promise<Engine> {
    const engine = new Engine(folder);
    const reply = await new Promise<EngineReply>((resolve, reject) => {
      engine.#waiting.set(0, { resolve, reject });
    });
    if (reply.kind !== 'ready') throw new Error(`expected 'ready', got '${reply.kind}'`);
    return engine;
  }

  async exchange(bytes: Uint8Array): Promise<Buffer> {
    const reply = await this.#ask((id) => ({ id, kind: 'exchange', bytes }));
    if (reply.kind !== 'bytes') throw new Error(`expected 'bytes', got '${reply.kind}'`);
    return Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.byteLength);
  }

  /** How often the database made bytes safe on the disk since it was opened. */
  async countFsyncs(): Promise<number> {
    const reply = await this.#ask((id) => ({ id, kind: 'counts' }));
    return reply.kind === 'counts' ? reply.fsyncs : 0;
  }

  /** Shuts the database down in order, and ends its thread. May be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#broken === undefined) {
      try {
        await this.#ask((id) => ({ id, kind: 'close' }));
      } catch (error) {
        // A database that broke meanwhile has nothing left to close; its thread ends below all the same.
        if (!(error instanceof GradusError)) throw error;
      }
    }
    await this.#worker.terminate();
  }

  #ask(request: (id: number) => EngineRequest): Promise<EngineReply> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(request(id));
    });
  }

  #settle(reply: EngineReply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind !== 'broken') {
      waiter?.resolve(reply);
      return;
    }
    // Past a panic of the database its memory cannot be trusted; what is on the disk can.
    const message = `The embedded database failed: ${reply.message}`;
    waiter?.reject(new GradusError('database-unavailable', { message }));
    this.#break(message);
  }

  #break(message: string, cause?: unknown): void {
    this.#broken ??= new GradusError('database-unavailable', { message }, { cause });
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.reject(this.#broken);
  }
}

interface Waiter {
  readonly resolve: (reply: EngineReply) => void;
  readonly reject: (error: GradusError) => void;
}
