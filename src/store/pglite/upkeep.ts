/**
 * An embedded Postgres has no background processes, so nobody removes dead rows or counts live ones for the
 * planner. This does what autovacuum would, with its rules, one table at a time.
 */
import type { Pool } from 'pg';
import type { Clock } from '../../kernel/clock.ts';

const intervalMs = 60_000;

export interface UpkeepOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** Told of a look that failed: upkeep that fails costs speed, not rows. */
  readonly onTrouble: (error: unknown) => void;
}

/** Looks once a minute until it is disposed; then it waits for the work under way. */
export function startUpkeep(options: UpkeepOptions): AsyncDisposable {
  const stopping = new AbortController();
  const loop = run(options, stopping.signal);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await loop;
    },
  };
}

/** One look: vacuums each table that has changed enough; returns their names. */
export async function tidy(pool: Pool): Promise<readonly string[]> {
  // The counts are brought up to date at most once a second otherwise.
  await pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ name: string }>(`
    SELECT format('%I.%I', schemaname, stats.relname) AS name
    FROM pg_stat_user_tables AS stats JOIN pg_class ON pg_class.oid = relid
    WHERE n_dead_tup > 1000 + 0.1 * greatest(reltuples, 0)
      OR n_mod_since_analyze > 1000 + 0.1 * greatest(reltuples, 0)
    ORDER BY n_dead_tup DESC`);
  // The names come quoted from the database itself; VACUUM takes no parameters.
  for (const { name } of rows) await pool.query(`VACUUM (ANALYZE) ${name}`);
  return rows.map((row) => row.name);
}

async function run(options: UpkeepOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await options.clock.sleep(intervalMs, signal);
    } catch {
      return;
    }
    try {
      await tidy(options.pool);
    } catch (error) {
      options.onTrouble(error);
    }
  }
}
