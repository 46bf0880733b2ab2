/** The event log of a response: numbered from 0 without gaps, never changed, one writer at a time by compare and append. */
import { sql, type Kysely } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { Database } from '../schema.ts';
import type { AppendOutcome, EventTable, NewEvent } from '../store.ts';
import { isUniqueViolation, toJsonText, toNumber } from './rows.ts';

export function createEventTable(db: Kysely<Database>): EventTable {
  return {
    append: (responseId, expected, events, nowMs) => append(db, { responseId, expected, events, nowMs }),

    async read(responseId, from, limit) {
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
        throw new GradusError('invalid-request', { message: `limit is ${limit}, expected 1 to 1000.` });
      }
      const rows = await db
        .selectFrom('events')
        .select(['sequence_number', 'type', 'payload', 'created_at_ms'])
        .where('response_id', '=', responseId)
        .where('sequence_number', '>=', from)
        .orderBy('sequence_number')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        sequenceNumber: row.sequence_number,
        type: row.type,
        payload: row.payload,
        createdAtMs: toNumber(row.created_at_ms),
      }));
    },

    nextSequenceNumber: (responseId) => nextSequenceNumber(db, responseId),
  };
}

interface Batch {
  readonly responseId: string;
  readonly expected: number;
  readonly events: readonly NewEvent[];
  readonly nowMs: number;
}

/**
 * One statement. The response's row is locked against deletion; the batch goes in only when `expected` is
 * next; and of two writers that see the same next number at once, the primary key lets one through.
 */
async function append(db: Kysely<Database>, batch: Batch): Promise<AppendOutcome> {
  const { responseId, expected, events, nowMs } = batch;
  const types = events.map((event) => event.type);
  const payloads = events.map((event) => toJsonText(event.payload));
  try {
    const result = await sql`
      WITH owner AS (SELECT id FROM gradus.responses WHERE id = ${responseId} FOR KEY SHARE),
      last AS (SELECT max(sequence_number) AS number FROM gradus.events WHERE response_id = ${responseId})
      INSERT INTO gradus.events (response_id, sequence_number, type, payload, created_at_ms)
      SELECT owner.id, ${expected}::integer + batch.place - 1, batch.type, batch.payload::json, ${nowMs}::bigint
      FROM owner, last, unnest(${types}::text[], ${payloads}::text[]) WITH ORDINALITY AS batch(type, payload, place)
      WHERE coalesce(last.number + 1, 0) = ${expected}::integer
    `.execute(db);
    if (result.numAffectedRows === BigInt(events.length) && events.length > 0) {
      return { kind: 'appended', nextSequenceNumber: expected + events.length };
    }
  } catch (error) {
    // Inside a transaction of the caller a violation has ended that transaction: it cannot go on.
    if (!isUniqueViolation(error) || db.isTransaction) throw error;
  }
  return explain(db, batch);
}

/** Why nothing was written. */
async function explain(db: Kysely<Database>, batch: Batch): Promise<AppendOutcome> {
  const owner = await db
    .selectFrom('responses')
    .select('id')
    .where('id', '=', batch.responseId)
    .executeTakeFirst();
  if (owner === undefined) return { kind: 'not-found' };
  const next = await nextSequenceNumber(db, batch.responseId);
  if (batch.events.length === 0 && next === batch.expected)
    return { kind: 'appended', nextSequenceNumber: next };
  return { kind: 'conflict', nextSequenceNumber: next };
}

async function nextSequenceNumber(db: Kysely<Database>, responseId: string): Promise<number> {
  const last = await db
    .selectFrom('events')
    .select('sequence_number')
    .where('response_id', '=', responseId)
    .orderBy('sequence_number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.sequence_number + 1;
}
