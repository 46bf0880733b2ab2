/** Transactions, and the pool that the workflow engine borrows. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { newResponse, type StoreCases } from './cases.ts';

export const transactionCases: StoreCases = {
  'a transaction keeps all of its changes or none': async (store) => {
    const kept = newResponse();
    const conversation = { id: `conv_${kept.id}`, keyId: null, metadata: {}, createdAtMs: 1 };
    const value = await store.transaction(async (tables) => {
      await tables.responses.create(kept);
      await tables.conversations.create(conversation);
      await tables.items.append(conversation.id, [{ id: 'm', direction: 'output', item: {} }], 1);
      return (await tables.events.append(kept.id, 0, [{ type: 'a', payload: {} }], 1)).kind;
    });
    assert.equal(value, 'appended');
    assert.deepEqual(await store.responses.load(kept.id), kept);

    const lost = newResponse();
    const work = store.transaction(async (tables) => {
      await tables.responses.create(lost);
      await tables.items.append(conversation.id, [{ id: 'n', direction: 'output', item: {} }], 1);
      throw new RangeError('changed my mind');
    });
    await assert.rejects(work, RangeError);
    assert.equal(await store.responses.load(lost.id), undefined);
    assert.equal(await store.items.load(conversation.id, 'n'), undefined);
  },

  'what a transaction has not committed nobody else sees': async (store) => {
    const row = newResponse();
    const reader = Promise.withResolvers<unknown>();
    await store.transaction(async (tables) => {
      await tables.responses.create(row);
      // A server answers at once, an embedded store after the transaction: the row must not come half way.
      const reading = store.events.append(row.id, 0, [{ type: 'a', payload: {} }], 1);
      reading.then(reader.resolve, reader.reject);
      if (store.kind === 'postgres') await reading;
    });
    const outcome = await reader.promise;
    const expected =
      store.kind === 'pglite' ? { kind: 'appended', nextSequenceNumber: 1 } : { kind: 'not-found' };
    assert.deepEqual(outcome, expected);
  },

  'many callers at once all get their own answer': async (store) => {
    const { rows } = await store.pool.query<{ pid: number }>('SELECT 7 AS pid');
    assert.deepEqual(rows, [{ pid: 7 }]);
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => (await store.pool.query('SELECT $1::int AS n', [n])).rows),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 100 }, (_, n) => [{ n }]),
    );
  },

  'clients of the pool have their own transactions, statements and notifications': async (store) => {
    const [a, b] = [await store.pool.connect(), await store.pool.connect()];
    try {
      const heard: string[] = [];
      a.on('notification', (message) => heard.push(`a ${message.channel} ${message.payload}`));
      b.on('notification', (message) => heard.push(`b ${message.channel} ${message.payload}`));
      await a.query('LISTEN alarm');
      await b.query("NOTIFY alarm, 'fire'");
      await b.query("NOTIFY other, 'calm'");
      assert.deepEqual((await a.query({ name: 'same', text: 'SELECT 1 AS x' })).rows, [{ x: 1 }]);
      assert.deepEqual((await b.query({ name: 'same', text: 'SELECT 2 AS y' })).rows, [{ y: 2 }]);
      assert.deepEqual((await a.query({ name: 'same', text: 'SELECT 1 AS x' })).rows, [{ x: 1 }]);

      await a.query('BEGIN');
      await assert.rejects(a.query('SELECT nonsense'), { code: '42703' });
      await assert.rejects(a.query('SELECT 1'), { code: '25P02' });
      const waiting = b.query('SELECT 3 AS z');
      await a.query('ROLLBACK');
      assert.deepEqual((await waiting).rows, [{ z: 3 }]);
      await wait(30);
      assert.deepEqual(heard, ['a alarm fire']);
      await a.query('UNLISTEN alarm');
      await b.query('NOTIFY alarm');
      await wait(30);
      assert.equal(heard.length, 1);
    } finally {
      a.release(true);
      b.release();
    }
  },

  'a client that is thrown away in the middle of a transaction blocks nobody': async (store) => {
    const client = await store.pool.connect();
    await client.query('BEGIN');
    await client.query('CREATE TABLE gradus.thrown_away (a int)');
    client.release(true);
    const { rows } = await store.pool.query(`SELECT to_regclass('gradus.thrown_away') AS found`);
    assert.deepEqual(rows, [{ found: null }]);
  },

  'check says that the database answers': async (store) => {
    await store.check();
  },
};
