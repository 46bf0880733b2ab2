/** The real clock keeps the contract of Clock, and its ids differ while the fixed ones repeat. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFixedIds, createRealClock, createRealIds } from './real-clock.ts';

describe('real clock and ids', () => {
  test('a sleep takes at least its time', async () => {
    const clock = createRealClock();
    const startMs = clock.monotonicMs();
    await clock.sleep(5);
    assert.ok(clock.monotonicMs() - startMs >= 4, 'timers may fire within a millisecond of their time');
  });

  test('an aborted sleep rejects with the reason itself', async () => {
    const clock = createRealClock();
    const reason = new Error('enough');
    await assert.rejects(clock.sleep(60_000, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const sleeping = assert.rejects(clock.sleep(60_000, controller.signal), reason);
    controller.abort(reason);
    await sleeping;
  });

  test('real ids differ, fixed ids repeat', () => {
    assert.notEqual(createRealIds().create('resp'), createRealIds().create('resp'));
    assert.equal(createFixedIds().create('resp'), createFixedIds().create('resp'));
  });
});
