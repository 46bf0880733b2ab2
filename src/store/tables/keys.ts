/** Keys of the API: known by their hash only. */
import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../schema.ts';
import type { KeyRow, KeyTable } from '../store.ts';
import { conflict, isUniqueViolation, toJsonText, toNullableNumber, toNumber } from './rows.ts';

export function createKeyTable(db: Kysely<Database>): KeyTable {
  return {
    async create(row) {
      try {
        const columns = {
          id: row.id,
          name: row.name,
          hash: row.hash,
          hint: row.hint,
          limits: toJsonText(row.limits),
          created_at_ms: row.createdAtMs,
          revoked_at_ms: row.revokedAtMs,
        };
        await db.insertInto('keys').values(columns).execute();
      } catch (error) {
        throw isUniqueViolation(error) ? conflict(`The key ${row.id}`) : error;
      }
    },

    async findByHash(hash) {
      const row = await db.selectFrom('keys').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    async list() {
      const rows = await db.selectFrom('keys').selectAll().orderBy('created_at_ms').orderBy('id').execute();
      return rows.map((row) => toRow(row));
    },

    async revoke(id, nowMs) {
      const result = await db
        .updateTable('keys')
        .set({ revoked_at_ms: nowMs })
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
  };
}

function toRow(columns: Selectable<Database['keys']>): KeyRow {
  return {
    id: columns.id,
    name: columns.name,
    hash: columns.hash,
    hint: columns.hint,
    limits: columns.limits,
    createdAtMs: toNumber(columns.created_at_ms),
    revokedAtMs: toNullableNumber(columns.revoked_at_ms),
  };
}
