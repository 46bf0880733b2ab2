/** A demanded call as JSON of a schema, there and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createContractBench } from '../contract/bench.ts';
import { JsonChecker } from '../scripted/json-check.ts';
import { createScriptedEngine } from '../scripted/scripted-engine.ts';
import { demandsCall, parseForcedCall, toForcedSchema } from './forced-call.ts';
import { SampleReader } from './sample-reader.ts';
import { parseWireChunk } from './wire-chunk.ts';

const engine = createScriptedEngine({ clock: createFakeClock() });
const { request } = createContractBench({ engine, model: 'x', embeddingModel: 'x' });
const tools = [
  {
    name: 'f',
    parameters: {
      type: 'object',
      properties: { x: { $ref: '#/$defs/x' } },
      required: ['x'],
      $defs: { x: { type: 'integer' } },
    },
    strict: true,
  },
  { name: 'g', parameters: { type: 'object' }, strict: true },
];

test('the schema takes calls of the demanded tools alone, with references that still lead somewhere', () => {
  const checker = new JsonChecker();
  const any = toForcedSchema(request('hi', { tools, toolChoice: { kind: 'required' } }));
  const named = toForcedSchema(request('hi', { tools, toolChoice: { kind: 'named', name: 'f' } }));
  const good = { name: 'f', arguments: { x: 1 } };
  for (const schema of [any, named]) {
    assert.equal(checker.findFault(schema, good), undefined);
    assert.notEqual(checker.findFault(schema, { name: 'f', arguments: { x: 'one' } }), undefined);
    assert.notEqual(checker.findFault(schema, { name: 'h', arguments: {} }), undefined);
  }
  assert.equal(checker.findFault(any, { name: 'g', arguments: {} }), undefined);
  assert.notEqual(checker.findFault(named, { name: 'g', arguments: {} }), undefined);
  assert.throws(
    () => toForcedSchema(request('hi', { tools, toolChoice: { kind: 'named', name: 'h' } })),
    /not offered/,
  );
});

test('only a choice that demands a call does so', () => {
  const kinds = ['auto', 'none', 'required'] as const;
  assert.deepEqual(
    kinds.map((kind) => demandsCall(request('hi', { tools, toolChoice: { kind } }))),
    [false, false, true],
  );
});

test('the JSON is read back as a call, and what is no call is a failure', () => {
  assert.deepEqual(parseForcedCall('{ "name": "f", "arguments": { "x": 1 } }'), {
    name: 'f',
    arguments: '{"x":1}',
  });
  for (const text of ['', 'Sure!', '{"name":"f"}', '{"name":"f","arguments":"{}"}']) {
    assert.throws(() => parseForcedCall(text), /did not keep the schema/);
  }
});

test('JSON in pieces becomes one call, and one that was cut becomes none', () => {
  const read = (finish: string): readonly unknown[] => {
    const asked = request('hi', { tools, toolChoice: { kind: 'required' } });
    const reader = new SampleReader({ sample: 0, request: asked, readsForcedCall: true });
    const chunks = [
      { delta: { content: '{"name":"f",' } },
      { delta: { content: '"arguments":{"x":1}}' }, finish_reason: finish },
    ];
    const events = chunks.flatMap((choice) => {
      const piece = parseWireChunk(JSON.stringify({ choices: [choice] }));
      assert.ok('choices' in piece);
      return piece.choices.flatMap((one) => reader.take(one));
    });
    return [...events, reader.reason];
  };
  assert.deepEqual(read('stop'), [
    { kind: 'tool-call-started', sample: 0, index: 0, name: 'f' },
    { kind: 'tool-call-delta', sample: 0, index: 0, text: '{"x":1}' },
    'tool_calls',
  ]);
  assert.deepEqual(read('length'), ['length']);
});
