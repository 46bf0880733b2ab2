/** Every chat parameter reaches the level with its real meaning; contradictions are refused by name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from '../../kernel/schema.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { chatCompletionRequest } from '../wire/chat-completion.ts';
import { toChatRequest } from './chat-request.ts';

const user = { role: 'user', content: 'hi' };
const look = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };
const listen = { type: 'function', function: { name: 'listen' } };

function toRequest(body: Readonly<Record<string, unknown>>): ResponseRequest {
  return toChatRequest(parse(chatCompletionRequest, { model: 'm', messages: [user], ...body }));
}

function refusal(body: Readonly<Record<string, unknown>>): [string, string | undefined] {
  try {
    toRequest(body);
  } catch (error) {
    assert.ok(error instanceof GradusError, String(error));
    return [error.code, error.details.param];
  }
  throw new Error('it was not refused');
}

test('what is absent or null has the defaults that OpenAI states', () => {
  const expected: ResponseRequest = {
    model: 'm',
    input: {
      kind: 'items',
      items: [
        {
          type: 'message',
          id: 'msg_0',
          status: 'completed',
          role: 'user',
          content: [{ type: 'input_text', text: 'hi' }],
        },
      ],
    },
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
  assert.deepEqual(toRequest({}), expected);
  const nulls = Object.fromEntries(Object.keys(optionalFields()).map((name) => [name, null]));
  assert.deepEqual(toRequest(nulls), expected);
});

/** All optional fields of the schema, by giving it everything it may know. */
function optionalFields(): Readonly<Record<string, null>> {
  const names =
    'stream stream_options temperature top_p top_k min_p frequency_penalty presence_penalty logit_bias seed stop n ' +
    'tools tool_choice parallel_tool_calls response_format max_completion_tokens max_tokens logprobs top_logprobs ' +
    'reasoning_effort gradus user safety_identifier prompt_cache_key service_tier prompt_cache_retention ' +
    'prompt_cache_options store metadata verbosity modalities audio prediction web_search_options moderation ' +
    'functions function_call';
  return Object.fromEntries(names.split(' ').map((name) => [name, null]));
}

describe('parameters of chat completions', () => {
  const honoured: readonly [Readonly<Record<string, unknown>>, Partial<ResponseRequest>][] = [
    [
      {
        temperature: 0,
        top_p: 0.5,
        top_k: 40,
        min_p: 0.1,
        frequency_penalty: -2,
        presence_penalty: 2,
        seed: -3,
        logit_bias: { 12: -100, 7: 3.5 },
      },
      {
        sampling: {
          temperature: 0,
          topP: 0.5,
          topK: 40,
          minP: 0.1,
          frequencyPenalty: -2,
          presencePenalty: 2,
          seed: -3,
          logitBias: new Map([
            [7, 3.5],
            [12, -100],
          ]),
        },
      },
    ],
    [{ stop: 'end' }, { stop: ['end'] }],
    [{ stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
    [{ n: 3 }, { choices: 3 }],
    [{ max_tokens: 5 }, { maxOutputTokens: 5 }],
    [{ max_completion_tokens: 6, max_tokens: 6 }, { maxOutputTokens: 6 }],
    [{ logprobs: true }, { topLogprobs: 0 }],
    [{ logprobs: true, top_logprobs: 20 }, { topLogprobs: 20 }],
    [{ reasoning_effort: 'xhigh' }, { reasoning: { effort: 'xhigh' } }],
    [{ gradus: { votes: 3 } }, { reasoning: { options: { votes: 3 } } }],
    [{ parallel_tool_calls: false }, { parallelToolCalls: false }],
    [{ response_format: { type: 'text' } }, { textFormat: { kind: 'text' } }],
    [{ response_format: { type: 'json_object' } }, { textFormat: { kind: 'json-object' } }],
    [
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', description: 'a place', schema: { type: 'object' }, strict: true },
        },
      },
      {
        textFormat: {
          kind: 'json-schema',
          name: 'x',
          schema: { description: 'a place', type: 'object' },
          strict: true,
        },
      },
    ],
    [
      { tools: [look, listen] },
      {
        tools: [
          { name: 'look', parameters: { type: 'object' }, strict: false },
          { name: 'listen', parameters: { type: 'object', properties: {} }, strict: false },
        ],
        toolChoice: { kind: 'auto' },
      },
    ],
    [{ tools: [look], tool_choice: 'required' }, { toolChoice: { kind: 'required' } }],
    [{ tools: [look], tool_choice: 'none' }, { toolChoice: { kind: 'none' } }],
    [
      { tools: [look], tool_choice: { type: 'function', function: { name: 'look' } } },
      { toolChoice: { kind: 'named', name: 'look' } },
    ],
    [
      {
        tools: [look, listen],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'listen' } }] },
        },
      },
      {
        tools: [{ name: 'listen', parameters: { type: 'object', properties: {} }, strict: false }],
        toolChoice: { kind: 'required' },
      },
    ],
  ];
  for (const [body, expected] of honoured) {
    test(`honours ${JSON.stringify(body).slice(0, 90)}`, () => {
      const request = toRequest(body);
      const found = Object.fromEntries(
        Object.keys(expected).map((key) => [key, request[key as keyof ResponseRequest]]),
      );
      assert.deepEqual(found, expected);
    });
  }

  const contradictions: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ max_tokens: 5, max_completion_tokens: 6 }, 'max_tokens'],
    [{ tool_choice: 'auto' }, 'tool_choice'],
    [
      { tools: [look], tool_choice: { type: 'function', function: { name: 'lok' } } },
      'tool_choice.function.name',
    ],
    [{ tools: [look, look] }, 'tools[1].function.name'],
    [
      { tools: [{ type: 'function', function: { name: 'x', parameters: { type: 'array' } } }] },
      'tools[0].function.parameters.type',
    ],
    [
      {
        tools: [look],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'x' } }] },
        },
      },
      'tool_choice.allowed_tools.tools[0].function.name',
    ],
  ];
  for (const [body, param] of contradictions) {
    test(`refuses a contradiction at ${param}`, () => {
      assert.deepEqual(refusal(body), ['invalid-request', param]);
    });
  }

  const unsupported: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ modalities: ['text', 'audio'] }, 'modalities'],
    [{ audio: { voice: 'x', format: 'wav' } }, 'audio'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ prediction: { type: 'content', content: 'x' } }, 'prediction'],
    [{ moderation: { model: 'x' } }, 'moderation'],
    [{ store: true }, 'store'],
    [{ metadata: { a: 'b' } }, 'metadata'],
    [{ verbosity: 'low' }, 'verbosity'],
    [{ service_tier: 'flex' }, 'service_tier'],
    [{ prompt_cache_retention: '24h' }, 'prompt_cache_retention'],
    [{ prompt_cache_options: { mode: 'explicit' } }, 'prompt_cache_options'],
    [{ functions: [{ name: 'x' }] }, 'functions'],
    [{ function_call: 'auto' }, 'function_call'],
    [{ stream_options: { include_obfuscation: true } }, 'stream_options.include_obfuscation'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    [{ temprature: 1 }, 'temprature'],
    [{ tools: [{ ...look, extra: 1 }] }, 'tools[0].extra'],
    [{ messages: [{ ...user, cache: true }] }, 'messages[0].cache'],
    [{ messages: [{ role: 'function', name: 'x', content: 'y' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'system', content: 'x', name: 'y' }] }, 'messages[0].name'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
      'messages[0].content[0].type',
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }, 'messages[0].content[0].type'],
  ];
  for (const [body, param] of unsupported) {
    test(`refuses ${param} by name: it cannot be honoured`, () => {
      assert.deepEqual(refusal(body), ['unsupported-parameter', param]);
    });
  }

  test('takes the values of refused parameters that ask for what happens anyway', () => {
    const harmless = {
      modalities: ['text'],
      store: false,
      metadata: {},
      verbosity: 'medium',
      service_tier: 'auto',
      prompt_cache_retention: 'in_memory',
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
    };
    assert.deepEqual(toRequest(harmless), toRequest({}));
  });

  const wrong: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ model: 5 }, 'model'],
    [{ model: '' }, 'model'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [5] }, 'messages[0]'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [user, { role: 'user', content: 5 }] }, 'messages[1].content'],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: null }] }] },
      'messages[0].content[0].text',
    ],
    [
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] },
        ],
      },
      'messages[0].content[0].image_url.url',
    ],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: -1 }, 'top_p'],
    [{ n: 0 }, 'n'],
    [{ n: 129 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ seed: 1e30 }, 'seed'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: -5 }, 'max_tokens'],
    [{ top_logprobs: 21, logprobs: true }, 'top_logprobs'],
    [{ stop: [''] }, 'stop[0]'],
    [{ logit_bias: { a: 1 } }, 'logit_bias.a'],
    [{ logit_bias: { 1: 101 } }, 'logit_bias.1'],
    [{ reasoning_effort: 'huge' }, 'reasoning_effort'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'x' } } },
      'response_format.json_schema.schema',
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: [] } } },
      'response_format.json_schema.schema',
    ],
    [{ tools: [{ type: 'function', function: { name: 'a b' } }] }, 'tools[0].function.name'],
    [{ tools: Array.from({ length: 10_000 }, () => look) }, 'tools'],
    [{ tools: [look], tool_choice: 'any' }, 'tool_choice'],
    [{ stream: 'yes' }, 'stream'],
  ];
  for (const [body, param] of wrong) {
    test(`names the path of what is wrong: ${param} in ${JSON.stringify(body).slice(0, 60)}`, () => {
      assert.deepEqual(refusal(body), ['invalid-request', param]);
    });
  }
});
