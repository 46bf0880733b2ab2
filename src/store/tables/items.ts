/** Items: the numbered input and output of a response, or the contents of a conversation. */
import { sql, type Kysely, type Selectable } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { Database } from '../schema.ts';
import type { ItemRow, ItemTable } from '../store.ts';
import { comparison, cursorNotFound, planPage, toPage } from './page.ts';
import { conflict, inTransaction, isUniqueViolation, toJsonText, toNumber } from './rows.ts';

export function createItemTable(db: Kysely<Database>): ItemTable {
  return {
    async append(ownerId, items, nowMs) {
      try {
        return await inTransaction(db, (transaction) => append(transaction, ownerId, items, nowMs));
      } catch (error) {
        throw isUniqueViolation(error) ? conflict(`One of the items in ${ownerId}`) : error;
      }
    },

    async load(ownerId, itemId) {
      const row = await db
        .selectFrom('items')
        .selectAll()
        .where('owner_id', '=', ownerId)
        .where('id', '=', itemId)
        .executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    async list(ownerId, page, direction) {
      const plan = planPage(page);
      let query = db.selectFrom('items').selectAll().where('owner_id', '=', ownerId);
      if (direction !== undefined) query = query.where('direction', '=', direction);
      if (plan.cursor !== undefined) {
        const at = await db
          .selectFrom('items')
          .select('position')
          .where('owner_id', '=', ownerId)
          .where('id', '=', plan.cursor)
          .executeTakeFirst();
        if (at === undefined) throw cursorNotFound(plan.cursor);
        query = query.where(sql<boolean>`position ${comparison(plan.direction)} ${at.position}`);
      }
      const rows = await query.orderBy('position', plan.direction).limit(plan.fetchRows).execute();
      return toPage(rows, page, toRow);
    },

    async delete(ownerId, itemId) {
      const result = await db
        .deleteFrom('items')
        .where('owner_id', '=', ownerId)
        .where('id', '=', itemId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}

/** The owner's counter is the lock: a second writer waits for it and gets the positions behind. */
async function append(
  transaction: Kysely<Database>,
  ownerId: string,
  items: Parameters<ItemTable['append']>[1],
  nowMs: number,
): Promise<number> {
  const counter = await transaction
    .updateTable('item_lists')
    .set({ next_position: sql<number>`next_position + ${items.length}::integer` })
    .where('owner_id', '=', ownerId)
    .returning('next_position')
    .executeTakeFirst();
  if (counter === undefined) {
    throw new GradusError('not-found', { message: `There is no "${ownerId}" to add items to.` });
  }
  const first = counter.next_position - items.length;
  for (let start = 0; start < items.length; start += rowsPerStatement) {
    const rows = items.slice(start, start + rowsPerStatement).map((item, index) => ({
      owner_id: ownerId,
      position: first + start + index,
      id: item.id,
      direction: item.direction,
      item: toJsonText(item.item),
      created_at_ms: nowMs,
    }));
    await transaction.insertInto('items').values(rows).execute();
  }
  return first;
}

/** A statement may have 65,535 parameters; an item takes six. */
const rowsPerStatement = 1000;

function toRow(columns: Selectable<Database['items']>): ItemRow {
  return {
    position: columns.position,
    id: columns.id,
    direction: columns.direction,
    item: columns.item,
    createdAtMs: toNumber(columns.created_at_ms),
  };
}
