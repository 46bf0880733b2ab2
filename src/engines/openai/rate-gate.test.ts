/** No more requests a minute than allowed, in order, and nobody who leaves the line blocks it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { RateGate } from './rate-gate.ts';

test('in every minute at most so many pass, in order', async () => {
  const clock = createFakeClock();
  const gate = new RateGate(clock, 2);
  const passed: string[] = [];
  const never = new AbortController().signal;
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    void gate.pass(never).then(() => passed.push(`${name} ${clock.monotonicMs()}`));
  }
  await clock.advance(130_000);
  assert.deepEqual(passed, ['a 0', 'b 0', 'c 60000', 'd 60000', 'e 120000']);
});

test('who is aborted in line leaves it, and the next one takes its turn', async () => {
  const clock = createFakeClock();
  const gate = new RateGate(clock, 1);
  const never = new AbortController().signal;
  await gate.pass(never);
  const controller = new AbortController();
  const gone = assert.rejects(gate.pass(controller.signal), /left/);
  const next = gate.pass(never);
  await clock.advance(10);
  controller.abort(new Error('left'));
  await gone;
  await clock.advance(60_000);
  await next;
});
