/** The store over any Postgres: the tables on one kysely, migrated, with the pool that they stand on. */
import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.ts';
import { toStoreError } from './database-errors.ts';
import { migrate } from './migrations/migrate.ts';
import { PatientPool } from './patient-pool.ts';
import type { Database } from './schema.ts';
import type { Store, StoreTables } from './store.ts';
import { createBudgetTable } from './tables/budgets.ts';
import { createConversationTable } from './tables/conversations.ts';
import { createEventTable } from './tables/events.ts';
import { createIdempotencyTable } from './tables/idempotency.ts';
import { createItemTable } from './tables/items.ts';
import { createKeyTable } from './tables/keys.ts';
import { createLeaseTable } from './tables/leases.ts';
import { createResponseTable } from './tables/responses.ts';

export interface SqlStoreOptions {
  readonly kind: Store['kind'];
  readonly pool: Pool;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly maxWaiting: number;
  /** Ends the work that goes on in the background, before the pool ends. */
  readonly endUpkeep?: () => Promise<void>;
  /** Closes what stands below the pool, after the pool itself. */
  readonly close: () => Promise<void>;
}

/** Migrates the database and gives the store. Closes what it was given when it fails. */
export async function createSqlStore(options: SqlStoreOptions): Promise<Store> {
  const { kind, pool } = options;
  const patientPool = new PatientPool(options);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: patientPool }) }).withSchema(
    'gradus',
  );
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await options.endUpkeep?.();
    await db.destroy();
    await patientPool.end();
    await pool.end();
    await options.close();
  };
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kind,
    pool,
    ...createTables(db),
    transaction: (work) => db.transaction().execute((transaction) => work(createTables(transaction))),
    async check(signal) {
      signal?.throwIfAborted();
      try {
        // Not patient: whoever asks wants to know how it is now.
        await pool.query('SELECT 1');
      } catch (error) {
        throw toStoreError(error);
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

function createTables(db: Kysely<Database>): StoreTables {
  return {
    responses: createResponseTable(db),
    items: createItemTable(db),
    events: createEventTable(db),
    conversations: createConversationTable(db),
    keys: createKeyTable(db),
    budgets: createBudgetTable(db),
    idempotency: createIdempotencyTable(db),
    leases: createLeaseTable(db),
  };
}
