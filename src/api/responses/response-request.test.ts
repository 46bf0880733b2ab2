/** Every Responses parameter reaches the level with its real meaning; what cannot be honoured is refused by name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import type { IdSource } from '../../kernel/ids.ts';
import type { Item } from '../../kernel/item.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { parse } from '../../kernel/schema.ts';
import { responseRequest, type ResponseRequestBody } from '../wire/response-request.ts';
import { toEnvelope, toResponseRequest } from './response-request.ts';

const look = { type: 'function', name: 'look', parameters: { type: 'object' } };
const listen = { type: 'function', name: 'listen' };
const ids: IdSource = { create: (prefix) => `${prefix}_new` };

function toBody(fields: Readonly<Record<string, unknown>>): ResponseRequestBody {
  return parse(responseRequest, { model: 'm', input: 'hi', ...fields });
}

function toRequest(
  fields: Readonly<Record<string, unknown>>,
  history: readonly Item[] = [],
): ResponseRequest {
  return toResponseRequest(toBody(fields), { history, ids });
}

function refusal(fields: Readonly<Record<string, unknown>>, history: readonly Item[] = []): unknown {
  try {
    toRequest(fields, history);
  } catch (error) {
    assert.ok(error instanceof GradusError, String(error));
    return [error.code, error.details.param];
  }
  throw new Error('it was not refused');
}

const hi: Item = {
  type: 'message',
  id: 'msg_new',
  status: 'completed',
  role: 'user',
  content: [{ type: 'input_text', text: 'hi' }],
};

const plain: ResponseRequest = {
  model: 'm',
  input: { kind: 'items', items: [hi] },
  tools: [],
  toolChoice: { kind: 'none' },
  parallelToolCalls: true,
  textFormat: { kind: 'text' },
  sampling: { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map() },
  stop: [],
  choices: 1,
  reasoning: {},
  truncation: 'disabled',
  metadata: {},
};

test('what is absent or null has the defaults that OpenAI states', () => {
  assert.deepEqual(toRequest({}), plain);
  const schema = z.toJSONSchema(responseRequest, { io: 'input', unrepresentable: 'any' });
  const names = Object.keys(schema.properties ?? {}).filter((name) => name !== 'model' && name !== 'input');
  assert.ok(names.length > 30);
  assert.deepEqual(toRequest(Object.fromEntries(names.map((name) => [name, null]))), plain);
});

test('every field arrives where it belongs', () => {
  assert.deepEqual(
    toRequest({
      instructions: 'be brief',
      tools: [look, listen],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'listen' }] },
      parallel_tool_calls: false,
      text: { format: { type: 'json_schema', name: 'n', description: 'd', schema: { a: 1 }, strict: true } },
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      presence_penalty: 1,
      frequency_penalty: -1,
      seed: 7,
      stop: 'END',
      max_output_tokens: 5,
      top_logprobs: 3,
      reasoning: { effort: 'none' },
      truncation: 'auto',
      metadata: { a: 'b' },
      gradus: { votes: 3 },
      service_tier: 'auto',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      user: 'u',
      include: ['reasoning.encrypted_content'],
    }),
    {
      ...plain,
      input: { kind: 'items', items: [hi], instructions: 'be brief' },
      tools: [{ name: 'listen', parameters: { properties: {}, type: 'object' }, strict: false }],
      toolChoice: { kind: 'required' },
      parallelToolCalls: false,
      textFormat: { kind: 'json-schema', name: 'n', schema: { description: 'd', a: 1 }, strict: true },
      sampling: {
        temperature: 0.5,
        topP: 0.9,
        topK: 4,
        presencePenalty: 1,
        frequencyPenalty: -1,
        logitBias: new Map(),
        seed: 7,
      },
      stop: ['END'],
      maxOutputTokens: 5,
      topLogprobs: 3,
      reasoning: { effort: 'none', options: { votes: 3 } },
      truncation: 'auto',
      metadata: { a: 'b' },
    },
  );
  assert.equal(toRequest({ include: ['message.output_text.logprobs'] }).topLogprobs, 0);
  assert.deepEqual(toRequest({ tools: [look], tool_choice: { type: 'function', name: 'look' } }).toolChoice, {
    kind: 'named',
    name: 'look',
  });
  assert.deepEqual(toRequest({ text: { format: { type: 'json_object' } } }).textFormat, {
    kind: 'json-object',
  });
});

test('items keep their ids and their parts, and follow what came before', () => {
  const history: readonly Item[] = [
    { type: 'function_call', id: 'fc_1', status: 'completed', call_id: 'c1', name: 'look', arguments: '{}' },
  ];
  const { input } = toRequest(
    {
      input: [
        { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'seen' }] },
        { role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [], parsed: null }] },
        { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 't' }] },
        {
          type: 'message',
          id: 'msg_1',
          role: 'user',
          content: [{ type: 'input_image', image_url: 'https://a' }],
        },
      ],
    },
    history,
  );
  assert.deepEqual(input.kind === 'items' && input.items, [
    ...history,
    { type: 'function_call_output', id: 'fc_new', status: 'completed', call_id: 'c1', output: 'seen' },
    {
      type: 'message',
      id: 'msg_new',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'a', annotations: [], logprobs: [] }],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      status: 'completed',
      summary: [],
      content: [{ type: 'reasoning_text', text: 't' }],
    },
    {
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_image', image_url: 'https://a', detail: 'auto' }],
    },
  ]);
});

test('the envelope has the numbers where the response object needs numbers', () => {
  const envelope = toEnvelope(toBody({ tools: [look] }), { model: 'm:reason', store: true, owner: 'ada' });
  assert.deepEqual(envelope, {
    owner: 'ada',
    model: 'm:reason',
    instructions: null,
    previous_response_id: null,
    tools: [
      { type: 'function', name: 'look', description: null, parameters: { type: 'object' }, strict: null },
    ],
    tool_choice: 'auto',
    text: { format: { type: 'text' } },
    truncation: 'disabled',
    parallel_tool_calls: true,
    temperature: 1,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    reasoning: { effort: null, summary: null },
    max_output_tokens: null,
    max_tool_calls: null,
    store: true,
    background: false,
    service_tier: 'default',
    metadata: {},
    safety_identifier: null,
    prompt_cache_key: null,
  });
});

describe('a request is refused by name', () => {
  const call = { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' };
  const output = { type: 'function_call_output', call_id: 'c', output: '' };
  const wrong = (param: string): unknown => ['invalid-request', param];
  const unable = (param: string): unknown => ['unsupported-parameter', param];
  const cases: readonly [string, Readonly<Record<string, unknown>>, unknown][] = [
    ['without input', { input: undefined }, wrong('input')],
    ['with an empty input', { input: [] }, wrong('input')],
    ['with an unknown field', { temprature: 1 }, unable('temprature')],
    [
      'with an unknown field in an item',
      { input: [{ role: 'user', content: 'a', b: 1 }] },
      unable('input[0].b'),
    ],
    ['with an unknown role', { input: [{ role: 'robot', content: 'a' }] }, wrong('input[0].role')],
    [
      'with a file',
      { input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
      unable('input[0].content[0].type'),
    ],
    ['with an item reference', { input: [{ type: 'item_reference', id: 'a' }] }, unable('input[0].type')],
    [
      'with a compaction',
      { input: [{ type: 'compaction', encrypted_content: 'e30' }] },
      wrong('input[0].encrypted_content'),
    ],
    [
      'with foreign thoughts',
      { input: [{ type: 'reasoning', summary: [], encrypted_content: 'x' }] },
      unable('input[0].encrypted_content'),
    ],
    ['with an output without a call', { input: [output] }, wrong('input[0].call_id')],
    ['with two outputs of one call', { input: [call, output, output] }, wrong('input[2].call_id')],
    ['with a call that is used twice', { input: [call, output, call] }, wrong('input[2].call_id')],
    ['with a call without output', { input: [call] }, wrong('input[0].call_id')],
    ['with a built-in tool', { tools: [{ type: 'web_search' }] }, unable('tools[0].type')],
    ['with a custom tool', { tools: [look, { type: 'custom', name: 'a' }] }, unable('tools[1].type')],
    ['with a tool twice', { tools: [look, look] }, wrong('tools[1].name')],
    [
      'with parameters that are no object',
      { tools: [{ ...look, parameters: { type: 'string' } }] },
      wrong('tools[0].parameters.type'),
    ],
    [
      'with a choice that is not there',
      { tools: [look], tool_choice: { type: 'function', name: 'x' } },
      wrong('tool_choice.name'),
    ],
    ['with a choice without tools', { tool_choice: 'required' }, wrong('tool_choice')],
    [
      'with a built-in choice',
      { tools: [look], tool_choice: { type: 'file_search' } },
      unable('tool_choice.type'),
    ],
    ['with a verbosity', { text: { verbosity: 'low' } }, unable('text.verbosity')],
    ['with a summary of thoughts', { reasoning: { summary: 'detailed' } }, unable('reasoning.summary')],
    ['with an unknown effort', { reasoning: { effort: 'huge' } }, wrong('reasoning.effort')],
    ['with results that there are none of', { include: ['file_search_call.results'] }, unable('include')],
    ['with an unknown include', { include: ['all'] }, wrong('include[0]')],
    ['with a conversation', { conversation: 'conv_1' }, unable('conversation')],
    ['with a prompt template', { prompt: { id: 'p' } }, unable('prompt')],
    ['with a service tier', { service_tier: 'flex' }, unable('service_tier')],
    ['with context management', { context_management: [] }, unable('context_management')],
    [
      'with obfuscation',
      { stream_options: { include_obfuscation: true } },
      unable('stream_options.include_obfuscation'),
    ],
    ['with too hot a temperature', { temperature: 2.1 }, wrong('temperature')],
    ['with too many logprobs', { top_logprobs: 21 }, wrong('top_logprobs')],
    ['with no room for an answer', { max_output_tokens: 0 }, wrong('max_output_tokens')],
    ['with too long metadata', { metadata: { a: 'x'.repeat(513) } }, wrong('metadata.a')],
    [
      'with too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, ''])) },
      wrong('metadata'),
    ],
    ['with many answers', { n: 2 }, unable('n')],
  ];
  for (const [name, fields, expected] of cases) {
    test(name, () => {
      assert.deepEqual(refusal(fields), expected);
    });
  }

  test('with a call of the response before left open', () => {
    const open: Item = {
      type: 'function_call',
      id: 'fc',
      status: 'completed',
      call_id: 'c',
      name: 'look',
      arguments: '',
    };
    assert.deepEqual(refusal({}, [open]), wrong('input'));
  });
});
