/** Many streams read as one: nothing lost, failures rise, leaving ends all. */
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { MergedStreams } from './merged-streams.ts';

async function* count(name: string, to: number, ended: string[]): AsyncGenerator<string> {
  try {
    for (let i = 1; i <= to; i++) {
      await setImmediate();
      yield `${name}${i}`;
    }
  } finally {
    ended.push(name);
  }
}

test('all values of all streams arrive, each stream in order, also of those added on the way', async () => {
  const ended: string[] = [];
  const streams = new MergedStreams<string>();
  streams.add(count('a', 3, ended));
  streams.add(count('b', 2, ended));
  const values: string[] = [];
  for await (const value of streams) {
    values.push(value);
    if (value === 'a2') streams.add(count('c', 1, ended));
  }
  assert.deepEqual(values.toSorted(), ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']);
  assert.deepEqual(
    values.filter((value) => value.startsWith('a')),
    ['a1', 'a2', 'a3'],
  );
});

test('no streams are no values', async () => {
  for await (const value of new MergedStreams<string>()) assert.fail(value);
});

test('a failure of one rises and ends the others', async () => {
  const ended: string[] = [];
  const streams = new MergedStreams<string>();
  streams.add(count('a', 1000, ended));
  streams.add(
    (async function* fail(): AsyncGenerator<string> {
      await setImmediate();
      yield 'last';
      throw new Error('broken');
    })(),
  );
  await assert.rejects(async () => {
    for await (const value of streams) assert.ok(value);
  }, /broken/);
  await setImmediate();
  await setImmediate();
  assert.deepEqual(ended, ['a']);
});

test('leaving the loop ends all streams', async () => {
  const ended: string[] = [];
  const streams = new MergedStreams<string>();
  for (const name of ['a', 'b']) streams.add(count(name, 1000, ended));
  for await (const value of streams) if (value === 'b3') break;
  await setImmediate();
  await setImmediate();
  assert.deepEqual(ended.toSorted(), ['a', 'b']);
});
