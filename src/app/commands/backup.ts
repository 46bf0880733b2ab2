/** `gradus backup` and `gradus restore`: everything that is stored, in one file, for either kind of database. */
import process from 'node:process';
import { durableTables, startDurable } from '../../runtime/dbos/durable.ts';
import { backup } from '../../store/backup/backup.ts';
import { restore } from '../../store/backup/restore.ts';
import { openStore } from '../open-store.ts';
import { systemClock } from '../real-world.ts';
import type { Settings } from '../settings.ts';
import { describeError } from '../terminal.ts';

const schemas = [durableTables];

export async function runBackup(settings: Settings, file: string, signal: AbortSignal): Promise<void> {
  await using store = await openStore(settings, warn);
  const { tables, rows } = await backup(store, file, { clock: systemClock, schemas, signal });
  process.stdout.write(`Wrote ${rows} rows of ${tables} tables to ${file}.\n`);
}

/** Into an empty database only. */
export async function runRestore(settings: Settings, file: string, signal: AbortSignal): Promise<void> {
  await using store = await openStore(settings, warn);
  // The workflow engine makes its own tables when it starts; a new database has none yet.
  const engine = await startDurable({
    pool: store.pool,
    applicationVersion: 'restore',
    executorId: 'restore',
    workflows: {},
  });
  await engine[Symbol.asyncDispose]();
  const { tables, rows } = await restore(store, file, { schemas, signal });
  process.stdout.write(`Restored ${rows} rows of ${tables} tables from ${file}.\n`);
}

function warn(error: unknown): void {
  process.stderr.write(`${describeError(error)}\n`);
}
