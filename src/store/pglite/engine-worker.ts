/**
 * PGlite runs each statement to its end on the thread that called it, fsync and checkpoint included.
 * So it lives in a thread of its own, and the server's thread goes on sending tokens meanwhile.
 */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import koffi from 'koffi';
import { DurableNodeFS, durableStartParameters } from './durable-file-system.ts';
import { queryMessage } from './wire.ts';

export interface EngineWorkerData {
  readonly folder: string;
}

export type EngineRequest =
  | { readonly id: number; readonly kind: 'exchange'; readonly bytes: Uint8Array }
  | { readonly id: number; readonly kind: 'counts' }
  | { readonly id: number; readonly kind: 'close' };

export type EngineReply =
  | { readonly id: 0; readonly kind: 'ready' }
  | { readonly id: number; readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly id: number; readonly kind: 'counts'; readonly fsyncs: number }
  | { readonly id: number; readonly kind: 'closed' }
  | { readonly id: number; readonly kind: 'broken'; readonly message: string };

/** An embedded Postgres starts no checkpoint by itself: without one, its log and its recovery grow for ever. */
const checkpointEveryBytes = 32 * 1024 * 1024;

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread only.');
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by engine.ts alone
const { folder } = workerData as EngineWorkerData;
const fileSystem = new DurableNodeFS(folder);
const database = await openDatabase();
releaseFreedMemory();
// What starting and busy times leave is freed a little later.
setTimeout(releaseFreedMemory, 2000).unref();
setInterval(releaseFreedMemory, 30_000).unref();

port.on('message', (request: EngineRequest) => {
  void answer(request).then(
    (reply) => port.postMessage(reply),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage({ id: request.id, kind: 'broken', message } satisfies EngineReply);
    },
  );
});
port.postMessage({ id: 0, kind: 'ready' } satisfies EngineReply);

/**
 * V8's optimising compiler makes long aggregates 1.8 times as fast, short statements no faster, and costs 80 MB.
 * The flags are read when a module is compiled, so they hold for the database's module alone.
 */
async function openDatabase(): Promise<PGlite> {
  setFlagsFromString('--no-wasm-dynamic-tiering');
  setFlagsFromString('--no-wasm-tier-up');
  try {
    return await PGlite.create({ fs: fileSystem, startParams: [...durableStartParameters] });
  } finally {
    setFlagsFromString('--wasm-dynamic-tiering');
    setFlagsFromString('--wasm-tier-up');
  }
}

async function answer(request: EngineRequest): Promise<EngineReply> {
  switch (request.kind) {
    case 'exchange': {
      const bytes = await exchange(request.bytes);
      if (fileSystem.counts.walBytes > checkpointEveryBytes && !database.isInTransaction()) {
        fileSystem.counts.walBytes = 0;
        await exchange(queryMessage('CHECKPOINT'));
      }
      return { id: request.id, kind: 'bytes', bytes };
    }
    case 'counts':
      return { id: request.id, kind: 'counts', fsyncs: fileSystem.counts.fsyncs };
    case 'close':
      await database.close();
      return { id: request.id, kind: 'closed' };
  }
}

async function exchange(bytes: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  // The bytes that arrive are a view into the database's own memory and must be copied at once.
  const onRawData = (part: Uint8Array): void => void parts.push(part.slice());
  await database.execProtocolRawStream(bytes, { syncToFs: false, onRawData });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

/** Compiling the database leaves tens of megabytes of freed memory with the allocator; glibc can give it back. */
function releaseFreedMemory(): void {
  try {
    koffi.load(null).func('int malloc_trim(size_t pad)')(0);
  } catch {
    // Other C libraries have no such call, and need none.
  }
}
