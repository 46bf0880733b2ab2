/** Tool calls are put together however they are numbered; stop texts, refusals and endings mean what they should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toGenerationRecord, type RecordedCall } from '../generation-record.ts';
import { createContractBench } from '../contract/bench.ts';
import type { GenerateRequest, GenerationEvent } from '../engine.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createScriptedEngine } from '../scripted/scripted-engine.ts';
import { SampleReader } from './sample-reader.ts';
import { parseWireChunk } from './wire-chunk.ts';

const engine = createScriptedEngine({ clock: createFakeClock() });
const { request } = createContractBench({ engine, model: 'x', embeddingModel: 'x' });

function read(
  choices: readonly object[],
  asked: GenerateRequest = request('hi'),
  readsForcedCall = false,
): SampleReader & { events: GenerationEvent[] } {
  const reader = new SampleReader({ sample: 0, request: asked, readsForcedCall });
  const events: GenerationEvent[] = [];
  for (const choice of choices) {
    const piece = parseWireChunk(JSON.stringify({ choices: [choice] }));
    assert.ok('choices' in piece);
    for (const one of piece.choices) events.push(...reader.take(one));
  }
  return Object.assign(reader, { events });
}

function callsOf(deltas: readonly object[], finish = 'tool_calls'): readonly RecordedCall[] {
  const { events } = read([
    ...deltas.map((delta) => ({ delta: { tool_calls: [delta] } })),
    { delta: {}, finish_reason: finish },
  ]);
  return toGenerationRecord(events).samples[0]?.calls ?? [];
}

const two = [
  { name: 'f', arguments: '{"x":1}' },
  { name: 'g', arguments: '{"y":2}' },
];

test('calls are put together however the endpoint numbers them', () => {
  const f1 = { name: 'f', arguments: '{"x":' };
  const g1 = { name: 'g', arguments: '' };
  const rest = { arguments: '1}' };
  const gRest = { arguments: '{"y":2}' };
  const ways: Readonly<Record<string, readonly object[]>> = {
    'as the standard says': [
      { index: 0, id: 'a', function: f1 },
      { index: 0, function: rest },
      { index: 1, id: 'b', function: g1 },
      { index: 1, function: gRest },
    ],
    'with gaps': [
      { index: 3, id: 'a', function: f1 },
      { index: 3, function: rest },
      { index: 7, id: 'b', function: g1 },
      { index: 7, function: gRest },
    ],
    interleaved: [
      { index: 0, id: 'a', function: f1 },
      { index: 1, id: 'b', function: g1 },
      { index: 0, function: rest },
      { index: 1, function: gRest },
    ],
    'without numbers': [
      { id: 'a', function: f1 },
      { function: rest },
      { id: 'b', function: g1 },
      { function: gRest },
    ],
    'without numbers and ids': [{ function: f1 }, { function: rest }, { function: g1 }, { function: gRest }],
    'one number for all': [
      { index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } },
      { index: 0, id: 'b', function: { name: 'g', arguments: { y: 2 } } },
    ],
    'another id in each piece of one call': [
      { index: 0, id: 'a1', function: f1 },
      { index: 0, id: 'a2', function: rest },
      { index: 1, id: 'b1', function: g1 },
      { index: 1, id: 'b2', function: gRest },
    ],
    'the name after the first arguments': [
      { index: 0, id: 'a', function: { arguments: '{"x":' } },
      { index: 0, function: { name: 'f', arguments: '1}' } },
      { index: 1, id: 'b', function: { name: 'g', arguments: '{"y":2}' } },
    ],
    'the name in every piece': [
      { index: 0, id: 'a', function: f1 },
      { index: 0, id: 'a', function: { name: 'f', arguments: '1}' } },
      { index: 1, id: 'b', function: { name: 'g', arguments: '{"y":2}' } },
    ],
  };
  for (const [way, deltas] of Object.entries(ways)) assert.deepEqual(callsOf(deltas), two, way);
});

test('arguments arrive whole however they are cut', () => {
  const text = JSON.stringify({ city: 'Zürich', note: 'a "quoted" 😀', days: [1, 2, 3] });
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (places) => {
      const cuts = [0, ...places, text.length].toSorted((a, b) => a - b);
      const deltas = cuts
        .slice(1)
        .map((end, i) => ({ index: 0, function: { arguments: text.slice(cuts[i], end) } }));
      const calls = callsOf([{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }, ...deltas]);
      assert.deepEqual(calls, [{ name: 'f', arguments: text }]);
    }),
    { numRuns: 50 },
  );
});

test('a call without arguments has the empty object, unless it was cut', () => {
  const call = { index: 0, id: 'a', function: { name: 'f' } };
  assert.deepEqual(callsOf([call]), [{ name: 'f', arguments: '{}' }]);
  assert.deepEqual(callsOf([call], 'length'), [{ name: 'f', arguments: '' }]);
});

test('endings mean what they should', () => {
  const end = (finish: string, delta: object = { content: 'a' }): string | undefined =>
    read([{ delta }, { delta: {}, finish_reason: finish }]).reason;
  assert.equal(end('stop'), 'stop');
  assert.equal(end('eos'), 'stop');
  assert.equal(end('max_tokens'), 'length');
  assert.equal(end('content_filter'), 'content_filter');
  assert.equal(end('stop', { refusal: 'I will not' }), 'content_filter');
  assert.equal(
    end('stop', { tool_calls: [{ index: 0, function: { name: 'f', arguments: '{}' } }] }),
    'tool_calls',
  );
  assert.throws(() => end('error'), /"error"/);
});

test('a stop text that the endpoint lets through is kept back, with its log-probabilities', () => {
  const entry = (token: string): object => ({ token, logprob: -1 });
  const asked = request('hi', { stop: ['END'], topLogprobs: 0 });
  const { events, reason } = read(
    [
      { delta: { content: 'one' }, logprobs: { content: [entry('one')] } },
      { delta: { content: ' E' }, logprobs: { content: [entry(' E')] } },
      { delta: { content: 'ND two' }, logprobs: { content: [entry('ND'), entry(' two')] } },
      { delta: { content: 'more' }, finish_reason: 'stop' },
    ],
    asked,
  );
  const sample = toGenerationRecord(events).samples[0];
  assert.deepEqual(
    [sample?.text, sample?.logprobs.map((logprob) => logprob.token), reason],
    ['one ', ['one'], 'stop'],
  );
});

test('log-probabilities whose tokens are parts of characters come with the text all the same', () => {
  const asked = request('hi', { topLogprobs: 0 });
  const parts = ['\\xf0\\x9f', '\\x98\\x80'].map((token) => ({ token, logprob: -1, bytes: [240] }));
  const { events } = read([{ delta: { content: '😀' }, logprobs: { content: parts } }], asked);
  assert.equal(toGenerationRecord(events).samples[0]?.logprobs.length, 2);
});
