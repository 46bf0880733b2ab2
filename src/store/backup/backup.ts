/** Writes all rows of a store into one file, as of one moment, in memory that does not grow with the store. */
import { rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import type { ClientBase } from 'pg';
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import { toStoreError } from '../database-errors.ts';
import { migrations } from '../migrations/migrate.ts';
import type { Store } from '../store.ts';
import { writeBackupFile, type BackupLine, type BackupRow } from './backup-file.ts';
import { describeTables, type SchemaSelection, type TableShape } from './table-shape.ts';

export interface BackupOptions {
  readonly clock: Clock;
  /** Schemas beside our own whose rows belong to the runs. */
  readonly schemas?: readonly SchemaSelection[];
  readonly signal?: AbortSignal;
}

export interface BackupReport {
  readonly tables: number;
  readonly rows: number;
}

/** Leases speak of machines that run now, migrations of this database: neither goes into a backup. */
export const ownSchema: SchemaSelection = { schema: 'gradus', skip: ['migrations', 'leases'] };

/**
 * Writes `file`, which must not exist. It appears when it is whole. The embedded store answers nobody else
 * meanwhile (some 50,000 rows a second); a server goes on.
 */
export async function backup(store: Store, file: string, options: BackupOptions): Promise<BackupReport> {
  if (existsSync(file)) throw new GradusError('conflict', { message: `${file} exists already.` });
  const unfinished = `${file}.unfinished`;
  await rm(unfinished, { force: true });
  try {
    const report = await writeAll(store, unfinished, options);
    await rename(unfinished, file);
    return report;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw toStoreError(error);
  }
}

async function writeAll(store: Store, file: string, options: BackupOptions): Promise<BackupReport> {
  const header = {
    format: 'gradus-backup',
    version: 1,
    schemaVersion: migrations.length,
    createdAt: new Date(options.clock.nowMs()).toISOString(),
  } as const;
  const client = await store.pool.connect();
  let isDone = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const tables = await describeTables(client, [ownSchema, ...(options.schemas ?? [])]);
    const rows = await writeBackupFile(file, header, readTables(client, tables, options.signal));
    await client.query('COMMIT');
    isDone = true;
    return { tables: tables.length, rows };
  } finally {
    client.release(!isDone);
  }
}

async function* readTables(
  client: ClientBase,
  tables: readonly TableShape[],
  signal: AbortSignal | undefined,
): AsyncGenerator<BackupLine> {
  for (const table of tables) {
    yield { kind: 'table', table: table.name, columns: table.columns.map((column) => column.name) };
    const columns = table.columns.map((column) => `${column.sql}::text`).join(', ');
    await client.query(`DECLARE backup_rows NO SCROLL CURSOR FOR SELECT ${columns} FROM ${table.name}`);
    for (let rowsAtOnce = 1; ;) {
      signal?.throwIfAborted();
      const { rows } = await client.query<(string | null)[]>({
        text: `FETCH ${rowsAtOnce} FROM backup_rows`,
        rowMode: 'array',
      });
      if (rows.length === 0) break;
      let sizeBytes = 0;
      for (const values of rows) {
        sizeBytes += rowBytes(values);
        yield { kind: 'row', values };
      }
      rowsAtOnce = nextRowsAtOnce(rows.length, sizeBytes);
    }
    await client.query('CLOSE backup_rows');
  }
}

/** Rows differ by a factor of a million in size; about 1 MB is in memory at a time. */
function nextRowsAtOnce(rows: number, sizeBytes: number): number {
  const wanted = Math.floor((1_000_000 * rows) / Math.max(1, sizeBytes));
  return Math.min(Math.max(wanted, 1), rows * 4, 5000);
}

export function rowBytes(values: BackupRow): number {
  let bytes = 0;
  for (const value of values) bytes += 8 + (value?.length ?? 0);
  return bytes;
}
