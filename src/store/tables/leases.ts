/** Leases: a right to work on something that ends by itself when its holder dies. Time is the database's. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { LeaseTable } from '../store.ts';
import { toNumber } from './rows.ts';

export function createLeaseTable(db: Kysely<Database>): LeaseTable {
  return {
    async acquire(resource, holder, durationMs) {
      const { rows } = await sql<{ epoch: string }>`
        INSERT INTO gradus.leases AS lease (resource, holder, epoch, expires_at)
        VALUES (${resource}, ${holder}, nextval('gradus.lease_epochs'), ${end(durationMs)})
        ON CONFLICT (resource) DO UPDATE SET
          holder = excluded.holder,
          epoch = CASE WHEN lease.holder = excluded.holder THEN lease.epoch ELSE excluded.epoch END,
          expires_at = excluded.expires_at
        WHERE lease.holder = excluded.holder OR lease.expires_at <= clock_timestamp()
        RETURNING epoch
      `.execute(db);
      const row = rows[0];
      return row === undefined ? undefined : { resource, holder, epoch: toNumber(row.epoch) };
    },

    async renewAll(holder, durationMs) {
      const { rows } = await sql<{ resource: string }>`
        UPDATE gradus.leases SET expires_at = ${end(durationMs)} WHERE holder = ${holder} RETURNING resource
      `.execute(db);
      return rows.map((row) => row.resource);
    },

    async release(resource, holder) {
      const { numDeletedRows } = await db
        .deleteFrom('leases')
        .where('resource', '=', resource)
        .where('holder', '=', holder)
        .executeTakeFirst();
      return numDeletedRows === 1n;
    },

    async listExpired(limit) {
      const { rows } = await sql<{ resource: string; holder: string; epoch: string }>`
        SELECT resource, holder, epoch FROM gradus.leases
        WHERE expires_at <= clock_timestamp()
        ORDER BY expires_at, resource LIMIT ${limit}
      `.execute(db);
      return rows.map((row) => ({ ...row, epoch: toNumber(row.epoch) }));
    },
  };
}

function end(durationMs: number): ReturnType<typeof sql> {
  return sql`clock_timestamp() + ${durationMs}::double precision * interval '1 millisecond'`;
}
