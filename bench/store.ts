/**
 * What the store costs: `node bench/store.ts [--items 1000000] [--postgres]`. Prints one line a number:
 * memory of an idle process, a durable insert, and each operation on an empty and on a full store.
 * Takes about 3 minutes for a million items.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kysely, PostgresDialect } from 'kysely';
import { migrate, migrations } from '../src/store/migrations/migrate.ts';
import { openPgliteStore } from '../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../src/store/postgres/open-postgres-store.ts';
import type { Database } from '../src/store/schema.ts';
import type { ResponseRow, Store } from '../src/store/store.ts';
import { PostgresServer } from '../src/testing/postgres-server.ts';
import { createRealClock, createRealIds } from '../src/testing/real-clock.ts';
import { openTemporaryFolder } from '../src/testing/temporary-folder.ts';
import { pgliteTemplate } from '../src/testing/temporary-store.ts';

const clock = createRealClock();
const ids = createRealIds();
const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '1000000' },
    postgres: { type: 'boolean', default: false },
    /** For the child that measures itself while idle. */
    idle: { type: 'string' },
  },
});
const itemsPerResponse = 50;

if (values.idle === undefined) await main(Number(values.items), values.postgres);
else await idle(values.idle);

async function main(itemCount: number, isPostgres: boolean): Promise<void> {
  await using folder = openTemporaryFolder();
  await using server = isPostgres ? await PostgresServer.start({ isDurable: true }) : undefined;
  await using store =
    server === undefined
      ? await openPgliteStore({ folder: folder.path, clock, templateFolder: pgliteTemplate() })
      : await openPostgresStore({ url: await server.createDatabase(), clock });
  if (server === undefined) {
    await using home = openTemporaryFolder();
    const child = spawnSync(process.execPath, [import.meta.filename, '--idle', join(home.path, 'home')], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    console.log(child.stdout.trim());
  }
  const empty = await measure(store);
  await fill(store, itemCount);
  const full = await measure(store);
  for (const [name, emptyMs] of Object.entries(empty)) {
    const fullMs = full[name] ?? Number.NaN;
    console.log(
      `${name}: ${emptyMs.toFixed(2)} ms empty, ${fullMs.toFixed(2)} ms with ${itemCount} items, x ${(fullMs / emptyMs).toFixed(2)}`,
    );
  }
  await migrateFull(store);
}

async function idle(folder: string): Promise<void> {
  const startedMs = clock.monotonicMs();
  await using store = await openPgliteStore({ folder, clock });
  console.log(`first start, with making the database: ${Math.round(clock.monotonicMs() - startedMs)} ms`);
  for (let i = 0; i < 100; i++) await store.responses.create(newResponse(i));
  await clock.sleep(3000);
  console.log(`idle process with an open embedded store: ${Math.round(process.memoryUsage.rss() / 1e6)} MB`);
}

function newResponse(createdAtMs: number): ResponseRow {
  return {
    id: ids.create('resp'),
    kind: 'response',
    status: 'completed',
    model: 'm',
    level: 'chat',
    request: {},
    snapshot: {},
    conversationId: null,
    previousResponseId: null,
    parentId: null,
    keyId: 'key_1',
    isBackground: false,
    isStored: true,
    metadata: {},
    spend: {},
    createdAtMs,
    startedAtMs: 1,
    finishedAtMs: 2,
  };
}

/** Median of 200 calls each, in milliseconds. */
async function measure(store: Store): Promise<Readonly<Record<string, number>>> {
  const row = newResponse(clock.nowMs());
  await store.responses.create(row);
  let next = 0;
  const item = (): { id: string; direction: 'output'; item: object & { text: string } } => ({
    id: ids.create('msg'),
    direction: 'output',
    item: { text: 'x'.repeat(300) },
  });
  for (let i = 0; i < 100; i++) await store.items.append(row.id, [{ ...item(), item: { text: 'x' } }], 1);
  const last = (await store.items.list(row.id, { limit: 1, order: 'desc' })).data[0]?.id ?? '';
  const operations: Readonly<Record<string, () => Promise<unknown>>> = {
    'create a response': () => store.responses.create(newResponse(clock.nowMs())),
    'append an item': () => store.items.append(row.id, [{ ...item(), item: { text: 'x'.repeat(300) } }], 1),
    'append 10 events': async () => {
      const events = Array.from({ length: 10 }, () => ({ type: 'delta', payload: { delta: 'word' } }));
      const outcome = await store.events.append(row.id, next, events, 1);
      if (outcome.kind === 'appended') next = outcome.nextSequenceNumber;
    },
    'read a response': () => store.responses.load(row.id),
    'read an item': () => store.items.load(row.id, last),
    'list 20 items': () => store.items.list(row.id, { limit: 20, order: 'desc', after: last }),
    'list 20 responses': () =>
      store.responses.list({ kind: 'response', keyId: 'key_1' }, { limit: 20, order: 'desc' }),
    'read 100 events from the middle': () => store.events.read(row.id, Math.floor(next / 2), 100),
  };
  const medians: Record<string, number> = {};
  for (const [name, operation] of Object.entries(operations)) {
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const startedMs = clock.monotonicMs();
      await operation();
      times.push(clock.monotonicMs() - startedMs);
    }
    medians[name] = times.sort((a, b) => a - b)[100] ?? Number.NaN;
  }
  return medians;
}

/** Written by the database itself, in pieces, as the tables would have it. */
async function fill(store: Store, itemCount: number): Promise<void> {
  const startedMs = clock.monotonicMs();
  const responses = Math.floor(itemCount / itemsPerResponse);
  for (let start = 0; start < responses; start += 500) {
    const range = [start, Math.min(responses, start + 500) - 1];
    await store.pool.query(
      `INSERT INTO gradus.responses (id, kind, status, model, level, request, snapshot, key_id, is_background,
         is_stored, metadata, spend, created_at_ms)
       SELECT 'resp_' || lpad(n::text, 20, '0'), 'response', 'completed', 'm', 'chat', '{"a":1}', '{"b":2}', 'key_1',
         false, true, CASE WHEN n % 10 = 0 THEN jsonb_build_object('n', n::text) ELSE '{}' END, '{}', n
       FROM generate_series($1::int, $2::int) n`,
      range,
    );
    await store.pool.query(
      `INSERT INTO gradus.item_lists SELECT 'resp_' || lpad(n::text, 20, '0'), ${itemsPerResponse}
       FROM generate_series($1::int, $2::int) n`,
      range,
    );
    await store.pool.query(
      `INSERT INTO gradus.items SELECT 'resp_' || lpad(n::text, 20, '0'), p, 'msg_' || n || '_' || p, 'output',
         json_build_object('text', repeat(md5((n * 100 + p)::text), 10)), n
       FROM generate_series($1::int, $2::int) n, generate_series(0, ${itemsPerResponse - 1}) p`,
      range,
    );
  }
  console.log(`filling with ${itemCount} items: ${Math.round((clock.monotonicMs() - startedMs) / 1000)} s`);
}

/** A later version that adds a column to every item and an index over them. */
async function migrateFull(store: Store): Promise<void> {
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({
      pool: { connect: () => store.pool.connect(), end: () => Promise.resolve() },
    }),
  }).withSchema('gradus');
  const beforeBytes = process.memoryUsage.rss();
  let peakBytes = beforeBytes;
  const watch = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 50);
  const startedMs = clock.monotonicMs();
  await migrate(db, [
    ...migrations,
    {
      version: migrations.length + 1,
      name: 'bench',
      statements: [
        `ALTER TABLE gradus.items ADD COLUMN seen_at_ms bigint NOT NULL DEFAULT 0`,
        'CREATE INDEX items_by_time ON gradus.items (created_at_ms, id)',
        'UPDATE gradus.items SET seen_at_ms = 1 WHERE position = 0',
      ],
    },
  ]);
  clearInterval(watch);
  const seconds = ((clock.monotonicMs() - startedMs) / 1000).toFixed(1);
  console.log(
    `migrating the full store: ${seconds} s, ${Math.round(beforeBytes / 1e6)} MB before, at most ${Math.round(peakBytes / 1e6)} MB`,
  );
}
