/**
 * kill -9 in the middle of writing, again and again on the same data: no acknowledged row is lost, the event
 * log has no gap, no budget overshoots. GRADUS_TEST_KILLS sets the number of kills for each store.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createSeededRandom, randomInteger } from '../../src/kernel/random.ts';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import type { Store } from '../../src/store/store.ts';
import { PostgresServer } from '../../src/testing/postgres-server.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openTemporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';
import { newResponse } from './contract/cases.ts';

const kills = Number(process.env['GRADUS_TEST_KILLS'] ?? 20);
const clock = createRealClock();
const noLimits = { tokens: null, durationMs: null, calls: null, microUsd: null };
const limits = { run: { ...noLimits, tokens: 3000 }, key: { ...noLimits, calls: 2000 } };

interface Place {
  readonly kind: Store['kind'];
  /** What the child is told to open. */
  readonly address: string;
  open(): Promise<Store>;
  /** What else dies at every third kill. */
  killServer?(): Promise<void>;
}

describe('a process that is killed while it writes', { timeout: 20_000 + kills * 15_000 }, () => {
  let server: PostgresServer;
  let folder: TemporaryFolder;
  before(async () => {
    folder = openTemporaryFolder();
    server = await PostgresServer.start({ isDurable: true });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it(`loses no acknowledged row in ${kills} kills on the embedded store`, async () => {
    await drill({
      kind: 'pglite',
      address: folder.path,
      open: () => openPgliteStore({ folder: folder.path, clock, templateFolder: pgliteTemplate() }),
    });
  });

  it(`loses no acknowledged row in ${kills} kills on a Postgres server, some of which kill the server too`, async () => {
    const url = await server.createDatabase();
    await drill({
      kind: 'postgres',
      address: url,
      open: () => openPostgresStore({ url, clock }),
      async killServer() {
        await server.kill();
        await server.startAgain();
      },
    });
  });
});

interface Acknowledged {
  nextEvent: number;
  readonly items: Map<string, number>;
  readonly settled: Set<string>;
}

async function drill(place: Place): Promise<void> {
  const random = createSeededRandom(6);
  const row = newResponse();
  {
    await using store = await place.open();
    await store.responses.create(row);
    for (const [id, limit] of Object.entries(limits)) await store.budgets.setLimits(id, limit);
  }
  const acknowledged: Acknowledged = { nextEvent: 0, items: new Map(), settled: new Set() };
  for (let kill = 0; kill < kills; kill++) {
    await writeUntilKilled(place, row.id, 20 + randomInteger(random, 400), acknowledged);
    if (kill % 3 === 2) await place.killServer?.();
    // Looking each time would slow the drill; the child itself looks at its first number.
    if (kill % 5 === 4 || kill === kills - 1) {
      await using store = await place.open();
      await check(store, row.id, acknowledged);
    }
  }
  assert.ok(acknowledged.nextEvent > kills * 5, `only ${acknowledged.nextEvent} events were written`);
}

async function writeUntilKilled(
  place: Place,
  responseId: string,
  afterMs: number,
  acknowledged: Acknowledged,
): Promise<void> {
  const file = new URL('crash-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [file, place.kind, place.address, responseId], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const opened = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    opened.resolve();
  });
  const exit = once(child, 'exit');
  await Promise.race([opened.promise, exit.then(() => assert.fail(`the child ended: ${complaints}`))]);
  await wait(afterMs);
  child.kill('SIGKILL');
  await exit;
  // What was in the pipe when the process died still arrives.
  if (!child.stdout.readableEnded) await once(child.stdout, 'end');
  for (const line of output.split('\n').slice(0, -1)) {
    const [kind, first = '', second = ''] = line.split(' ');
    if (kind === 'open') assert.ok(Number(first) >= acknowledged.nextEvent, 'acknowledged events were lost');
    else if (kind === 'event') acknowledged.nextEvent = Number(first);
    else if (kind === 'item') acknowledged.items.set(second, Number(first));
    else if (kind === 'spent') acknowledged.settled.add(first);
    else assert.fail(`unexpected: ${line}`);
  }
}

async function check(store: Store, responseId: string, acknowledged: Acknowledged): Promise<void> {
  const next = await store.events.nextSequenceNumber(responseId);
  assert.ok(next >= acknowledged.nextEvent, `${next} events of ${acknowledged.nextEvent} acknowledged ones`);
  for (let from = 0; from < next; from += 1000) {
    for (const [index, event] of (await store.events.read(responseId, from, 1000)).entries()) {
      assert.equal(event.sequenceNumber, from + index);
      assert.equal(event.payload['n'], from + index);
    }
  }
  let cursor: string | undefined;
  let position = 0;
  do {
    const page = await store.items.list(responseId, {
      limit: 1000,
      order: 'asc',
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    for (const item of page.data) {
      assert.equal(item.position, position++);
      const expected = acknowledged.items.get(item.id);
      if (expected !== undefined) assert.equal(item.position, expected);
      acknowledged.items.delete(item.id);
    }
    cursor = page.hasMore ? page.data.at(-1)?.id : undefined;
  } while (cursor !== undefined);
  assert.deepEqual([...acknowledged.items.keys()], [], 'acknowledged items are missing');

  const [run, key] = [await store.budgets.load('run'), await store.budgets.load('key')];
  assert.ok(run !== undefined && key !== undefined);
  assert.ok(run.spent.tokens >= acknowledged.settled.size);
  assert.ok(run.spent.tokens + run.reserved.tokens <= limits.run.tokens);
  assert.ok(key.spent.calls + key.reserved.calls <= limits.key.calls);
  assert.deepEqual(run.spent, key.spent);
  assert.deepEqual(run.reserved, key.reserved);
  // At most one reservation of each killed process is open.
  assert.ok(run.reserved.calls <= kills);
}
