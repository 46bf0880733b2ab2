/**
 * PGlite's Node file system has no fsync, so a power cut could lose rows that were acknowledged.
 * This one calls the real fsync for files and folders, and tells how much write-ahead log was written,
 * because nobody else starts a checkpoint in an embedded Postgres.
 */
import { fsyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/**
 * Postgres' own start parameters with fsync on and small memory. PGlite's default list has `-F` (no
 * fsync), and its fdatasync is a stub that returns 0, so the method must be `fsync`.
 */
export const durableStartParameters: readonly string[] = [
  '--single',
  '-O',
  '-j',
  ...setting('search_path=public'),
  ...setting('exit_on_error=false'),
  ...setting('log_checkpoints=false'),
  ...setting('max_worker_processes=0'),
  ...setting('max_parallel_workers=0'),
  ...setting('max_parallel_workers_per_gather=0'),
  ...setting('max_parallel_maintenance_workers=0'),
  ...setting('io_method=sync'),
  ...setting('fsync=on'),
  ...setting('wal_sync_method=fsync'),
  ...setting('shared_buffers=8MB'),
  ...setting('wal_buffers=1MB'),
  // What the database once took for sorting it keeps: its memory only grows.
  ...setting('maintenance_work_mem=16MB'),
  ...setting('max_wal_size=64MB'),
  ...setting('min_wal_size=32MB'),
];

export interface FileSystemCounts {
  /** How often the database asked for bytes to be on the disk. */
  fsyncs: number;
  /** Bytes written to the write-ahead log since the counter was last set to 0. */
  walBytes: number;
}

export class DurableNodeFS extends NodeFS {
  readonly counts: FileSystemCounts = { fsyncs: 0, walBytes: 0 };

  override async init(...[pg, options]: InitParameters): ReturnType<NodeFS['init']> {
    const result = await super.init(pg, options);
    const { counts } = this;
    const preRun = [...(result.emscriptenOpts.preRun ?? [])];
    preRun.push((module) => {
      // Emscripten's types leave the operations of a file system out; they are part of its documented API.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const operations = (module.NODEFS as unknown as { stream_ops: StreamOperations }).stream_ops;
      const write = operations.write;
      operations.fsync = (stream) => {
        counts.fsyncs += 1;
        fsyncSync(stream.nfd);
        return 0;
      };
      operations.write = (stream, ...rest) => {
        const written = write(stream, ...rest);
        if (stream.path.includes('/pg_wal/')) counts.walBytes += written;
        return written;
      };
    });
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun } };
  }
}

type InitParameters = Parameters<NodeFS['init']>;

interface Stream {
  /** The real file descriptor. */
  readonly nfd: number;
  readonly path: string;
}

interface StreamOperations {
  fsync?: (stream: Stream) => number;
  write: (
    stream: Stream,
    buffer: Uint8Array,
    offset: number,
    lengthBytes: number,
    position: number,
  ) => number;
}

function setting(text: string): readonly string[] {
  return ['-c', text];
}
