/** Conversations, keys, idempotency and leases. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConversationRow, KeyRow } from '../../../src/store/store.ts';
import { ids, type StoreCases } from './cases.ts';

export const smallTableCases: StoreCases = {
  'a conversation is a list of items with metadata': async (store) => {
    const row: ConversationRow = {
      id: ids.create('conv'),
      keyId: ids.create('key'),
      metadata: { a: 'b' },
      createdAtMs: 3,
    };
    await store.conversations.create(row);
    await assert.rejects(store.conversations.create(row), { code: 'conflict' });
    assert.deepEqual(await store.conversations.load(row.id), row);
    assert.deepEqual(await store.conversations.setMetadata(row.id, {}), { ...row, metadata: {} });
    assert.equal(await store.conversations.setMetadata('conv_none', {}), undefined);
    await store.items.append(row.id, [{ id: 'm', direction: 'input', item: { x: 1 } }], 4);
    assert.equal((await store.items.load(row.id, 'm'))?.createdAtMs, 4);
    assert.equal(await store.conversations.delete(row.id), true);
    assert.equal(await store.conversations.delete(row.id), false);
    assert.equal(await store.items.load(row.id, 'm'), undefined);
  },

  'conversations are listed by key and page': async (store) => {
    const keyId = ids.create('key');
    const made = [0, 1, 2].map((n) => ({ id: ids.create('conv'), keyId, metadata: {}, createdAtMs: n }));
    for (const row of made) await store.conversations.create(row);
    const first = await store.conversations.list(keyId, { limit: 2, order: 'desc' });
    assert.deepEqual(first, { data: [made[2], made[1]], hasMore: true });
    const rest = await store.conversations.list(keyId, { limit: 2, order: 'desc', after: made[1]?.id ?? '' });
    assert.deepEqual(rest, { data: [made[0]], hasMore: false });
    await assert.rejects(store.conversations.list(keyId, { limit: 2, order: 'desc', after: 'x' }), {
      code: 'not-found',
    });
  },

  'a key is found by its hash, and revoked once': async (store) => {
    const row: KeyRow = {
      id: ids.create('key'),
      name: 'laptop',
      hash: ids.create('run'),
      hint: 'gr_abc',
      limits: { tokens: 5 },
      createdAtMs: 1,
      revokedAtMs: null,
    };
    await store.keys.create(row);
    await assert.rejects(store.keys.create({ ...row, id: ids.create('key') }), { code: 'conflict' });
    assert.deepEqual(await store.keys.findByHash(row.hash), row);
    assert.equal(await store.keys.findByHash('other'), undefined);
    assert.equal(await store.keys.revoke(row.id, 9), true);
    assert.equal(await store.keys.revoke(row.id, 10), false);
    const found = (await store.keys.list()).find((key) => key.id === row.id);
    assert.deepEqual(found, { ...row, revokedAtMs: 9 });
  },

  'of many equal requests with one idempotency key exactly one is new': async (store) => {
    const keyId = ids.create('key');
    const claim = { keyId, key: 'k', requestHash: 'h', nowMs: 100, expiresAtMs: 200 };
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, n) => store.idempotency.claim({ ...claim, responseId: `resp_${n}` })),
    );
    assert.equal(outcomes.filter((outcome) => outcome.kind === 'new').length, 1);
    const winner = outcomes.findIndex((outcome) => outcome.kind === 'new');
    for (const outcome of outcomes) {
      if (outcome.kind !== 'new') assert.deepEqual(outcome, { kind: 'seen', responseId: `resp_${winner}` });
    }
    assert.deepEqual(await store.idempotency.claim({ ...claim, requestHash: 'other', responseId: 'x' }), {
      kind: 'other-request',
      responseId: `resp_${winner}`,
    });
    assert.deepEqual(await store.idempotency.claim({ ...claim, keyId: '', responseId: 'x' }), {
      kind: 'new',
    });
    assert.deepEqual(
      await store.idempotency.claim({ ...claim, nowMs: 200, expiresAtMs: 300, responseId: 'late' }),
      {
        kind: 'new',
      },
    );
    assert.ok((await store.idempotency.deleteExpired(300)) >= 2);
  },

  'a lease has one holder, is renewed by it, and can be taken when it has ended': async (store) => {
    const resource = ids.create('run');
    const [a, b] = [ids.create('req'), ids.create('req')];
    const first = await store.leases.acquire(resource, a, 60_000);
    assert.equal(await store.leases.acquire(resource, b, 60_000), undefined);
    assert.deepEqual(await store.leases.acquire(resource, a, 300), first);
    assert.deepEqual(await store.leases.renewAll(a, 300), [resource]);
    assert.deepEqual(await store.leases.renewAll(b, 300), []);
    await wait(350);
    assert.deepEqual(
      (await store.leases.listExpired(100)).filter((lease) => lease.resource === resource),
      [first],
    );
    const second = await store.leases.acquire(resource, b, 60_000);
    assert.ok(first !== undefined && second !== undefined && second.epoch > first.epoch);
    assert.equal(await store.leases.release(resource, a), false);
    assert.equal(await store.leases.release(resource, b), true);
    const third = await store.leases.acquire(resource, a, 60_000);
    assert.ok(third !== undefined && third.epoch > second.epoch);
  },

  'of machines that want one lease exactly one gets it': async (store) => {
    const resource = ids.create('run');
    const got = await Promise.all(
      Array.from({ length: 10 }, (_, n) => store.leases.acquire(resource, `machine_${n}`, 60_000)),
    );
    assert.equal(got.filter((lease) => lease !== undefined).length, 1);
  },
};
