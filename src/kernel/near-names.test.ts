/** "Did you mean": near names first, nothing for what is far, no harm from long input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearNames } from './near-names.ts';

const names = ['qwen2.5-coder-0.5b-instruct', 'qwen2.5-coder-1.5b-instruct', 'smollm2-135m-instruct', 'a'];

test('a typing mistake finds the name that was meant, nearest first', () => {
  assert.deepEqual(nearNames('qwen2.5-coder-1.5b-instuct', names), [
    'qwen2.5-coder-1.5b-instruct',
    'qwen2.5-coder-0.5b-instruct',
  ]);
});

test('a part of a name finds the whole, whatever its case', () => {
  assert.deepEqual(nearNames('SmolLM2', names), ['smollm2-135m-instruct']);
});

test('what is far from everything finds nothing', () => {
  assert.deepEqual(nearNames('gpt-4o', names), []);
  assert.deepEqual(nearNames('', names), []);
});

test('a very long name is compared by its beginning only, so that it costs no time', () => {
  assert.deepEqual(nearNames('x'.repeat(1_000_000), names), []);
});
