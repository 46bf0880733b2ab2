/** The checks of the engine contract see the faults that they are there for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenLogprobs } from '../../kernel/item.ts';
import type { GenerationEvent } from '../engine.ts';
import { describeEngineContract } from '../engine.contract.ts';
import { toGenerationRecord } from '../generation-record.ts';
import { createScriptedEngine } from '../scripted/scripted-engine.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createContractBench } from './bench.ts';
import { assertCalls, assertLogprobs, assertOrder, assertRefused, assertUsage } from './checks.ts';

const started: GenerationEvent = {
  kind: 'started',
  promptTokens: 5,
  cachedTokens: 0,
  queueMs: 0,
  seed: undefined,
};
const delta: GenerationEvent = { kind: 'text-delta', sample: 0, text: 'a' };
const end: GenerationEvent = {
  kind: 'sample-finished',
  sample: 0,
  reason: 'stop',
  sampledTokens: 2,
  thoughtTokens: 0,
};
const usage = { inputTokens: 5, cachedTokens: 0, outputTokens: 2, reasoningTokens: 0 };
const finished: GenerationEvent = { kind: 'finished', usage };

test('a generation in order passes', () => {
  assertOrder([started, delta, end, finished], 1);
  assertUsage(toGenerationRecord([started, delta, end, finished]));
});

test('every disorder of events is seen', () => {
  const call: GenerationEvent = { kind: 'tool-call-delta', sample: 0, index: 0, text: '{}' };
  const faults: readonly (readonly GenerationEvent[])[] = [
    [],
    [delta, end, finished],
    [started, delta, end],
    [started, delta, finished],
    [started, end, delta, finished],
    [started, started, end, finished],
    [started, end, end, finished],
    [started, { ...delta, sample: 1 }, end, finished],
    [started, { kind: 'text-delta', sample: 0, text: '' }, end, finished],
    [started, call, end, finished],
    [started, { kind: 'tool-call-started', sample: 0, index: 1, name: 'x' }, end, finished],
  ];
  for (const events of faults) assert.throws(() => assertOrder(events, 1), JSON.stringify(events));
});

test('usage that is not the sum of the samples is seen', () => {
  for (const wrong of [
    { outputTokens: 1 },
    { reasoningTokens: 1 },
    { inputTokens: 6 },
    { cachedTokens: 6 },
  ]) {
    const events: GenerationEvent[] = [
      started,
      delta,
      end,
      { kind: 'finished', usage: { ...usage, ...wrong } },
    ];
    assert.throws(() => assertUsage(toGenerationRecord(events)), JSON.stringify(wrong));
  }
});

test('log-probabilities that cannot be are seen', () => {
  const top = [
    { token: 'a', logprob: -0.1, bytes: [97] },
    { token: 'b', logprob: -3, bytes: [98] },
  ];
  const good: TokenLogprobs = { token: 'a', logprob: -0.1, bytes: [97], top_logprobs: top };
  assertLogprobs('a', [good], 2);
  const faults: readonly [string, readonly TokenLogprobs[], number][] = [
    ['a', [], 2],
    ['b', [good], 2],
    ['a', [good], 3],
    ['a', [{ ...good, logprob: 0.5 }], 2],
    ['a', [{ ...good, top_logprobs: top.toReversed() }], 2],
    ['a', [{ ...good, top_logprobs: top.map((entry) => ({ ...entry, logprob: -0.1 })) }], 2],
  ];
  for (const [text, entries, count] of faults) {
    assert.throws(() => assertLogprobs(text, entries, count), JSON.stringify(entries));
  }
});

test('calls that fit no tool are seen', () => {
  const tool = { name: 'f', parameters: { type: 'object', required: ['x'] }, strict: true };
  const record = (name: string, text: string): ReturnType<typeof toGenerationRecord> =>
    toGenerationRecord([
      started,
      { kind: 'tool-call-started', sample: 0, index: 0, name },
      { kind: 'tool-call-delta', sample: 0, index: 0, text },
      { ...end, kind: 'sample-finished', reason: 'tool_calls' },
      finished,
    ]);
  assertCalls(record('f', '{"x":1}'), { tools: [tool], name: 'f', most: 1 });
  assert.throws(() => assertCalls(record('g', '{"x":1}'), { tools: [tool] }));
  assert.throws(() => assertCalls(record('f', '{}'), { tools: [tool] }));
  assert.throws(() => assertCalls(record('f', '{'), { tools: [tool] }));
  assert.throws(() => assertCalls(toGenerationRecord([started, end, finished]), { tools: [tool] }));
});

test('an engine that does not refuse, or refuses otherwise, is seen', async () => {
  await using engine = createScriptedEngine({ clock: createFakeClock() });
  const { request } = createContractBench({ engine, model: 'scripted', embeddingModel: 'scripted' });
  await assert.rejects(assertRefused(engine, request('hello'), 'queue-full'), /not refused/);
  await assert.rejects(assertRefused(engine, { ...request('hello'), model: 'other' }, 'queue-full'));
});

test('a skip for a case that is not in the contract is an error', () => {
  assert.throws(
    () =>
      describeEngineContract({
        name: 'x',
        model: 'x',
        create: async () => createScriptedEngine({ clock: createFakeClock() }),
        skips: { 'no such case': 'why' },
      }),
    /no case named "no such case"/,
  );
});
