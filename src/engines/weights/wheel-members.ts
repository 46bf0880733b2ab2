/** Takes files out of a wheel, which is a zip archive, as a stream and checks each against its CRC-32. */
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly bytes: number }
  | { readonly kind: 'damaged'; readonly reason: string };

/**
 * Appends the named members, in this order, to the file at `targetPath`. A wheel that is damaged, lacks a
 * member, or has more than `maxBytes` in them is an outcome; the target may then have grown. Throws when
 * aborted and on errors of the disk.
 */
export async function appendMembers(options: {
  readonly wheelPath: string;
  readonly members: readonly string[];
  readonly targetPath: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}): Promise<AppendOutcome> {
  const { members, signal } = options;
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(options.wheelPath, { autoClose: false });
    const entries = await findEntries(zip, members);
    let bytes = 0;
    for (const name of members) {
      const entry = entries.get(name);
      if (entry === undefined) return { kind: 'damaged', reason: `it has no member ${name}` };
      bytes += entry.uncompressedSize;
      if (bytes > options.maxBytes) return { kind: 'damaged', reason: `${name} is larger than expected` };
      const sum = await appendMember(zip, entry, options);
      if (sum !== entry.crc32) return { kind: 'damaged', reason: `${name} fails its CRC-32` };
    }
    return { kind: 'appended', bytes };
  } catch (error) {
    signal.throwIfAborted();
    // Errors of the operating system name the call that failed; those of the archive do not.
    if (error instanceof Error && 'syscall' in error) throw error;
    return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    zip?.close();
  }
}

async function findEntries(zip: ZipFile, members: readonly string[]): Promise<Map<string, Entry>> {
  const wanted = new Set(members);
  const found = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (wanted.has(entry.fileName)) found.set(entry.fileName, entry);
  }
  return found;
}

async function appendMember(
  zip: ZipFile,
  entry: Entry,
  options: { readonly targetPath: string; readonly signal: AbortSignal },
): Promise<number> {
  let sum = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
  });
  const content = await zip.openReadStreamPromise(entry);
  const target = createWriteStream(options.targetPath, { flags: 'a' });
  await pipeline(content, check, target, { signal: options.signal });
  return sum;
}
