/** Responses, their items, and the pages of both. */
import assert from 'node:assert/strict';
import type { NewItem, PageQuery, ResponseRow } from '../../../src/store/store.ts';
import { ids, newResponse, type StoreCases } from './cases.ts';

/** Text that databases like to damage: escapes, halves of characters, quotes, numbers beyond 2^53 as text. */
const awkward = { a: 'NUL \0, half \ud800, "quote" \\ \n', b: [1e300, -0.5, null, {}], c: 'é漢🦆' };

export const responseCases: StoreCases = {
  'a response comes back as it was stored': async (store) => {
    const row = newResponse({
      kind: 'chat',
      request: awkward,
      snapshot: awkward,
      conversationId: ids.create('conv'),
      previousResponseId: 'resp_x',
      parentId: 'resp_y',
      keyId: 'key_1',
      isBackground: true,
      metadata: { topic: 'ducks "\\', ключ: '🦆' },
      spend: { tokens: 12 },
      createdAtMs: 9_007_199_254_740_991,
      startedAtMs: 2,
      finishedAtMs: 3,
    });
    await store.responses.create(row);
    assert.deepEqual(await store.responses.load(row.id), row);
  },

  'an unknown id is no row': async (store) => {
    assert.equal(await store.responses.load('resp_none'), undefined);
    assert.equal(await store.responses.update('resp_none', { status: 'failed' }), undefined);
    assert.equal(await store.responses.delete('resp_none'), false);
  },

  'an id is given once': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    await assert.rejects(store.responses.create(row), { code: 'conflict' });
  },

  'a change touches the fields that it names, and only from the statuses that it names': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    const started = await store.responses.update(row.id, { status: 'in_progress', startedAtMs: 5 }, [
      'queued',
    ]);
    assert.deepEqual(started, { ...row, status: 'in_progress', startedAtMs: 5 });
    assert.equal(await store.responses.update(row.id, { status: 'in_progress' }, ['queued']), undefined);
    const change = { snapshot: awkward, metadata: { a: 'b' }, spend: { tokens: 3 }, finishedAtMs: 9 };
    assert.deepEqual(await store.responses.update(row.id, change), { ...started, ...change });
    assert.deepEqual(await store.responses.update(row.id, {}), { ...started, ...change });
  },

  'of two finishers one wins': async (store) => {
    const row = newResponse({ status: 'in_progress' });
    await store.responses.create(row);
    const outcomes = await Promise.all(
      (['completed', 'cancelled', 'failed'] as const).map((status) =>
        store.responses.update(row.id, { status }, ['in_progress']),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome !== undefined).length, 1);
  },

  'metadata that cannot be searched is refused by name': async (store) => {
    await assert.rejects(store.responses.create(newResponse({ metadata: { a: 'x\0' } })), {
      code: 'invalid-request',
    });
    await assert.rejects(store.responses.create(newResponse({ metadata: { a: '\ud800' } })), {
      code: 'invalid-request',
    });
  },

  'pages walk over all rows once, in both orders and both directions': async (store) => {
    const keyId = ids.create('key');
    const rows: ResponseRow[] = [];
    for (let i = 0; i < 7; i++) {
      // Two rows a millisecond, so that the id must decide.
      const row = newResponse({ keyId, createdAtMs: 1000 + Math.floor(i / 2) });
      await store.responses.create(row);
      rows.push(row);
    }
    rows.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    const sorted = rows.map((row) => row.id);
    const read = async (page: PageQuery): Promise<{ ids: readonly string[]; hasMore: boolean }> => {
      const { data, hasMore } = await store.responses.list({ kind: 'response', keyId }, page);
      return { ids: data.map((row) => row.id), hasMore };
    };
    assert.deepEqual(await read({ limit: 3, order: 'asc' }), { ids: sorted.slice(0, 3), hasMore: true });
    assert.deepEqual(await read({ limit: 3, order: 'asc', after: sorted[2] ?? '' }), {
      ids: sorted.slice(3, 6),
      hasMore: true,
    });
    assert.deepEqual(await read({ limit: 3, order: 'asc', after: sorted[5] ?? '' }), {
      ids: sorted.slice(6),
      hasMore: false,
    });
    assert.deepEqual(await read({ limit: 7, order: 'asc' }), { ids: sorted, hasMore: false });
    assert.deepEqual(await read({ limit: 3, order: 'asc', before: sorted[4] ?? '' }), {
      ids: sorted.slice(1, 4),
      hasMore: true,
    });
    assert.deepEqual(await read({ limit: 2, order: 'desc', after: sorted[6] ?? '' }), {
      ids: [sorted[5], sorted[4]],
      hasMore: true,
    });
    assert.deepEqual(await read({ limit: 2, order: 'desc', before: sorted[4] ?? '' }), {
      ids: [sorted[6], sorted[5]],
      hasMore: false,
    });
  },

  'a page that cannot be is refused': async (store) => {
    const list = (page: PageQuery): Promise<unknown> => store.responses.list({}, page);
    await assert.rejects(list({ limit: 0, order: 'asc' }), { code: 'invalid-request' });
    await assert.rejects(list({ limit: 1001, order: 'asc' }), { code: 'invalid-request' });
    await assert.rejects(list({ limit: 1, order: 'asc', after: 'a', before: 'b' }), {
      code: 'invalid-request',
    });
    await assert.rejects(list({ limit: 1, order: 'asc', after: 'resp_none' }), { code: 'not-found' });
  },

  'each filter narrows the list': async (store) => {
    const keyId = ids.create('key');
    const model = ids.create('run');
    const parentId = ids.create('run');
    const conversationId = ids.create('conv');
    const plain = newResponse({ keyId, createdAtMs: 1 });
    const chat = newResponse({ keyId, kind: 'chat', createdAtMs: 2, metadata: { team: 'a', more: 'b' } });
    const other = newResponse({ keyId, model, parentId, conversationId, status: 'failed', createdAtMs: 3 });
    const hidden = newResponse({ keyId, isStored: false, createdAtMs: 4 });
    for (const row of [plain, chat, other, hidden]) await store.responses.create(row);
    const read = async (filter: Parameters<typeof store.responses.list>[0]): Promise<readonly string[]> =>
      (await store.responses.list(filter, { limit: 10, order: 'asc' })).data.map((row) => row.id);
    assert.deepEqual(await read({ keyId }), [plain.id, chat.id, other.id]);
    assert.deepEqual(await read({ keyId, includeUnstored: true }), [plain.id, chat.id, other.id, hidden.id]);
    assert.deepEqual(await read({ keyId, kind: 'chat' }), [chat.id]);
    assert.deepEqual(await read({ keyId, metadata: { team: 'a' } }), [chat.id]);
    assert.deepEqual(await read({ keyId, metadata: { team: 'b' } }), []);
    assert.deepEqual(await read({ keyId, metadata: {} }), [plain.id, chat.id, other.id]);
    assert.deepEqual(await read({ model }), [other.id]);
    assert.deepEqual(await read({ parentId }), [other.id]);
    assert.deepEqual(await read({ conversationId }), [other.id]);
    assert.deepEqual(await read({ keyId, statuses: ['queued', 'failed'] }), [plain.id, chat.id, other.id]);
    assert.deepEqual(await read({ keyId, statuses: ['failed'] }), [other.id]);
  },

  'items keep their order, their direction and their text': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    const input: NewItem[] = [1, 2, 3].map((n) => ({
      id: `msg_${n}`,
      direction: 'input',
      item: { n, ...awkward },
    }));
    assert.equal(await store.items.append(row.id, input, 7), 0);
    assert.equal(await store.items.append(row.id, [{ id: 'out', direction: 'output', item: {} }], 8), 3);
    const page = await store.items.list(row.id, { limit: 2, order: 'desc' });
    assert.deepEqual(page, {
      data: [
        { position: 3, id: 'out', direction: 'output', item: {}, createdAtMs: 8 },
        { position: 2, id: 'msg_3', direction: 'input', item: { n: 3, ...awkward }, createdAtMs: 7 },
      ],
      hasMore: true,
    });
    const inputs = await store.items.list(row.id, { limit: 10, order: 'asc', after: 'msg_1' }, 'input');
    assert.deepEqual(
      inputs.data.map((item) => item.id),
      ['msg_2', 'msg_3'],
    );
    assert.equal((await store.items.load(row.id, 'msg_2'))?.position, 1);
    assert.equal(await store.items.load('resp_other', 'msg_2'), undefined);
    assert.equal(await store.items.delete(row.id, 'msg_2'), true);
    assert.equal(await store.items.delete(row.id, 'msg_2'), false);
    assert.equal(await store.items.append(row.id, [{ id: 'late', direction: 'output', item: {} }], 9), 4);
  },

  'items need an owner and ids of their own': async (store) => {
    const item: NewItem = { id: 'msg', direction: 'input', item: {} };
    await assert.rejects(store.items.append('resp_none', [item], 1), { code: 'not-found' });
    const row = newResponse();
    await store.responses.create(row);
    await store.items.append(row.id, [item], 1);
    await assert.rejects(store.items.append(row.id, [{ ...item, id: 'new' }, item], 1), { code: 'conflict' });
    const page = await store.items.list(row.id, { limit: 10, order: 'asc' });
    assert.deepEqual(
      page.data.map((entry) => entry.id),
      ['msg'],
    );
  },

  'items that many writers add at once get positions without gaps': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    await Promise.all(
      Array.from({ length: 20 }, (_, writer) =>
        store.items.append(
          row.id,
          [0, 1, 2].map((n) => ({ id: `i${writer}_${n}`, direction: 'output', item: {} })),
          1,
        ),
      ),
    );
    const page = await store.items.list(row.id, { limit: 100, order: 'asc' });
    assert.deepEqual(
      page.data.map((item) => item.position),
      Array.from({ length: 60 }, (_, n) => n),
    );
  },

  'a list of many thousand items is added in one call': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    const items: NewItem[] = Array.from({ length: 2500 }, (_, n) => ({
      id: `i${n}`,
      direction: 'input',
      item: { n },
    }));
    assert.equal(await store.items.append(row.id, items, 1), 0);
    const page = await store.items.list(row.id, { limit: 1000, order: 'asc', after: 'i1999' });
    assert.equal(page.data.length, 500);
  },

  'deleting a response takes its items and events with it': async (store) => {
    const row = newResponse();
    await store.responses.create(row);
    await store.items.append(row.id, [{ id: 'msg', direction: 'input', item: {} }], 1);
    await store.events.append(row.id, 0, [{ type: 'a', payload: {} }], 1);
    assert.equal(await store.responses.delete(row.id), true);
    assert.deepEqual((await store.items.list(row.id, { limit: 1, order: 'asc' })).data, []);
    assert.deepEqual(await store.events.read(row.id, 0, 1), []);
    assert.deepEqual(await store.events.append(row.id, 1, [{ type: 'b', payload: {} }], 1), {
      kind: 'not-found',
    });
  },
};
