/** Idempotency keys: of several equal requests the first one does the work, the others are told which it is. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { IdempotencyTable } from '../store.ts';

export function createIdempotencyTable(db: Kysely<Database>): IdempotencyTable {
  return {
    async claim(claim) {
      // A row that has expired is as good as none; the conflict's lock decides between callers.
      const taken = await sql`
        INSERT INTO gradus.idempotency (key_id, key, request_hash, response_id, expires_at_ms)
        VALUES (${claim.keyId}, ${claim.key}, ${claim.requestHash}, ${claim.responseId}, ${claim.expiresAtMs})
        ON CONFLICT (key_id, key) DO UPDATE SET
          request_hash = excluded.request_hash,
          response_id = excluded.response_id,
          expires_at_ms = excluded.expires_at_ms
        WHERE gradus.idempotency.expires_at_ms <= ${claim.nowMs}
      `.execute(db);
      if (taken.numAffectedRows === 1n) return { kind: 'new' };
      const holder = await db
        .selectFrom('idempotency')
        .select(['request_hash', 'response_id'])
        .where('key_id', '=', claim.keyId)
        .where('key', '=', claim.key)
        .executeTakeFirst();
      // Cleared away in between: nobody holds it, so it can be claimed anew.
      if (holder === undefined) return this.claim(claim);
      const kind = holder.request_hash === claim.requestHash ? 'seen' : 'other-request';
      return { kind, responseId: holder.response_id };
    },

    async deleteExpired(nowMs) {
      const result = await db
        .deleteFrom('idempotency')
        .where('expires_at_ms', '<=', sql<string>`${nowMs}::bigint`)
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}
