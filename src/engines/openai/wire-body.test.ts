/** A request becomes the body that endpoints know; what one cannot honour is refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../../kernel/errors.ts';
import { parse } from '../../kernel/schema.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createContractBench, userMessage, type Asked } from '../contract/bench.ts';
import type { Prompt } from '../engine.ts';
import { createScriptedEngine } from '../scripted/scripted-engine.ts';
import { endpointSchema } from './endpoint-config.ts';
import { EndpointModels } from './endpoint-models.ts';
import { toWireRequest, type WireRequest } from './wire-body.ts';

const engine = createScriptedEngine({ clock: createFakeClock() });
const { request } = createContractBench({ engine, model: 'small', embeddingModel: 'small' });

function toWire(
  prompt: string | Prompt,
  asked: Asked = {},
  settings: object = {},
  { choices = 1, seedOffset = 0 } = {},
): WireRequest {
  const config = parse(endpointSchema, {
    name: 'far',
    baseUrl: 'http://far.example/v1',
    models: [{ id: 'small', upstream: 'org/small-model' }],
    ...settings,
  });
  const model = new EndpointModels(config).find('small');
  return toWireRequest({ request: request(prompt, asked), config, model, choices, seedOffset });
}

const common = {
  model: 'org/small-model',
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: 16,
  temperature: 0,
};

test('a plain question is a plain body', () => {
  assert.deepEqual(toWire('hello'), {
    path: '/chat/completions',
    body: { ...common, messages: [{ role: 'user', content: 'hello' }] },
  });
});

test('everything that is asked is sent under its name', () => {
  const tool = { name: 'f', description: 'does', parameters: { type: 'object' }, strict: true };
  const { body } = toWire(
    'hello',
    {
      samples: 3,
      stop: ['a', 'b', 'c', 'd', 'e'],
      topLogprobs: 2,
      tools: [tool],
      toolChoice: { kind: 'named', name: 'f' },
      parallelToolCalls: false,
      textFormat: { kind: 'json-schema', name: 'answer', schema: { type: 'object' }, strict: true },
      grammar: 'root ::= "a"',
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        minP: 0.1,
        frequencyPenalty: 0.2,
        presencePenalty: 0.3,
        logitBias: new Map([[5, -100]]),
        seed: 7,
      },
    },
    {
      maxTokensField: 'max_completion_tokens',
      capabilities: { grammar: true, topKAndMinP: true, tokenIds: true },
    },
    { choices: 3, seedOffset: 2 },
  );
  assert.deepEqual(body, {
    model: 'org/small-model',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'hello' }],
    n: 3,
    max_completion_tokens: 16,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 40,
    min_p: 0.1,
    frequency_penalty: 0.2,
    presence_penalty: 0.3,
    logit_bias: { 5: -100 },
    seed: 9,
    stop: ['a', 'b', 'c', 'd'],
    logprobs: true,
    top_logprobs: 2,
    return_token_ids: true,
    tools: [{ type: 'function', function: tool }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    parallel_tool_calls: false,
    grammar: 'root ::= "a"',
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
    },
  });
});

test('conversations keep their calls, results and images', () => {
  const image = { type: 'image', url: 'data:image/png;base64,AA==', detail: 'low' } as const;
  const prompt: Prompt = {
    kind: 'chat',
    messages: [
      { role: 'system', parts: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', parts: [{ type: 'text', text: 'See' }, image] },
      { role: 'assistant', text: '', thought: 'hm', toolCalls: [{ id: '1', name: 'f', arguments: '{}' }] },
      { role: 'tool', toolCallId: '1', text: 'result' },
      { role: 'assistant', text: 'So.', toolCalls: [] },
      userMessage('And?'),
    ],
  };
  const expected = [
    { role: 'system', content: 'Be kind.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: '1', content: 'result' },
    { role: 'assistant', content: 'So.' },
    { role: 'user', content: 'And?' },
  ];
  assert.deepEqual(toWire(prompt).body['messages'], expected);
  const [, , withThought] = toWire(prompt, {}, { capabilities: { earlierThought: true } }).body[
    'messages'
  ] as readonly object[];
  assert.deepEqual(withThought, { ...expected[2], reasoning_content: 'hm' });
});

test('an answer that has begun is gone on with in the way of the server', () => {
  const prompt: Prompt = { kind: 'chat', messages: [userMessage('hi')], answerStart: { text: 'Well' } };
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'Well' },
  ];
  assert.deepEqual(toWire(prompt, {}, { capabilities: { continues: 'prefill' } }).body, {
    ...common,
    messages,
  });
  assert.deepEqual(toWire(prompt, {}, { capabilities: { continues: 'vllm' } }).body, {
    ...common,
    messages,
    continue_final_message: true,
    add_generation_prompt: false,
  });
});

test('raw prompts go to the route for completions, with its own log-probabilities', () => {
  const settings = { capabilities: { rawPrompts: true } };
  assert.deepEqual(toWire({ kind: 'text', text: 'Once' }, { topLogprobs: 3 }, settings), {
    path: '/completions',
    body: { ...common, prompt: 'Once', logprobs: 3 },
  });
  assert.deepEqual(toWire({ kind: 'tokens', tokens: [1, 2] }, {}, settings).body['prompt'], [1, 2]);
});

test('what the endpoint cannot honour is refused by name', () => {
  const start: Prompt = { kind: 'chat', messages: [], answerStart: { text: 'Well' } };
  const image: Prompt = {
    kind: 'chat',
    messages: [{ role: 'user', parts: [{ type: 'image', url: 'data:,', detail: 'auto' }] }],
  };
  const faults: readonly [string | Prompt, Asked, string][] = [
    [start, {}, 'answer_start'],
    [{ kind: 'text', text: 'x' }, {}, 'prompt'],
    [image, {}, 'image_url'],
    ['x', { grammar: 'root ::= "a"' }, 'grammar'],
    ['x', { topLogprobs: 1 }, 'logprobs'],
    ['x', { sampling: { topK: 4 } }, 'top_k'],
    ['x', { sampling: { minP: 0.1 } }, 'min_p'],
  ];
  for (const [prompt, asked, param] of faults) {
    assert.throws(
      () => toWire(prompt, asked, { capabilities: { images: false, logprobs: false } }),
      (error) =>
        error instanceof GradusError &&
        error.code === 'unsupported-parameter' &&
        error.details.param === param,
      param,
    );
  }
});

test('a demanded call is asked for by schema where the endpoint keeps no choice', () => {
  const tools = [{ name: 'f', parameters: { type: 'object' }, strict: false }];
  const asked = { tools, toolChoice: { kind: 'required' } } as const;
  const { body } = toWire('x', asked, { capabilities: { forcedCalls: 'schema' } });
  assert.equal(body['tool_choice'], 'none');
  assert.deepEqual(body['response_format'], {
    type: 'json_schema',
    json_schema: {
      name: 'tool_call',
      strict: true,
      schema: {
        type: 'object',
        properties: { name: { const: 'f' }, arguments: { type: 'object' } },
        required: ['name', 'arguments'],
        additionalProperties: false,
      },
    },
  });
  assert.equal(toWire('x', asked).body['tool_choice'], 'required');
});

test('log-probabilities without alternatives are asked for with one, which is taken out again', () => {
  assert.equal(toWire('x', { topLogprobs: 0 }).body['top_logprobs'], 1);
});

test('extra fields are added, those of the model last, and null takes one out', () => {
  const { body } = toWire(
    'x',
    {},
    {
      extraBody: { cache: true, temperature: null, level: 1 },
      models: [{ id: 'small', upstream: 'org/small-model', extraBody: { level: 2 } }],
    },
  );
  assert.equal(body['temperature'], undefined);
  assert.equal(body['cache'], true);
  assert.equal(body['level'], 2);
});
