/**
 * Brings a database to this version of Gradus. Forward only; each migration in a transaction of its own,
 * under a lock, so that of several processes that start at once one does the work and the others wait.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { Database } from '../schema.ts';
import { firstTables } from './0001-first-tables.ts';
import type { Migration } from './migration.ts';

/** In order; the version of each is its place in this list, counted from 1. */
export const migrations: readonly Migration[] = [firstTables];

/** Throws 'database-too-new' when a newer Gradus has been here; then nothing is changed. */
export async function migrate(db: Kysely<Database>, list: readonly Migration[] = migrations): Promise<void> {
  while (await migrateOnce(db, list));
}

/** Returns whether there may be more to do. */
async function migrateOnce(db: Kysely<Database>, list: readonly Migration[]): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${lockNumber})`.execute(transaction);
    const version = await readVersion(transaction);
    if (version > list.length) {
      throw new GradusError('database-too-new', {
        message: `The database has version ${version}; this Gradus knows versions up to ${list.length}.`,
        data: { found: version, known: list.length },
      });
    }
    const next = list[version];
    if (next === undefined) return false;
    if (next.version !== version + 1) throw new Error(`migration ${next.name} is in the wrong place`);
    for (const statement of next.statements) await sql.raw(statement).execute(transaction);
    await transaction.insertInto('migrations').values({ version: next.version, name: next.name }).execute();
    return true;
  });
}

/** Any number that nothing else locks: "grad" in ASCII. */
const lockNumber = 0x67_72_61_64;

async function readVersion(transaction: Transaction<Database>): Promise<number> {
  const found = await sql<{ exists: boolean }>`
    SELECT to_regclass('gradus.migrations') IS NOT NULL AS exists`.execute(transaction);
  if (found.rows[0]?.exists !== true) {
    await sql`CREATE SCHEMA IF NOT EXISTS gradus`.execute(transaction);
    await sql`CREATE TABLE gradus.migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(transaction);
    return 0;
  }
  const last = await transaction
    .selectFrom('migrations')
    .select((eb) => eb.fn.max('version').as('version'))
    .executeTakeFirst();
  return last?.version ?? 0;
}
