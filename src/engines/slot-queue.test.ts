/** Slots are given in order, never more than there are, and never lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../kernel/errors.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { SlotQueue } from './slot-queue.ts';

const never = new AbortController().signal;

test('who waits gets the slot in order and learns how long it stood in line', async () => {
  const clock = createFakeClock();
  const queue = new SlotQueue({ clock, slots: 1, queueLimit: 2, name: 'Test' });
  const first = await queue.acquire(never);
  const order: string[] = [];
  const second = queue.acquire(never).then((slot) => (order.push('second'), slot));
  const third = queue.acquire(never).then((slot) => (order.push('third'), slot));
  assert.deepEqual([queue.running, queue.waiting], [1, 2]);
  await clock.advance(40);
  first.release();
  const slot = await second;
  assert.equal(slot.queueMs, 40);
  assert.deepEqual(order, ['second']);
  slot.release();
  (await third).release();
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

test('a full line refuses at once and says how long to wait', async () => {
  const queue = new SlotQueue({ clock: createFakeClock(), slots: 1, queueLimit: 0, name: 'Test' });
  const slot = await queue.acquire(never);
  await assert.rejects(
    queue.acquire(never),
    (error) =>
      error instanceof GradusError &&
      error.code === 'queue-full' &&
      (error.details.retryAfterMs ?? 0) > 0 &&
      error.message.startsWith('Test'),
  );
  slot.release();
  (await queue.acquire(never)).release();
});

test('a slot that is released twice is one slot', async () => {
  const queue = new SlotQueue({ clock: createFakeClock(), slots: 2, queueLimit: 0, name: 'Test' });
  const a = await queue.acquire(never);
  const b = await queue.acquire(never);
  a.release();
  a.release();
  assert.equal(queue.running, 1);
  b.release();
  assert.equal(queue.running, 0);
});

test('who is aborted in line leaves it, and the next one is not lost', async () => {
  const queue = new SlotQueue({ clock: createFakeClock(), slots: 1, queueLimit: 5, name: 'Test' });
  const first = await queue.acquire(never);
  const controller = new AbortController();
  const gone = queue.acquire(controller.signal);
  const next = queue.acquire(never);
  controller.abort(new Error('left'));
  await assert.rejects(gone, /left/);
  first.release();
  (await next).release();
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
  await assert.rejects(queue.acquire(controller.signal), /left/);
});
