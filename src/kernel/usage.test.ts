/** Usage adds up field by field, and nothing is the neutral element. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addUsage, noUsage, type Usage } from './usage.ts';

test('usage adds up in every field', () => {
  const a: Usage = { inputTokens: 1, cachedTokens: 2, outputTokens: 3, reasoningTokens: 4 };
  const b: Usage = { inputTokens: 10, cachedTokens: 20, outputTokens: 30, reasoningTokens: 40 };
  assert.deepEqual(addUsage(a, b), {
    inputTokens: 11,
    cachedTokens: 22,
    outputTokens: 33,
    reasoningTokens: 44,
  });
  assert.deepEqual(addUsage(a, noUsage), a);
});
