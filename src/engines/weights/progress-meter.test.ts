/** Progress that people can read: a rate over seconds, the time that remains, and not too many events. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createProgressMeter } from './progress-meter.ts';
import type { PullProgress } from './pull-task.ts';

describe('progress meter', () => {
  test('tells rate and remaining time of a steady download', async () => {
    const clock = createFakeClock();
    const events: PullProgress[] = [];
    const meter = createProgressMeter({ model: 'm', clock, onProgress: (event) => events.push(event) });
    meter.start('downloading', 'hub');
    for (let second = 0; second <= 4; second++) {
      meter.update(second * 1000, 10_000);
      await clock.advance(1000);
    }
    assert.deepEqual(events.at(-1), {
      model: 'm',
      phase: 'downloading',
      source: 'hub',
      receivedBytes: 4000,
      totalBytes: 10_000,
      bytesPerSecond: 1000,
      remainingMs: 6000,
      note: undefined,
    });
  });

  test('a resumed download counts from where it began, and a restart is no negative rate', async () => {
    const clock = createFakeClock();
    const rates: (number | undefined)[] = [];
    const meter = createProgressMeter({ model: 'm', clock, onProgress: (e) => rates.push(e.bytesPerSecond) });
    meter.start('downloading');
    for (const bytes of [900, 910, 920, 0, 10]) {
      meter.update(bytes, 1000);
      await clock.advance(500);
    }
    assert.deepEqual(rates, [undefined, 20, 20, undefined, 20]);
  });

  test('many updates make few events, but the last byte is always told', async () => {
    const clock = createFakeClock();
    const events: number[] = [];
    const meter = createProgressMeter({ model: 'm', clock, onProgress: (e) => events.push(e.receivedBytes) });
    meter.start('downloading');
    await clock.advance(100);
    for (let bytes = 1; bytes <= 1000; bytes++) meter.update(bytes, 1000);
    assert.deepEqual(events, [0, 1, 1000]);
  });

  test('a phase without a total has no remaining time', async () => {
    const clock = createFakeClock();
    const events: PullProgress[] = [];
    const meter = createProgressMeter({ model: 'm', clock, onProgress: (event) => events.push(event) });
    meter.start('waiting');
    meter.update(1, undefined);
    await clock.advance(1000);
    meter.update(2, undefined);
    assert.equal(events.at(-1)?.remainingMs, undefined);
    meter.note('hello');
    assert.equal(events.at(-1)?.note, 'hello');
  });
});
