/** Budgets: reserve before, settle after. The check and the reservation are one statement under the rows' locks. */
import { sql, type Kysely, type RawBuilder, type Selectable } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { Database } from '../schema.ts';
import type { Amounts, BudgetRow, BudgetTable, Limits, ReserveOutcome } from '../store.ts';
import { inTransaction, toNullableNumber, toNumber } from './rows.ts';

export function createBudgetTable(db: Kysely<Database>): BudgetTable {
  return {
    async setLimits(id, limits) {
      const columns = toLimitColumns(limits);
      await db
        .insertInto('budgets')
        .values({ id, ...columns })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
        .execute();
    },

    load: (id) => load(db, id),

    async reserve(reservationId, budgetIds, amounts, nowMs) {
      checkAmounts(amounts);
      const ids = [...new Set(budgetIds)];
      const reservation = { id: reservationId, budgetIds: ids, amounts, nowMs };
      if (await tryToReserve(db, reservation)) return { kind: 'reserved' };
      return explain(db, reservation);
    },

    async settle(reservationId, spent) {
      checkAmounts(spent);
      const rows = await settle(db, reservationId, spent);
      const over = rows.find((row) => units.some((unit) => spent[unit] > row[unit]));
      if (over === undefined) return;
      throw new GradusError('internal', {
        message: `The step ${reservationId} used more than it had reserved: ${describe(spent)} of ${describe(over)}.`,
      });
    },

    async close(prefix) {
      return inTransaction(db, async (transaction) => {
        const { rows } = await sql<{ budget_id: string }>`
          WITH closed AS (
            DELETE FROM gradus.reservations WHERE starts_with(id, ${prefix})
            RETURNING budget_id, is_open, tokens, duration_ms, calls, micro_usd
          ), sums AS (
            SELECT budget_id, sum(tokens) AS tokens, sum(duration_ms) AS duration_ms, sum(calls) AS calls,
              sum(micro_usd) AS micro_usd
            FROM closed WHERE is_open GROUP BY budget_id
          ), given_back AS (
            UPDATE gradus.budgets AS budget SET
              reserved_tokens = reserved_tokens - sums.tokens,
              reserved_duration_ms = reserved_duration_ms - sums.duration_ms,
              reserved_calls = reserved_calls - sums.calls,
              reserved_micro_usd = reserved_micro_usd - sums.micro_usd
            FROM sums WHERE budget.id = sums.budget_id
          )
          SELECT budget_id FROM closed WHERE is_open
        `.execute(transaction);
        return rows.length;
      });
    },

    async delete(id) {
      return inTransaction(db, async (transaction) => {
        const result = await transaction.deleteFrom('budgets').where('id', '=', id).executeTakeFirst();
        await transaction.deleteFrom('reservations').where('budget_id', '=', id).execute();
        return result.numDeletedRows > 0n;
      });
    },
  };
}

interface Reservation {
  readonly id: string;
  readonly budgetIds: readonly string[];
  readonly amounts: Amounts;
  readonly nowMs: number;
}

/**
 * The rows are locked in the order of their ids, so that two reservations cannot wait for each other. A
 * reservation that exists already is kept as it is.
 */
async function tryToReserve(db: Kysely<Database>, reservation: Reservation): Promise<boolean> {
  const { id, budgetIds, amounts, nowMs } = reservation;
  const lacks = (unit: string, amount: number): RawBuilder<unknown> => sql`
    (${sql.ref(`limit_${unit}`)} IS NOT NULL AND
      ${sql.ref(`spent_${unit}`)} + ${sql.ref(`reserved_${unit}`)} + ${amount}::bigint > ${sql.ref(`limit_${unit}`)})`;
  const { rows } = await sql<{ reserved: string; known: string }>`
    WITH locked AS MATERIALIZED (
      SELECT * FROM gradus.budgets WHERE id = ANY(${budgetIds}::text[]) ORDER BY id FOR UPDATE
    ), verdict AS MATERIALIZED (
      SELECT count(*) = ${budgetIds.length}::bigint AND NOT coalesce(bool_or(
        ${lacks('tokens', amounts.tokens)} OR ${lacks('duration_ms', amounts.durationMs)} OR
        ${lacks('calls', amounts.calls)} OR ${lacks('micro_usd', amounts.microUsd)}
      ), false) AS fits FROM locked
    ), made AS (
      INSERT INTO gradus.reservations (id, budget_id, tokens, duration_ms, calls, micro_usd, created_at_ms)
      SELECT ${id}, locked.id, ${amounts.tokens}::bigint, ${amounts.durationMs}::bigint,
        ${amounts.calls}::bigint, ${amounts.microUsd}::bigint, ${nowMs}::bigint
      FROM locked, verdict WHERE verdict.fits
      ON CONFLICT (id, budget_id) DO NOTHING
      RETURNING budget_id
    ), held AS (
      UPDATE gradus.budgets AS budget SET
        reserved_tokens = reserved_tokens + ${amounts.tokens}::bigint,
        reserved_duration_ms = reserved_duration_ms + ${amounts.durationMs}::bigint,
        reserved_calls = reserved_calls + ${amounts.calls}::bigint,
        reserved_micro_usd = reserved_micro_usd + ${amounts.microUsd}::bigint
      FROM made WHERE budget.id = made.budget_id
      RETURNING budget.id
    )
    SELECT (SELECT count(*) FROM held) AS reserved,
      (SELECT count(*) FROM gradus.reservations WHERE id = ${id} AND budget_id = ANY(${budgetIds}::text[])) AS known
  `.execute(db);
  const row = rows[0];
  return row !== undefined && toNumber(row.reserved) + toNumber(row.known) >= budgetIds.length;
}

async function explain(db: Kysely<Database>, reservation: Reservation): Promise<ReserveOutcome> {
  for (const budgetId of reservation.budgetIds) {
    const budget = await load(db, budgetId);
    if (budget === undefined) return { kind: 'not-found', budgetId };
    for (const unit of units) {
      const limit = budget.limits[unit];
      const after = budget.spent[unit] + budget.reserved[unit] + reservation.amounts[unit];
      if (limit !== null && after > limit) return { kind: 'exceeded', budgetId, unit };
    }
  }
  // Room was made between the refusal and this look: the caller's next try decides.
  const budgetId = reservation.budgetIds[0] ?? '';
  return { kind: 'exceeded', budgetId, unit: 'tokens' };
}

/** Returns what had been reserved, for reservations that were open until now. */
async function settle(db: Kysely<Database>, id: string, spent: Amounts): Promise<readonly Amounts[]> {
  const used = (unit: string, amount: number): RawBuilder<unknown> =>
    sql`least(${sql.ref(`settled.${unit}`)}, ${amount}::bigint)`;
  const { rows } = await sql<Record<'tokens' | 'duration_ms' | 'calls' | 'micro_usd', string>>`
    WITH locked AS MATERIALIZED (
      SELECT id FROM gradus.budgets
      WHERE id IN (SELECT budget_id FROM gradus.reservations WHERE id = ${id}) ORDER BY id FOR UPDATE
    ), settled AS (
      UPDATE gradus.reservations SET is_open = false
      FROM locked WHERE gradus.reservations.id = ${id} AND budget_id = locked.id AND is_open
      RETURNING budget_id, tokens, duration_ms, calls, micro_usd
    ), kept AS (
      UPDATE gradus.budgets AS budget SET
        reserved_tokens = reserved_tokens - settled.tokens,
        reserved_duration_ms = reserved_duration_ms - settled.duration_ms,
        reserved_calls = reserved_calls - settled.calls,
        reserved_micro_usd = reserved_micro_usd - settled.micro_usd,
        spent_tokens = spent_tokens + ${used('tokens', spent.tokens)},
        spent_duration_ms = spent_duration_ms + ${used('duration_ms', spent.durationMs)},
        spent_calls = spent_calls + ${used('calls', spent.calls)},
        spent_micro_usd = spent_micro_usd + ${used('micro_usd', spent.microUsd)}
      FROM settled WHERE budget.id = settled.budget_id
    )
    SELECT tokens, duration_ms, calls, micro_usd FROM settled
  `.execute(db);
  return rows.map((row) => ({
    tokens: toNumber(row.tokens),
    durationMs: toNumber(row.duration_ms),
    calls: toNumber(row.calls),
    microUsd: toNumber(row.micro_usd),
  }));
}

const units = ['tokens', 'durationMs', 'calls', 'microUsd'] as const satisfies (keyof Amounts)[];

function checkAmounts(amounts: Amounts): void {
  for (const unit of units) {
    if (!Number.isSafeInteger(amounts[unit]) || amounts[unit] < 0) {
      throw new GradusError('internal', { message: `${unit} is ${amounts[unit]}, expected a whole number.` });
    }
  }
}

function describe(amounts: Amounts): string {
  return units.map((unit) => `${amounts[unit]} ${unit}`).join(', ');
}

async function load(db: Kysely<Database>, id: string): Promise<BudgetRow | undefined> {
  const row = await db.selectFrom('budgets').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toRow(row);
}

function toRow(columns: Selectable<Database['budgets']>): BudgetRow {
  return {
    id: columns.id,
    limits: {
      tokens: toNullableNumber(columns.limit_tokens),
      durationMs: toNullableNumber(columns.limit_duration_ms),
      calls: toNullableNumber(columns.limit_calls),
      microUsd: toNullableNumber(columns.limit_micro_usd),
    },
    spent: {
      tokens: toNumber(columns.spent_tokens),
      durationMs: toNumber(columns.spent_duration_ms),
      calls: toNumber(columns.spent_calls),
      microUsd: toNumber(columns.spent_micro_usd),
    },
    reserved: {
      tokens: toNumber(columns.reserved_tokens),
      durationMs: toNumber(columns.reserved_duration_ms),
      calls: toNumber(columns.reserved_calls),
      microUsd: toNumber(columns.reserved_micro_usd),
    },
  };
}

function toLimitColumns(limits: Limits) {
  return {
    limit_tokens: limits.tokens,
    limit_duration_ms: limits.durationMs,
    limit_calls: limits.calls,
    limit_micro_usd: limits.microUsd,
  };
}
