/** The shared timer wakes each waiter once, near its time, and sleeps only while somebody waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { Ticker } from './ticker.ts';

test('waiters wake in time, an earlier one first though it came later', async () => {
  const clock = createFakeClock();
  const ticker = new Ticker(clock, 4);
  const woken: string[] = [];
  const note = (name: string) => (): void => {
    woken.push(`${name} at ${clock.monotonicMs()}`);
  };
  ticker.schedule(100, note('late'));
  ticker.schedule(10, note('soon'));
  ticker.schedule(11, note('soon too'));
  await clock.advance(200);
  assert.deepEqual(woken, ['soon at 12', 'soon too at 12', 'late at 100']);
  assert.equal(clock.sleeperCount(), 0);
});

test('a waiter that is woken by hand wakes once, and nobody sleeps on for it', async () => {
  const clock = createFakeClock();
  const ticker = new Ticker(clock);
  let count = 0;
  const wakeNow = ticker.schedule(1000, () => {
    count += 1;
  });
  wakeNow();
  wakeNow();
  assert.equal(clock.sleeperCount(), 0);
  await clock.advance(2000);
  assert.equal(count, 1);
});
