/** Pages by key, never by offset: page 10,000 costs what page 1 costs. */
import { sql, type RawBuilder } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { Page, PageQuery } from '../store.ts';

/** How the rows of a page are fetched: in which direction, how many, and to be turned around or not. */
export interface PagePlan {
  readonly direction: 'asc' | 'desc';
  /** One more than the page holds, to learn whether there are more. */
  readonly fetchRows: number;
  /** The id that the page starts after, in `direction`. */
  readonly cursor?: string;
}

export function planPage(query: PageQuery): PagePlan {
  const { limit, order, after, before } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new GradusError('invalid-request', {
      message: `limit is ${limit}, expected 1 to 1000.`,
      param: 'limit',
    });
  }
  if (after !== undefined && before !== undefined) {
    throw new GradusError('invalid-request', { message: 'Give after or before, not both.', param: 'before' });
  }
  const backward = order === 'asc' ? 'desc' : 'asc';
  const cursor = after ?? before;
  return {
    direction: before === undefined ? order : backward,
    fetchRows: limit + 1,
    ...(cursor === undefined ? {} : { cursor }),
  };
}

export function toPage<Row, T>(rows: readonly Row[], query: PageQuery, toValue: (row: Row) => T): Page<T> {
  const data = rows.slice(0, query.limit).map((row) => toValue(row));
  if (query.before !== undefined) data.reverse();
  return { data, hasMore: rows.length > query.limit };
}

/** The comparison that keeps the rows behind the cursor. */
export function comparison(direction: 'asc' | 'desc'): RawBuilder<unknown> {
  return direction === 'asc' ? sql`>` : sql`<`;
}

export function cursorNotFound(id: string): GradusError {
  return new GradusError('not-found', { message: `There is no "${id}" to go on from.`, param: 'after' });
}
