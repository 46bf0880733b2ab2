/** L1 turns what an engine makes into items and events in the order that clients rely on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GenerationEvent } from '../../engines/engine.ts';
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { createFixedIds } from '../../testing/real-clock.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { chatLevel } from './l1-chat.ts';

const base: ResponseRequest = {
  model: 'm',
  input: { kind: 'raw', prompt: 'x' },
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
const usage = { inputTokens: 3, cachedTokens: 1, outputTokens: 5, reasoningTokens: 2 };

async function run(
  generated: readonly GenerationEvent[],
  request: Partial<ResponseRequest> = {},
  capabilities: { readonly images?: boolean; readonly thinks?: boolean } = {},
): Promise<{ events: LevelEvent[]; result: LevelResult }> {
  const events: LevelEvent[] = [];
  const result = await chatLevel.run(
    { ...base, ...request },
    {
      signal: new AbortController().signal,
      clock: createFakeClock(),
      ids: createFixedIds(),
      model: {
        id: 'm',
        contextTokens: undefined,
        parameters: undefined,
        createdAtMs: 0,
        ownedBy: 'test',
        licence: undefined,
        capabilities: {
          grammar: false,
          logprobs: true,
          images: false,
          embeddings: false,
          continues: true,
          thinks: false,
          ...capabilities,
        },
        state: 'loaded',
      },
      emit: (event) => events.push(event),
      async generate(_, onEvent) {
        for (const event of generated) onEvent(event);
      },
    },
  );
  return { events, result };
}

const started: GenerationEvent = { kind: 'started', promptTokens: 3, cachedTokens: 1, queueMs: 0, seed: 7 };
const text = (value: string, sample = 0): GenerationEvent => ({ kind: 'text-delta', sample, text: value });
const finished = (reason: 'stop' | 'length' | 'tool_calls' = 'stop', sample = 0): GenerationEvent => ({
  kind: 'sample-finished',
  sample,
  reason,
  sampledTokens: 5,
  thoughtTokens: 0,
});
const end: GenerationEvent = { kind: 'finished', usage };

/** Events as short words: the type without its prefix, the output index, and the new text. */
function shorten(events: readonly LevelEvent[]): string[] {
  return events.map((event) => {
    const words = [event.type.replace('response.', ''), String(event.output_index)];
    if ('delta' in event) words.push(event.delta);
    return words.join(' ');
  });
}

describe('L1', () => {
  test('text: item, part, deltas, whole text, part done, item done; usage, reason and seed as result', async () => {
    const { events, result } = await run([started, text('Hel'), text('lo'), finished(), end]);
    assert.deepEqual(shorten(events), [
      'output_item.added 0',
      'content_part.added 0',
      'output_text.delta 0 Hel',
      'output_text.delta 0 lo',
      'output_text.done 0',
      'content_part.done 0',
      'output_item.done 0',
    ]);
    const last = events.at(-1);
    assert.ok(last?.type === 'response.output_item.done');
    assert.deepEqual(last.item, {
      type: 'message',
      id: last.item.id,
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
    });
    assert.deepEqual(result, { usage, finishReasons: ['stop'], seed: 7 });
  });

  test('thought, text and calls are items of their own, each done before the next is added', async () => {
    const { events, result } = await run([
      started,
      { kind: 'thought-delta', sample: 0, text: 'hm' },
      text('so'),
      { kind: 'tool-call-started', sample: 0, index: 0, name: 'look' },
      { kind: 'tool-call-delta', sample: 0, index: 0, text: '{}' },
      { kind: 'tool-call-started', sample: 0, index: 1, name: 'listen' },
      { kind: 'tool-call-delta', sample: 0, index: 1, text: '{"a":' },
      { kind: 'tool-call-delta', sample: 0, index: 1, text: '1}' },
      finished('tool_calls'),
      end,
    ]);
    assert.deepEqual(shorten(events), [
      'output_item.added 0',
      'reasoning.delta 0 hm',
      'reasoning.done 0',
      'output_item.done 0',
      'output_item.added 1',
      'content_part.added 1',
      'output_text.delta 1 so',
      'output_text.done 1',
      'content_part.done 1',
      'output_item.done 1',
      'output_item.added 2',
      'function_call_arguments.delta 2 {}',
      'function_call_arguments.done 2',
      'output_item.done 2',
      'output_item.added 3',
      'function_call_arguments.delta 3 {"a":',
      'function_call_arguments.delta 3 1}',
      'function_call_arguments.done 3',
      'output_item.done 3',
    ]);
    const calls = events.flatMap((event) =>
      event.type === 'response.output_item.done' && event.item.type === 'function_call' ? [event.item] : [],
    );
    assert.deepEqual(
      calls.map(({ name, arguments: given }) => [name, given]),
      [
        ['look', '{}'],
        ['listen', '{"a":1}'],
      ],
    );
    assert.notEqual(calls[0]?.call_id, calls[1]?.call_id);
    assert.deepEqual(result.finishReasons, ['tool_calls']);
  });

  test('choices are samples: their items carry the choice and share one count of outputs', async () => {
    const { events, result } = await run(
      [started, text('a', 1), text('b', 0), finished('length', 1), finished('stop', 0), end],
      { choices: 2 },
    );
    const items = events.flatMap((event) =>
      event.type === 'response.output_item.done'
        ? [[event.choice, event.output_index, event.item.status]]
        : [],
    );
    assert.deepEqual(items, [
      [1, 0, 'incomplete'],
      [0, 1, 'completed'],
    ]);
    assert.deepEqual(result.finishReasons, ['stop', 'length']);
  });

  test('a sample without any token is an empty message, not nothing', async () => {
    const { events } = await run([started, finished(), end]);
    const last = events.at(-1);
    assert.ok(last?.type === 'response.output_item.done' && last.item.type === 'message');
    assert.deepEqual(last.item.content, [{ type: 'output_text', text: '', annotations: [], logprobs: [] }]);
  });

  test('log probabilities stay with their delta and add up in the item', async () => {
    const one = { token: 'a', logprob: -1, bytes: [97], top_logprobs: [] };
    const two = { token: 'b', logprob: -2, bytes: [98], top_logprobs: [] };
    const { events } = await run([
      started,
      { kind: 'text-delta', sample: 0, text: 'a', logprobs: [one] },
      { kind: 'text-delta', sample: 0, text: 'b', logprobs: [two] },
      finished(),
      end,
    ]);
    const deltas = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.logprobs] : [],
    );
    assert.deepEqual(deltas, [[one], [two]]);
    const done = events.find((event) => event.type === 'response.output_text.done');
    assert.deepEqual(done?.logprobs, [one, two]);
  });

  test('a choice that the engine never finished counts as cancelled', async () => {
    const { result } = await run([started, text('a'), end]);
    assert.deepEqual(result.finishReasons, ['cancelled']);
  });

  const refusals: readonly [string, Partial<ResponseRequest>, { readonly thinks?: boolean }, string][] = [
    ['an effort', { reasoning: { effort: 'high' } }, {}, 'reasoning_effort'],
    [
      'no effort from a model that always thinks',
      { reasoning: { effort: 'none' } },
      { thinks: true },
      'reasoning_effort',
    ],
    ['options of other levels', { reasoning: { options: { votes: 3 } } }, {}, 'gradus.votes'],
    [
      'an image for a model that reads text only',
      {
        input: {
          kind: 'items',
          items: [
            {
              type: 'message',
              id: 'msg_1',
              status: 'completed',
              role: 'user',
              content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' }],
            },
          ],
        },
      },
      {},
      'image_url',
    ],
  ];
  for (const [what, request, capabilities, param] of refusals) {
    test(`refuses ${what} by name, before any work`, async () => {
      await assert.rejects(run([], request, capabilities), {
        code: 'unsupported-parameter',
        message: new RegExp(`^${param}: `),
      });
    });
  }

  test('takes "none" as an effort: it is what happens anyway', async () => {
    const { result } = await run([started, text('a'), finished(), end], { reasoning: { effort: 'none' } });
    assert.deepEqual(result.finishReasons, ['stop']);
  });

  test('arguments for a call that is not open are a bug of the engine and fail', async () => {
    await assert.rejects(
      run([started, { kind: 'tool-call-delta', sample: 0, index: 1, text: '{}' }]),
      /not open/,
    );
  });
});
