/** Conversations: a list of items with a name, kept until its owner deletes it. */
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from '../schema.ts';
import type { ConversationRow, ConversationTable } from '../store.ts';
import { comparison, cursorNotFound, planPage, toPage } from './page.ts';
import { conflict, inTransaction, isUniqueViolation, toMetadataText, toNumber } from './rows.ts';

export function createConversationTable(db: Kysely<Database>): ConversationTable {
  return {
    async create(row) {
      try {
        await inTransaction(db, async (transaction) => {
          const columns = {
            id: row.id,
            key_id: row.keyId,
            metadata: toMetadataText(row.metadata),
            created_at_ms: row.createdAtMs,
          };
          await transaction.insertInto('conversations').values(columns).execute();
          await transaction.insertInto('item_lists').values({ owner_id: row.id, next_position: 0 }).execute();
        });
      } catch (error) {
        throw isUniqueViolation(error) ? conflict(`The conversation ${row.id}`) : error;
      }
    },

    async load(id) {
      const row = await db.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    async setMetadata(id, metadata) {
      const row = await db
        .updateTable('conversations')
        .set({ metadata: toMetadataText(metadata) })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    async list(keyId, page) {
      const plan = planPage(page);
      let query = db.selectFrom('conversations').selectAll();
      if (keyId !== undefined) query = query.where('key_id', '=', keyId);
      if (plan.cursor !== undefined) {
        const at = await db
          .selectFrom('conversations')
          .select(['created_at_ms', 'id'])
          .where('id', '=', plan.cursor)
          .executeTakeFirst();
        if (at === undefined) throw cursorNotFound(plan.cursor);
        query = query.where(
          sql<boolean>`(created_at_ms, id) ${comparison(plan.direction)} (${at.created_at_ms}::bigint, ${at.id})`,
        );
      }
      const rows = await query
        .orderBy('created_at_ms', plan.direction)
        .orderBy('id', plan.direction)
        .limit(plan.fetchRows)
        .execute();
      return toPage(rows, page, toRow);
    },

    async delete(id) {
      return inTransaction(db, async (transaction) => {
        const result = await transaction.deleteFrom('conversations').where('id', '=', id).executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await transaction.deleteFrom('items').where('owner_id', '=', id).execute();
        await transaction.deleteFrom('item_lists').where('owner_id', '=', id).execute();
        return true;
      });
    },
  };
}

function toRow(columns: Selectable<Database['conversations']>): ConversationRow {
  return {
    id: columns.id,
    keyId: columns.key_id,
    metadata: columns.metadata,
    createdAtMs: toNumber(columns.created_at_ms),
  };
}
