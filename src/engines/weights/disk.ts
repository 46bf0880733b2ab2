/** Disk work of a pull: free space, hashing, and the errors that mean that the disk is full. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { GradusError } from '../../kernel/errors.ts';

/** Bytes that this user can still write on the disk of a folder. */
export async function measureFreeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder);
  return disk.bavail * disk.bsize;
}

/** The sha256 of a file in hexadecimal digits; `onBytes` hears how many were read so far. */
export async function hashFile(
  path: string,
  options: { readonly signal: AbortSignal; readonly onBytes?: (readBytes: number) => void },
): Promise<string> {
  const hash = createHash('sha256');
  let readBytes = 0;
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024, signal: options.signal });
  for await (const chunk of stream) {
    hash.update(chunk);
    readBytes += chunk.length;
    options.onBytes?.(readBytes);
  }
  return hash.digest('hex');
}

/** The length of a file, or undefined when there is none. */
export async function getFileBytes(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isErrorCode(error, 'ENOENT') || isErrorCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** The bytes of all files below a folder; files that come and go meanwhile may be missed. */
export async function measureFolder(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += (await getFileBytes(join(entry.parentPath, entry.name)).catch(() => undefined)) ?? 0;
  }
  return bytes;
}

/** Makes sure that a file survives a power cut. */
export async function syncToDisk(path: string): Promise<void> {
  await using handle = await open(path, 'r+');
  await handle.sync();
}

/** Makes sure that a folder's names survive a power cut, on systems that can. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(path, 'r');
  await handle.sync();
}

export function isDiskFull(error: unknown): boolean {
  return isErrorCode(error, 'ENOSPC') || isErrorCode(error, 'EDQUOT');
}

export function isErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** `freeBytes` undefined: the disk filled up in the middle of the work. */
export function createDiskFullError(
  place: { readonly folder: string; readonly neededBytes?: number; readonly freeBytes?: number },
  cause?: unknown,
): GradusError {
  const { folder, neededBytes, freeBytes } = place;
  const message =
    neededBytes === undefined || freeBytes === undefined
      ? `The disk of ${folder} became full; what arrived so far is kept and the next pull goes on from there.`
      : `The disk of ${folder} has ${toMegabytes(freeBytes)} free and ${toMegabytes(neededBytes)} are needed.`;
  const data = { folder, neededBytes: neededBytes ?? null, freeBytes: freeBytes ?? null };
  return new GradusError('disk-full', { message, data }, { cause });
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
