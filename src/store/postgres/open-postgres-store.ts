/** The store of many machines: a Postgres server that the owner runs. */
import pg from 'pg';
import type { Clock } from '../../kernel/clock.ts';
import { createSqlStore } from '../sql-store.ts';
import type { Store } from '../store.ts';

export interface PostgresStoreOptions {
  /** `postgresql://user:password@host:port/database`. */
  readonly url: string;
  readonly clock: Clock;
  /** Connections at most (default 20). */
  readonly maxConnections?: number;
  /** How long a request waits for a database that is away (default 40,000). */
  readonly patienceMs?: number;
}

/** Connects and migrates. Throws 'database-unavailable' when the server does not answer in time. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 20,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: 'gradus',
    idle_in_transaction_session_timeout: 60_000,
  });
  // An idle connection that breaks is replaced by the next that is needed; without a listener it would end the process.
  pool.on('error', () => undefined);
  return createSqlStore({
    kind: 'postgres',
    pool,
    clock: options.clock,
    patienceMs: options.patienceMs ?? 40_000,
    maxWaiting: 1000,
    close: () => Promise.resolve(),
  });
}
