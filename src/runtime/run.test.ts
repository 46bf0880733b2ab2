/** A run in memory: events in order and at once, one result, a cancel that arrives, listeners that can leave. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GradusError } from '../kernel/errors.ts';
import type { LevelEvent, LevelResult } from '../kernel/event.ts';
import { noUsage } from '../kernel/usage.ts';
import { startRun } from './run.ts';

const done: LevelResult = { usage: noUsage, finishReasons: ['stop'] };

function delta(text: string): LevelEvent {
  return {
    type: 'response.reasoning.delta',
    item_id: 'rs_1',
    output_index: 0,
    content_index: 0,
    delta: text,
  };
}

describe('a run in memory', () => {
  test('a listener that subscribes in the same tick misses nothing, and sees events inside the emit call', async () => {
    const order: string[] = [];
    const run = startRun({
      id: 'run_1',
      work: async (scope) => {
        scope.emit(delta('a'));
        order.push('after a');
        await Promise.resolve();
        scope.emit(delta('b'));
        return done;
      },
    });
    run.subscribe((event) => order.push('delta' in event ? event.delta : event.type));
    assert.deepEqual(await run.result, done);
    assert.deepEqual(order, ['a', 'after a', 'b']);
  });

  test('a listener that has left hears nothing more, the others go on', async () => {
    const heard: string[] = [];
    const run = startRun({
      id: 'run_1',
      work: async (scope) => {
        scope.emit(delta('a'));
        scope.emit(delta('b'));
        return done;
      },
    });
    const leave = run.subscribe(() => {
      heard.push('first');
      leave();
    });
    run.subscribe(() => heard.push('second'));
    await run.result;
    assert.deepEqual(heard, ['first', 'second', 'second']);
  });

  test('cancel reaches the work as an abort with a reason, and the work decides how it ends', async () => {
    const run = startRun({
      id: 'run_1',
      work: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ ...done, finishReasons: ['cancelled'] }));
        }),
    });
    await Promise.resolve();
    await Promise.resolve();
    run.cancel();
    run.cancel();
    assert.deepEqual((await run.result).finishReasons, ['cancelled']);
  });

  test('a run that is cancelled before it began does no work', async () => {
    let hasWorked = false;
    const run = startRun({
      id: 'run_1',
      work: async () => {
        hasWorked = true;
        return done;
      },
    });
    run.cancel();
    await assert.rejects(run.result, (error) => error instanceof GradusError && error.code === 'cancelled');
    assert.equal(hasWorked, false);
  });

  test('an outer signal cancels the run, also when it was aborted before', async () => {
    const outer = new AbortController();
    const waits = (): Promise<LevelResult> =>
      startRun({
        id: 'run_1',
        signal: outer.signal,
        work: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      }).result;
    const first = waits();
    await Promise.resolve();
    await Promise.resolve();
    outer.abort();
    await assert.rejects(first, { code: 'cancelled' });
    await assert.rejects(waits(), { code: 'cancelled' });
  });

  test('a failure that nobody reads does not end the process', async () => {
    startRun({ id: 'run_1', work: () => Promise.reject(new Error('planted')) });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  });
});
