/** The engine contract's cases about form: schemas, tools, grammars, refusals, embeddings, loading. */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../kernel/json.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { ChatMessage, Engine } from '../engine.ts';
import { JsonChecker } from '../scripted/json-check.ts';
import { contractPrompts, userMessage, type ContractCases, never } from './bench.ts';
import { assertCalls, assertOrder, assertRefused, cosine } from './checks.ts';

const checker = new JsonChecker();

const weatherTool: FunctionTool = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string', enum: ['Paris', 'Rome'] },
      days: { type: 'integer', minimum: 1, maximum: 3 },
    },
    required: ['city', 'days'],
    additionalProperties: false,
  },
  strict: true,
};
const timeTool: FunctionTool = {
  name: 'get_time',
  description: 'The time in a zone.',
  parameters: {
    type: 'object',
    properties: { zone: { enum: ['UTC', 'CET'] } },
    required: ['zone'],
    additionalProperties: false,
  },
  strict: true,
};
const tools = [weatherTool, timeTool];

const schemas: readonly JsonObject[] = [
  {
    type: 'object',
    properties: { colour: { enum: ['red', 'green'] }, count: { type: 'integer', minimum: 1, maximum: 9 } },
    required: ['colour', 'count'],
    additionalProperties: false,
  },
  {
    type: 'object',
    properties: {
      tags: { type: 'array', items: { enum: ['a', 'b'] }, minItems: 2, maxItems: 3 },
      inner: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/flag' }] },
    },
    required: ['tags', 'inner'],
    additionalProperties: false,
    $defs: {
      flag: {
        type: 'object',
        properties: { on: { type: 'boolean' } },
        required: ['on'],
        additionalProperties: false,
      },
    },
  },
];

export const formCases: ContractCases = {
  'a model that is not there is refused by name': async ({ engine, request }) => {
    await assertRefused(
      engine,
      { ...request(contractPrompts.short), model: 'no-such-model' },
      'model-not-found',
    );
  },

  'a prompt beyond the context is refused before any work, naming both numbers': async (bench) => {
    const { engine, model, request } = bench;
    const contextTokens = engine.models().find((entry) => entry.id === model)?.contextTokens;
    assert.ok(contextTokens !== undefined, 'the model does not say its context');
    const prompt = 'one two three four '.repeat(Math.ceil(contextTokens / 3));
    const error = await assertRefused(engine, request(prompt), 'context-length-exceeded');
    const numbers = (error.message.match(/\d+/g) ?? []).map(Number);
    assert.ok(numbers.includes(contextTokens), error.message);
    assert.ok(
      numbers.some((number) => number > contextTokens),
      error.message,
    );
  },

  'a JSON schema is always kept': async ({ run }) => {
    for (const schema of schemas) {
      const textFormat = { kind: 'json-schema', name: 'answer', schema, strict: true } as const;
      const asked = { textFormat, samples: 2, maxTokens: 200, sampling: { temperature: 1, seed: 3 } };
      for (const { text, reason } of (await run('Give an example.', asked)).samples) {
        assert.equal(reason, 'stop');
        assert.equal(checker.findFault(schema, JSON.parse(text)), undefined, text);
      }
    }
  },

  'the format json-object gives an object': async ({ run }) => {
    const { samples } = await run('Give a JSON object with one key "a" and the value 1.', {
      textFormat: { kind: 'json-object' },
      maxTokens: 200,
    });
    assert.equal(checker.findFault({ type: 'object' }, JSON.parse(samples[0]?.text ?? '')), undefined);
  },

  'tool choice required gives valid calls of offered tools': async ({ run }) => {
    const record = await run('What is the weather in Paris for 2 days?', {
      tools,
      toolChoice: { kind: 'required' },
      maxTokens: 200,
    });
    assertOrder(record.events, 1);
    assertCalls(record, { tools });
  },

  'tool choice by name gives a valid call of that tool': async ({ run }) => {
    const record = await run('What is the weather in Paris for 2 days?', {
      tools,
      toolChoice: { kind: 'named', name: 'get_time' },
      maxTokens: 200,
    });
    assertCalls(record, { tools, name: 'get_time' });
  },

  'without parallel calls there is at most one': async ({ run }) => {
    const record = await run('What is the weather in Paris and in Rome for 2 days?', {
      tools,
      toolChoice: { kind: 'required' },
      parallelToolCalls: false,
      maxTokens: 200,
    });
    assertCalls(record, { tools, most: 1 });
  },

  'tool choice none gives text and no call': async ({ run }) => {
    const { samples } = await run('What is the weather in Paris?', { tools, toolChoice: { kind: 'none' } });
    assert.deepEqual(samples[0]?.calls, []);
    assert.ok(samples[0]?.reason === 'stop' || samples[0]?.reason === 'length');
  },

  'a tool result is taken and answered': async ({ run }) => {
    const call = { id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris","days":1}' };
    const messages: readonly ChatMessage[] = [
      userMessage('What is the weather in Paris today?'),
      { role: 'assistant', text: '', toolCalls: [call] },
      { role: 'tool', toolCallId: 'call_1', text: '{"sky":"clear","degrees":21}' },
    ];
    const { samples } = await run({ kind: 'chat', messages }, { tools });
    assert.ok((samples[0]?.text ?? '') !== '' || (samples[0]?.calls.length ?? 0) > 0);
  },

  'a grammar is kept where the model can, and refused by name elsewhere': async (bench) => {
    const { engine, model, request, run } = bench;
    const grammar = 'root ::= "yes" | "no"';
    if (engine.models().find((entry) => entry.id === model)?.capabilities.grammar === true) {
      assert.match((await run('Is water wet?', { grammar })).samples[0]?.text ?? '', /^(?:yes|no)$/);
    } else {
      await assertRefused(engine, request('Is water wet?', { grammar }), 'unsupported-parameter');
    }
  },

  'embeddings have length 1 and come in the order of the inputs': async ({ engine, embeddingModel }) => {
    const embed = (inputs: readonly string[]): ReturnType<Engine['embed']> =>
      engine.embed({ model: embeddingModel, inputs }, never);
    const both = await embed(['the cat sat', 'a quite different sentence about ships']);
    const swapped = await embed(['a quite different sentence about ships', 'the cat sat']);
    assert.equal(both.vectors.length, 2);
    assert.ok(both.inputTokens > 0);
    for (const vector of both.vectors) assert.ok(Math.abs(cosine(vector, vector) - 1) < 1e-3);
    assert.ok(cosine(both.vectors[0], swapped.vectors[1]) > 0.999);
    assert.ok(cosine(both.vectors[0], both.vectors[1]) < 0.999);
  },

  'a model that was unloaded loads again': async ({ engine, model, run }) => {
    assert.equal((await engine.load(model, never)).state, 'loaded');
    await engine.unload(model);
    assert.ok(((await run(contractPrompts.short)).samples[0]?.text ?? '') !== '');
  },
};
