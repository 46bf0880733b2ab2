/**
 * The file of a backup: gzip over lines of JSON. The first line says what it is, then each table has a line
 * with its name and columns and a line a row (each value as the database's own text, or null), and the last
 * line has the number of rows and the SHA-256 of all lines before it. So a file that was cut is noticed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';

const headerSchema = z.object({
  format: z.literal('gradus-backup'),
  version: z.literal(1),
  schemaVersion: z.int().min(1),
  createdAt: z.string(),
});
const tableSchema = z.object({ table: z.string(), columns: z.array(z.string()).min(1) });
const rowSchema = z.array(z.string().nullable());
const endSchema = z.object({ end: z.literal(true), rows: z.int(), sha256: z.string() });
const lineSchema = z.union([rowSchema, tableSchema, endSchema]);

export interface BackupHeader {
  readonly format: 'gradus-backup';
  readonly version: 1;
  /** The version of the tables, as the migrations count them. */
  readonly schemaVersion: number;
  /** ISO 8601. */
  readonly createdAt: string;
}
export type BackupRow = readonly (string | null)[];
export type BackupLine =
  | { readonly kind: 'table'; readonly table: string; readonly columns: readonly string[] }
  | { readonly kind: 'row'; readonly values: BackupRow };

/**
 * Writes `file`, which must not exist, readable by its owner only, and makes its bytes safe on the disk.
 * Returns the number of rows. When it throws, a part of the file may be there.
 */
export async function writeBackupFile(
  file: string,
  header: BackupHeader,
  lines: AsyncIterable<BackupLine>,
): Promise<number> {
  let rows = 0;
  async function* toText(): AsyncGenerator<string> {
    const hash = createHash('sha256');
    const hashed = (value: unknown): string => {
      const line = `${JSON.stringify(value)}\n`;
      hash.update(line);
      return line;
    };
    yield hashed(header);
    for await (const line of lines) {
      if (line.kind === 'row') rows += 1;
      yield hashed(line.kind === 'row' ? line.values : { table: line.table, columns: line.columns });
    }
    yield `${JSON.stringify({ end: true, rows, sha256: hash.digest('hex') })}\n`;
  }
  const output = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
  // The fastest level: packing takes longer than reading the rows does.
  await pipeline(toText, createGzip({ level: 1 }), output);
  return rows;
}

export interface BackupReader {
  readonly header: BackupHeader;
  /** All tables and rows. Throws 'invalid-request' at the end when the file is not whole. */
  readonly lines: AsyncGenerator<BackupLine>;
}

/** Opens a backup and reads its first line. Throws 'invalid-request' when it is no backup of a known version. */
export async function openBackupFile(file: string): Promise<BackupReader> {
  const hash = createHash('sha256');
  const lines = readLines(file);
  const first = await lines.next();
  if (first.done === true) throw damaged('it is empty');
  hash.update(`${first.value}\n`);
  const header = headerSchema.safeParse(parseJson(first.value));
  if (!header.success) {
    await lines.return(undefined);
    throw damaged('it does not begin as a Gradus backup of version 1 does');
  }
  return { header: header.data, lines: readBody(lines, hash) };
}

async function* readBody(
  lines: AsyncGenerator<string>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<BackupLine> {
  let rows = 0;
  for await (const text of lines) {
    const parsed = lineSchema.safeParse(parseJson(text));
    if (!parsed.success) throw damaged(`line ${rows} of the rows cannot be read`);
    const line = parsed.data;
    if ('end' in line) {
      if (line.rows !== rows || line.sha256 !== hash.digest('hex')) throw damaged('its checksum is wrong');
      return;
    }
    hash.update(`${text}\n`);
    if (Array.isArray(line)) {
      rows += 1;
      yield { kind: 'row', values: line };
    } else if ('table' in line) {
      yield { kind: 'table', table: line.table, columns: line.columns };
    }
  }
  throw damaged('its end is missing');
}

/** Lines of a gzip file. `readline` would lose the errors of the streams below it. */
async function* readLines(file: string): AsyncGenerator<string> {
  const input = createReadStream(file);
  const gunzip = createGunzip();
  input.on('error', (error) => gunzip.destroy(error));
  input.pipe(gunzip.setEncoding('utf8'));
  let pieces: string[] = [];
  try {
    for await (const chunk of gunzip) {
      const parts = String(chunk).split('\n');
      for (const part of parts.slice(0, -1)) {
        pieces.push(part);
        yield pieces.join('');
        pieces = [];
      }
      const last = parts.at(-1);
      if (last !== undefined && last !== '') pieces.push(last);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw damaged(`it cannot be unpacked (${error.message})`, error);
    }
    throw error;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
  if (pieces.length > 0) yield pieces.join('');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged('a line is not JSON', error);
  }
}

function damaged(reason: string, cause?: unknown): GradusError {
  return new GradusError('invalid-request', { message: `The backup cannot be used: ${reason}.` }, { cause });
}
