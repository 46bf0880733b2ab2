import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThreadGovernor } from './thread-governor.ts';

const options = { maxThreads: 2, firstPauseMs: 1000, maxPauseMs: 4000 };
const full = { wallMs: 20, cpuMs: 39 };
const crowded = { wallMs: 60, cpuMs: 62 };

test('alone on the machine all threads are used', () => {
  const governor = new ThreadGovernor(options);
  for (let nowMs = 0; nowMs < 1000; nowMs += 20) {
    assert.equal(governor.threadsAt(nowMs), 2);
    governor.report({ nowMs, ...full });
  }
});

test('one slow step is a hiccup, three in a row are a crowd', () => {
  const governor = new ThreadGovernor(options);
  governor.report({ nowMs: 0, ...crowded });
  governor.report({ nowMs: 1, ...crowded });
  governor.report({ nowMs: 2, ...full });
  assert.equal(governor.threadsAt(3), 2);
  for (const nowMs of [4, 5, 6]) governor.report({ nowMs, ...crowded });
  assert.equal(governor.threadsAt(7), 1);
});

test('all threads are tried again after a pause that doubles while the crowd stays', () => {
  const governor = new ThreadGovernor(options);
  for (const nowMs of [0, 0, 0]) governor.report({ nowMs, ...crowded });
  const tries: number[] = [];
  for (let nowMs = 10; nowMs < 16_000; nowMs += 10) {
    if (governor.threadsAt(nowMs) !== 2) continue;
    tries.push(nowMs);
    governor.report({ nowMs, ...crowded });
  }
  assert.deepEqual(tries, [1000, 3000, 7000, 11_000, 15_000]);
  assert.equal(governor.threadsAt(20_000), 2);
  governor.report({ nowMs: 20_000, ...full });
  assert.equal(governor.threadsAt(20_020), 2);
});

test('with one thread there is nothing to govern', () => {
  const governor = new ThreadGovernor({ ...options, maxThreads: 1 });
  for (let nowMs = 0; nowMs < 10; nowMs++) governor.report({ nowMs, ...crowded });
  assert.equal(governor.threadsAt(10), 1);
});
