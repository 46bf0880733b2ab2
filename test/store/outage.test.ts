/** A database that goes away: requests wait or fail cleanly, nothing is written twice, memory stays flat. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isUnavailable } from '../../src/store/database-errors.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import { PostgresServer } from '../../src/testing/postgres-server.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { newResponse } from './contract/cases.ts';

/** The real thing is 30 s (GRADUS_TEST_OUTAGE_MS=30000); the code has no other path for it. */
const outageMs = Number(process.env['GRADUS_TEST_OUTAGE_MS'] ?? 2500);
const clock = createRealClock();

/** What is alive, after a collection. */
async function heapBytes(): Promise<number> {
  await wait(300);
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

describe('a database that goes away', { timeout: 280_000 }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await PostgresServer.start({ isDurable: true });
  });
  after(() => server[Symbol.asyncDispose]());

  it('work that meets the outage waits for it or is told, and all acknowledged events are there', async () => {
    await using store = await openPostgresStore({ url: await server.createDatabase(), clock });
    const row = newResponse();
    await store.responses.create(row);
    let next = 0;
    let told = 0;
    const stopping = new AbortController();
    const writer = (async () => {
      while (!stopping.signal.aborted) {
        try {
          const outcome = await store.events.append(row.id, next, [{ type: `n${next}`, payload: {} }], 1);
          // A conflict after being told "unavailable" means that the event had been written after all.
          assert.notEqual(outcome.kind, 'not-found');
          if (outcome.kind !== 'not-found') next = outcome.nextSequenceNumber;
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          told += 1;
        }
        await wait(1);
      }
    })();
    await wait(200);
    const before = next;
    await server.kill();
    const during = Array.from({ length: 50 }, () => store.responses.load(row.id));
    await wait(outageMs);
    await server.startAgain();
    for (const loaded of await Promise.all(during)) assert.equal(loaded?.id, row.id);
    await wait(500);
    stopping.abort();
    await writer;
    assert.ok(before > 5 && next > before, `${before} events before, ${next} after`);
    assert.ok(told <= 5, `told ${told} times`);
    for (let from = 0; from < next; from += 1000) {
      const events = await store.events.read(row.id, from, 1000);
      assert.deepEqual(
        events.map((event) => [event.sequenceNumber, event.type]),
        events.map((_, index) => [from + index, `n${from + index}`]),
      );
    }
  });

  it('a caller without patience is told within a second, and check tells at once', async () => {
    await using store = await openPostgresStore({
      url: await server.createDatabase(),
      clock,
      patienceMs: 300,
    });
    await server.stop();
    const started = performance.now();
    await assert.rejects(store.check(), { code: 'database-unavailable' });
    await assert.rejects(store.responses.load('x'), { code: 'database-unavailable' });
    assert.ok(performance.now() - started < 1000);
    await server.startAgain();
    await store.check();
  });

  it('thousands of callers during an outage leave nothing in memory', async () => {
    await using store = await openPostgresStore({
      url: await server.createDatabase(),
      clock,
      patienceMs: 1000,
    });
    await store.check();
    await server.stop();
    const callAll = async (): Promise<void> => {
      const calls = Array.from({ length: 3000 }, () => store.responses.load('resp_x'));
      const outcomes = await Promise.allSettled(calls);
      assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' && isUnavailable(outcome.reason)));
    };
    for (let round = 0; round < 2; round++) await callAll();
    const beforeBytes = await heapBytes();
    for (let round = 0; round < 4; round++) await callAll();
    const grownBytes = (await heapBytes()) - beforeBytes;
    // A leak of 1 kB a call would be 12 MB.
    assert.ok(grownBytes < 8e6, `${grownBytes / 1e6} MB more`);
    await server.startAgain();
    await store.check();
  });

  it('a store does not open while there is no database', async () => {
    const url = server.url('no_such_server').replace('%2Fs', '%2Fnowhere');
    await assert.rejects(openPostgresStore({ url, clock, patienceMs: 200 }), {
      code: 'database-unavailable',
    });
  });
});
