/** Pages of a list that is in memory, by the same rules as the store's pages. */
import { GradusError } from '../kernel/errors.ts';
import type { Page, PageRequest } from './response-runs.ts';

export function pageOf<T extends { readonly id: string }>(all: readonly T[], page: PageRequest): Page<T> {
  const ordered = page.order === 'asc' ? all : all.toReversed();
  const from = page.after === undefined ? 0 : find(ordered, page.after) + 1;
  const to = page.before === undefined ? ordered.length : find(ordered, page.before);
  const range = ordered.slice(from, to);
  const isFromEnd = page.before !== undefined && page.after === undefined;
  return {
    data: isFromEnd ? range.slice(-page.limit) : range.slice(0, page.limit),
    hasMore: range.length > page.limit,
  };
}

function find(ordered: readonly { readonly id: string }[], id: string): number {
  const at = ordered.findIndex((entry) => entry.id === id);
  if (at < 0) throw new GradusError('not-found', { message: `There is no item "${id}" here.` });
  return at;
}
