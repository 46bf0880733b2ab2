/** Reads a backup into an empty store, in one transaction: all of it, or nothing. */
import type { ClientBase } from 'pg';
import { GradusError } from '../../kernel/errors.ts';
import { toStoreError } from '../database-errors.ts';
import { migrations } from '../migrations/migrate.ts';
import type { Store } from '../store.ts';
import { ownSchema, rowBytes, type BackupReport } from './backup.ts';
import { openBackupFile, type BackupRow } from './backup-file.ts';
import { describeTables, type SchemaSelection, type TableShape } from './table-shape.ts';

export interface RestoreOptions {
  /** Schemas beside our own; their tables must be there. Rows that they have already are kept. */
  readonly schemas?: readonly SchemaSelection[];
  readonly signal?: AbortSignal;
}

/**
 * The oldest version of the tables whose rows need no change to fit into these. A migration that changes
 * rows, and not only adds columns with a default, raises it.
 */
const oldestRestorableVersion = 1;

/**
 * Throws 'conflict' when the store has rows, 'database-too-new' for a backup of a newer Gradus,
 * 'invalid-request' for a file that is damaged or names tables that are not here.
 */
export async function restore(
  store: Store,
  file: string,
  options: RestoreOptions = {},
): Promise<BackupReport> {
  const { header, lines } = await openBackupFile(file);
  try {
    checkVersion(header.schemaVersion);
  } catch (error) {
    await lines.return(undefined);
    throw error;
  }
  const client = await store.pool.connect();
  let isDone = false;
  try {
    await client.query('BEGIN');
    const shapes = await describeTables(client, [ownSchema, ...(options.schemas ?? [])]);
    await checkEmpty(client, shapes);
    const report = await readAll({ client, shapes, lines, signal: options.signal });
    for (const shape of shapes) await moveSequences(client, shape);
    await client.query('COMMIT');
    isDone = true;
    return report;
  } catch (error) {
    throw toStoreError(error);
  } finally {
    client.release(!isDone);
  }
}

interface RestoreJob {
  readonly client: ClientBase;
  readonly shapes: readonly TableShape[];
  readonly lines: Awaited<ReturnType<typeof openBackupFile>>['lines'];
  readonly signal: AbortSignal | undefined;
}

async function readAll({ client, shapes, lines, signal }: RestoreJob): Promise<BackupReport> {
  let tables = 0;
  let rows = 0;
  let insert: RowInserter | undefined;
  for await (const line of lines) {
    signal?.throwIfAborted();
    if (line.kind === 'table') {
      await insert?.flush();
      insert = new RowInserter(client, findShape(shapes, line.table), line.columns);
      tables += 1;
    } else {
      if (insert === undefined) throw unusable('a row stands before any table');
      await insert.add(line.values);
      rows += 1;
    }
  }
  await insert?.flush();
  return { tables, rows };
}

/** Collects rows of one table up to about 1 MB and inserts them as columns of text that the database casts. */
class RowInserter {
  readonly #client: ClientBase;
  readonly #sql: string;
  readonly #columnCount: number;
  #columns: (string | null)[][];
  #sizeBytes = 0;

  constructor(client: ClientBase, shape: TableShape, names: readonly string[]) {
    const columns = names.map((name) => {
      const column = shape.columns.find((candidate) => candidate.name === name);
      if (column === undefined) throw unusable(`${shape.name} has no column "${name}" here`);
      return column;
    });
    const casts = columns.map((column, index) => `c${index}::${column.type}`).join(', ');
    const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
    const aliases = columns.map((_, index) => `c${index}`).join(', ');
    this.#sql = `INSERT INTO ${shape.name} (${columns.map((column) => column.sql).join(', ')})
      OVERRIDING SYSTEM VALUE SELECT ${casts} FROM unnest(${arrays}) AS rows(${aliases})
      ${isOwn(shape) ? '' : 'ON CONFLICT DO NOTHING'}`;
    this.#client = client;
    this.#columnCount = columns.length;
    this.#columns = names.map(() => []);
  }

  async add(values: BackupRow): Promise<void> {
    if (values.length !== this.#columnCount) throw unusable('a row has another number of columns');
    for (const [index, value] of values.entries()) this.#columns[index]?.push(value);
    this.#sizeBytes += rowBytes(values);
    if (this.#sizeBytes > 1_000_000 || (this.#columns[0]?.length ?? 0) >= 5000) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#sizeBytes === 0) return;
    const columns = this.#columns;
    this.#columns = columns.map(() => []);
    this.#sizeBytes = 0;
    await this.#client.query(this.#sql, columns);
  }
}

function checkVersion(version: number): void {
  if (version > migrations.length) {
    throw new GradusError('database-too-new', {
      message: `The backup has version ${version}; this Gradus knows versions up to ${migrations.length}.`,
    });
  }
  if (version < oldestRestorableVersion) {
    throw unusable(`it has version ${version}; restore it with an older Gradus and upgrade that`);
  }
}

async function checkEmpty(client: ClientBase, shapes: readonly TableShape[]): Promise<void> {
  for (const { name } of shapes.filter((shape) => isOwn(shape))) {
    const { rows } = await client.query(`SELECT 1 FROM ${name} LIMIT 1`);
    if (rows.length > 0) {
      throw new GradusError('conflict', {
        message: `The store is not empty: ${name} has rows. Restore into a new home or database.`,
      });
    }
  }
}

function isOwn(shape: TableShape): boolean {
  return shape.name.startsWith(`${ownSchema.schema}.`);
}

function findShape(shapes: readonly TableShape[], name: string): TableShape {
  const shape = shapes.find((candidate) => candidate.name === name);
  if (shape === undefined) throw unusable(`it has rows of ${name}, which is not here`);
  return shape;
}

/** Numbers given from now on must be larger than those that came in. */
async function moveSequences(client: ClientBase, shape: TableShape): Promise<void> {
  for (const { sequence, column } of shape.sequences) {
    await client.query(
      `SELECT setval($1::regclass, (SELECT max(${column}) FROM ${shape.name}))
       WHERE EXISTS (SELECT 1 FROM ${shape.name})`,
      [sequence],
    );
  }
}

function unusable(reason: string): GradusError {
  return new GradusError('invalid-request', { message: `The backup cannot be used: ${reason}.` });
}
