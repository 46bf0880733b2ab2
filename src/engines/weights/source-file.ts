/** Weights from a file on this machine, copied into the models folder so that it can be verified and kept. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getFileBytes, isDiskFull } from './disk.ts';
import type { SourceOutcome, SourceTask } from './pull-task.ts';

/** Throws when aborted or when the disk is full; every other trouble is an outcome. */
export async function copyFromFile(source: string, task: SourceTask): Promise<SourceOutcome> {
  const totalBytes = await getFileBytes(source).catch(() => undefined);
  if (totalBytes === undefined) {
    return { kind: 'failed', failure: 'unreachable', reason: 'there is no such file' };
  }
  const wantedBytes = task.options.entry.sizeBytes;
  if (wantedBytes !== undefined && totalBytes !== wantedBytes) {
    const reason = `it has ${totalBytes} bytes instead of ${wantedBytes}`;
    return { kind: 'failed', failure: 'mismatch', reason };
  }
  await task.requireFreeBytes(totalBytes);
  const path = join(task.workFolder, 'file.part');
  let received = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      task.report(received, totalBytes);
      done(null, chunk);
    },
  });
  const from = createReadStream(source, { highWaterMark: 1024 * 1024 });
  try {
    await pipeline(from, count, createWriteStream(path), { signal: task.signal });
  } catch (error) {
    // A copy is quick to begin anew; its half is of no use.
    await rm(path, { force: true });
    task.signal.throwIfAborted();
    if (isDiskFull(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', failure: 'unreachable', reason };
  }
  return { kind: 'delivered', path, announcedSha256: undefined };
}
