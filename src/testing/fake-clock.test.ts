/** The fake clock must behave like time, only faster: order, partial moves and aborts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from './fake-clock.ts';

describe('fake clock', () => {
  test('stands still until it is moved, and moves both times alike', async () => {
    const clock = createFakeClock(1000);
    assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [1000, 0]);
    await clock.advance(250);
    assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [1250, 250]);
  });

  test('wakes sleepers in order of their time, each seeing its own time', async () => {
    const clock = createFakeClock(0);
    const woken: string[] = [];
    const sleep = async (name: string, durationMs: number): Promise<void> => {
      await clock.sleep(durationMs);
      woken.push(`${name}@${clock.nowMs()}`);
    };
    const all = Promise.all([sleep('late', 30), sleep('early', 10), sleep('also late', 30)]);
    await clock.advance(29);
    assert.deepEqual(woken, ['early@10']);
    await clock.advance(1);
    await all;
    assert.deepEqual(woken, ['early@10', 'late@30', 'also late@30']);
    assert.equal(clock.sleeperCount(), 0);
  });

  test('a sleeper that sleeps again wakes again within one move', async () => {
    const clock = createFakeClock(0);
    let rounds = 0;
    const work = (async () => {
      for (; rounds < 5; rounds++) await clock.sleep(10);
    })();
    await clock.advance(50);
    await work;
    assert.equal(rounds, 5);
  });

  test('an aborted sleep rejects with the reason and no longer waits', async () => {
    const clock = createFakeClock(0);
    const controller = new AbortController();
    const reason = new Error('enough');
    const sleeping = assert.rejects(clock.sleep(10, controller.signal), reason);
    controller.abort(reason);
    await sleeping;
    assert.equal(clock.sleeperCount(), 0);
    await assert.rejects(clock.sleep(10, controller.signal), reason);
  });

  test('refuses to go back', async () => {
    await assert.rejects(createFakeClock().advance(-1), RangeError);
  });
});
