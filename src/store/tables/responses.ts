/** Responses: one row each, found by id, listed by time with filters that all have an index. */
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from '../schema.ts';
import type { PageQuery, ResponseChange, ResponseFilter, ResponseRow, ResponseTable } from '../store.ts';
import { comparison, cursorNotFound, planPage, toPage } from './page.ts';
import {
  conflict,
  inTransaction,
  isUniqueViolation,
  toJsonText,
  toMetadataText,
  toNullableNumber,
  toNumber,
} from './rows.ts';

export function createResponseTable(db: Kysely<Database>): ResponseTable {
  return {
    async create(row) {
      try {
        await inTransaction(db, async (transaction) => {
          await transaction.insertInto('responses').values(toColumns(row)).execute();
          await transaction.insertInto('item_lists').values({ owner_id: row.id, next_position: 0 }).execute();
        });
      } catch (error) {
        throw isUniqueViolation(error) ? conflict(`The response ${row.id}`) : error;
      }
    },

    async load(id) {
      const row = await db.selectFrom('responses').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    async update(id, change, onlyFrom) {
      const row = await db
        .updateTable('responses')
        .set(toChangedColumns(change))
        .where('id', '=', id)
        .$if(onlyFrom !== undefined, (query) => query.where('status', 'in', onlyFrom ?? []))
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : toRow(row);
    },

    list: (filter, page) => list(db, filter, page),

    async delete(id) {
      return inTransaction(db, async (transaction) => {
        const result = await transaction.deleteFrom('responses').where('id', '=', id).executeTakeFirst();
        await transaction.deleteFrom('events').where('response_id', '=', id).execute();
        await transaction.deleteFrom('items').where('owner_id', '=', id).execute();
        await transaction.deleteFrom('item_lists').where('owner_id', '=', id).execute();
        return result.numDeletedRows > 0n;
      });
    },
  };
}

async function list(
  db: Kysely<Database>,
  filter: ResponseFilter,
  page: PageQuery,
): ReturnType<ResponseTable['list']> {
  const plan = planPage(page);
  let query = db.selectFrom('responses').selectAll();
  if (filter.includeUnstored !== true) query = query.where('is_stored', '=', true);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.keyId !== undefined) query = query.where('key_id', '=', filter.keyId);
  if (filter.conversationId !== undefined) {
    query = query.where('conversation_id', '=', filter.conversationId);
  }
  if (filter.parentId !== undefined) query = query.where('parent_id', '=', filter.parentId);
  if (filter.model !== undefined) query = query.where('model', '=', filter.model);
  if (filter.statuses !== undefined) query = query.where('status', 'in', filter.statuses);
  if (filter.metadata !== undefined && Object.keys(filter.metadata).length > 0) {
    // The second condition lets the planner use the index, which leaves empty metadata out.
    query = query
      .where(sql<boolean>`metadata @> ${toMetadataText(filter.metadata)}::jsonb`)
      .where(sql<boolean>`metadata <> '{}'`);
  }
  if (plan.cursor !== undefined) {
    const at = await db
      .selectFrom('responses')
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
}

type Columns = Selectable<Database['responses']>;

function toRow(columns: Columns): ResponseRow {
  return {
    id: columns.id,
    kind: columns.kind,
    status: columns.status,
    model: columns.model,
    level: columns.level,
    request: columns.request,
    snapshot: columns.snapshot,
    conversationId: columns.conversation_id,
    previousResponseId: columns.previous_response_id,
    parentId: columns.parent_id,
    keyId: columns.key_id,
    isBackground: columns.is_background,
    isStored: columns.is_stored,
    metadata: columns.metadata,
    spend: columns.spend,
    createdAtMs: toNumber(columns.created_at_ms),
    startedAtMs: toNullableNumber(columns.started_at_ms),
    finishedAtMs: toNullableNumber(columns.finished_at_ms),
  };
}

function toColumns(row: ResponseRow) {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    model: row.model,
    level: row.level,
    request: toJsonText(row.request),
    snapshot: row.snapshot === null ? null : toJsonText(row.snapshot),
    conversation_id: row.conversationId,
    previous_response_id: row.previousResponseId,
    parent_id: row.parentId,
    key_id: row.keyId,
    is_background: row.isBackground,
    is_stored: row.isStored,
    metadata: toMetadataText(row.metadata),
    spend: toJsonText(row.spend),
    created_at_ms: row.createdAtMs,
    started_at_ms: row.startedAtMs,
    finished_at_ms: row.finishedAtMs,
  };
}

function toChangedColumns(change: ResponseChange) {
  return {
    // A change of nothing is still a valid statement, and says whether the row is there.
    id: sql<string>`id`,
    ...(change.status === undefined ? {} : { status: change.status }),
    ...(change.snapshot === undefined ? {} : { snapshot: toJsonText(change.snapshot) }),
    ...(change.metadata === undefined ? {} : { metadata: toMetadataText(change.metadata) }),
    ...(change.spend === undefined ? {} : { spend: toJsonText(change.spend) }),
    ...(change.startedAtMs === undefined ? {} : { started_at_ms: change.startedAtMs }),
    ...(change.finishedAtMs === undefined ? {} : { finished_at_ms: change.finishedAtMs }),
  };
}
