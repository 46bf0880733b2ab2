/** Backup and restore: between both kinds of store, whole or not at all, in memory that does not grow. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { backup } from '../../src/store/backup/backup.ts';
import { restore } from '../../src/store/backup/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import {
  createPgliteStoreMaker,
  createPostgresStoreMaker,
  type StoreMaker,
} from '../../src/testing/temporary-store.ts';
import { newResponse } from './contract/cases.ts';

const clock = createFakeClock();
const awkward = { text: 'NUL \0, half \ud800, "quote" \\ \n \t 🦆', list: [1, null, true] };

async function fill(store: Store): Promise<string> {
  const row = newResponse({ request: awkward, metadata: { a: 'back\\slash "q"' }, keyId: 'key_1' });
  await store.responses.create(row);
  await store.items.append(row.id, [{ id: 'm', direction: 'input', item: awkward }], 5);
  const events = Array.from({ length: 3000 }, (_, n) => ({ type: `t${n}`, payload: { ...awkward, n } }));
  await store.events.append(row.id, 0, events, 6);
  await store.conversations.create({ id: 'conv_1', keyId: null, metadata: {}, createdAtMs: 1 });
  await store.keys.create({
    id: 'key_1',
    name: 'é',
    hash: 'h',
    hint: 'x',
    limits: {},
    createdAtMs: 1,
    revokedAtMs: 2,
  });
  await store.budgets.setLimits('key_1', {
    tokens: 9_007_199_254_740_991,
    durationMs: null,
    calls: null,
    microUsd: null,
  });
  await store.budgets.reserve('r', ['key_1'], { tokens: 5, durationMs: 0, calls: 1, microUsd: 0 }, 1);
  await store.leases.acquire('x', 'machine', 1000);
  await store.idempotency.claim({
    keyId: '',
    key: 'k',
    requestHash: 'h',
    responseId: row.id,
    nowMs: 1,
    expiresAtMs: 2,
  });
  return row.id;
}

/** All rows that a backup keeps, as the contract shows them. */
async function read(store: Store, id: string): Promise<unknown> {
  const events = [];
  for (let from = 0; from < 4000; from += 1000) events.push(...(await store.events.read(id, from, 1000)));
  return {
    response: await store.responses.load(id),
    items: await store.items.list(id, { limit: 10, order: 'asc' }),
    events,
    conversation: await store.conversations.load('conv_1'),
    keys: await store.keys.list(),
    budget: await store.budgets.load('key_1'),
    claim: await store.idempotency.claim({
      keyId: '',
      key: 'k',
      requestHash: 'h',
      responseId: 'new',
      nowMs: 1,
      expiresAtMs: 2,
    }),
  };
}

describe('backup and restore', { timeout: 280_000 }, () => {
  let makers: readonly StoreMaker[];
  before(async () => {
    makers = [createPgliteStoreMaker(), await createPostgresStoreMaker()];
  });
  after(async () => {
    for (const maker of makers) await maker[Symbol.asyncDispose]();
  });

  it('every row comes back, on the same kind of store and on the other', async () => {
    await using folder = openTemporaryFolder();
    for (const from of makers) {
      const file = join(folder.path, `${from.kind}.backup`);
      await using source = await from.open();
      const id = await fill(source);
      const report = await backup(source, file, { clock });
      assert.equal(report.rows, 3009);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const rows = await read(source, id);
      for (const to of makers) {
        await using target = await to.open();
        assert.deepEqual(await restore(target, file), report);
        assert.deepEqual(await read(target, id), rows);
        assert.deepEqual(await target.leases.listExpired(10), []);
      }
    }
  });

  it('rows of another schema go along, after the rows that they need, and numbers go on behind them', async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'b');
    const schemas = [{ schema: 'engine', skip: ['facts'] }];
    const create = async (store: Store): Promise<void> => {
      await store.pool.query('CREATE SCHEMA engine');
      await store.pool.query(
        'CREATE TABLE engine.z (id bigserial PRIMARY KEY, raw bytea, at timestamptz, big numeric)',
      );
      await store.pool.query('CREATE TABLE engine.a (z bigint REFERENCES engine.z, "odd Name" text)');
      await store.pool.query('CREATE TABLE engine.facts (a int)');
    };
    const [pglite, postgres] = makers;
    assert.ok(pglite !== undefined && postgres !== undefined);
    await using source = await postgres.open();
    await create(source);
    await source.pool.query(
      `INSERT INTO engine.z (raw, at, big) VALUES ('\\x00ff', '2026-01-02T03:04:05.678901+02', 1e40)`,
    );
    await source.pool.query(`INSERT INTO engine.a VALUES (1, NULL), (1, 'x')`);
    await source.pool.query('INSERT INTO engine.facts VALUES (1)');
    await backup(source, file, { clock, schemas });
    await using target = await pglite.open();
    await assert.rejects(restore(target, file), {
      code: 'invalid-request',
      message: /engine\.z, which is not here/,
    });
    await create(target);
    assert.equal((await restore(target, file, { schemas })).rows, 3);
    for (const sql of ['SELECT * FROM engine.z', 'SELECT * FROM engine.a ORDER BY 2']) {
      assert.deepEqual((await target.pool.query(sql)).rows, (await source.pool.query(sql)).rows);
    }
    assert.deepEqual((await target.pool.query('SELECT * FROM engine.facts')).rows, []);
    const { rows } = await target.pool.query('INSERT INTO engine.z DEFAULT VALUES RETURNING id');
    assert.deepEqual(rows, [{ id: '2' }]);
  });

  it('a store with rows is refused and stays as it is, and so is a file that exists', async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'b');
    const maker = makers[1];
    assert.ok(maker !== undefined);
    await using source = await maker.open();
    const id = await fill(source);
    await backup(source, file, { clock });
    await assert.rejects(backup(source, file, { clock }), { code: 'conflict' });
    await assert.rejects(restore(source, file), { code: 'conflict', message: /not empty/ });
    assert.ok(await source.responses.load(id));
    await assert.rejects(backup(source, join(folder.path, 'c'), { clock, signal: AbortSignal.abort() }));
    assert.equal(existsSync(join(folder.path, 'c.unfinished')), false);
  });

  it('a file that was cut, changed, or made by something else or newer restores nothing', async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'b');
    const maker = makers[1];
    assert.ok(maker !== undefined);
    await using source = await maker.open();
    const id = await fill(source);
    await backup(source, file, { clock });
    const bytes = readFileSync(file);
    const text = gunzipSync(bytes).toString('utf8');
    const lines = text.trimEnd().split('\n');
    const broken: Record<string, Buffer> = {
      cut: bytes.subarray(0, bytes.length - 100),
      'without its end': gzipSync(lines.slice(0, -1).join('\n')),
      'with a row less': gzipSync([...lines.slice(0, 40), ...lines.slice(41)].join('\n')),
      'with another word': gzipSync(text.replace('t17', 't18')),
      'of something else': gzipSync('{"format":"other"}\n'),
      'of a newer kind': gzipSync(text.replace('"version":1', '"version":2')),
      'not packed': Buffer.from(text),
      empty: Buffer.alloc(0),
    };
    await using target = await maker.open();
    for (const [what, content] of Object.entries(broken)) {
      writeFileSync(file, content);
      await assert.rejects(restore(target, file), { code: 'invalid-request' }, what);
    }
    writeFileSync(file, gzipSync(text.replace(/"schemaVersion":\d+/, '"schemaVersion":999')));
    await assert.rejects(restore(target, file), { code: 'database-too-new' });
    assert.equal(await target.responses.load(id), undefined);
    writeFileSync(file, bytes);
    await restore(target, file);
    assert.ok(await target.responses.load(id));
  });

  it('large rows do not gather in memory', async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'b');
    const maker = makers[1];
    assert.ok(maker !== undefined);
    await using source = await maker.open();
    const row = newResponse();
    await source.responses.create(row);
    await source.pool.query(
      `INSERT INTO gradus.events SELECT $1, n, 't', to_json(repeat(md5(n::text), 30000)), 1 FROM generate_series(0, 249) n`,
      [row.id],
    );
    await using target = await maker.open();
    let peakBytes = 0;
    const startBytes = process.memoryUsage.rss();
    const watch = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 5);
    await backup(source, file, { clock });
    await restore(target, file);
    clearInterval(watch);
    assert.equal(await target.events.nextSequenceNumber(row.id), 250);
    // 240 MB of rows went out and in again.
    assert.ok(peakBytes - startBytes < 150e6, `${(peakBytes - startBytes) / 1e6} MB more`);
  });
});
