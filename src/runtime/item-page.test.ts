/** Pages of a list in memory follow the store's rules: both orders, both cursors, and whether there is more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pageOf } from './item-page.ts';

const all = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

describe('a page of a list', () => {
  test('starts after one id, ends before another, in either order', () => {
    const ids = (page: Parameters<typeof pageOf>[1]): string =>
      `${pageOf(all, page)
        .data.map(({ id }) => id)
        .join('')}${pageOf(all, page).hasMore ? '+' : ''}`;
    assert.equal(ids({ limit: 2, order: 'asc' }), 'ab+');
    assert.equal(ids({ limit: 2, order: 'asc', after: 'b' }), 'cd');
    assert.equal(ids({ limit: 2, order: 'asc', before: 'd' }), 'bc+');
    assert.equal(ids({ limit: 3, order: 'desc', after: 'd' }), 'cba');
  });

  test('refuses an id that is not in the list', () => {
    assert.throws(() => pageOf(all, { limit: 1, order: 'asc', after: 'x' }), { code: 'not-found' });
  });
});
