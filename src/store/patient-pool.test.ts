/** Waiting for a database that is away costs time, and only a bounded number of callers wait. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool, PoolClient } from 'pg';
import { createFakeClock } from '../testing/fake-clock.ts';
import { PatientPool } from './patient-pool.ts';

interface FakePool {
  readonly pool: Pool;
  isUp: boolean;
}

function createFakePool(): FakePool {
  const client = { on: () => client, query: () => Promise.resolve({ rows: [] }), release: () => undefined };
  const fake = {
    isUp: false,
    pool: {
      connect(): Promise<PoolClient> {
        if (fake.isUp) return Promise.resolve(client as unknown as PoolClient);
        return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      },
    } as unknown as Pool,
  };
  return fake;
}

test('a caller gets its connection when the database comes back in time', async () => {
  const clock = createFakeClock();
  const fake = createFakePool();
  const patient = new PatientPool({ pool: fake.pool, clock, patienceMs: 40_000, maxWaiting: 10 });
  const got = patient.connect();
  await clock.advance(30_000);
  fake.isUp = true;
  await clock.advance(1000);
  assert.ok(await got);
  assert.equal(clock.sleeperCount(), 0);
});

test('a caller is told when its patience ends', async () => {
  const clock = createFakeClock();
  const patient = new PatientPool({ pool: createFakePool().pool, clock, patienceMs: 5000, maxWaiting: 10 });
  const refused = assert.rejects(patient.connect(), { code: 'database-unavailable' });
  await clock.advance(5000);
  await refused;
});

test('more callers than may wait are told at once', async () => {
  const clock = createFakeClock();
  const patient = new PatientPool({ pool: createFakePool().pool, clock, patienceMs: 5000, maxWaiting: 2 });
  const waiting = [patient.connect(), patient.connect()].map((call) => assert.rejects(call));
  await clock.advance(0);
  await assert.rejects(patient.connect(), { code: 'database-unavailable', message: /2 requests wait/ });
  assert.equal(clock.sleeperCount(), 2);
  await clock.advance(10_000);
  await Promise.all(waiting);
});

test('closing sends the waiting away', async () => {
  const clock = createFakeClock();
  const patient = new PatientPool({ pool: createFakePool().pool, clock, patienceMs: 5000, maxWaiting: 2 });
  const refused = assert.rejects(patient.connect(), { code: 'database-unavailable' });
  await clock.advance(0);
  await patient.end();
  await refused;
});
