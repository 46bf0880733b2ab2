/** Chat completions over HTTP: the whole object, and the stream of chunks that adds up to the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LevelEvent } from '../../kernel/event.ts';
import { createApiFixture, type ApiFixture } from '../../testing/api-fixture.ts';
import { chatCompletion, chatCompletionChunk } from '../wire/chat-completion.ts';
import { DeltaBuffer } from '../streaming/delta-buffer.ts';
import { ChatCollector } from './chat-result.ts';
import { ChatStream } from './chat-stream.ts';

const script = {
  rules: [
    { match: { lastUser: 'think' }, reply: { thought: 'hm, well', text: 'so it is' } },
    {
      match: { hasTools: true },
      reply: {
        text: 'I look',
        toolCalls: [
          { name: 'look', arguments: { at: 'moon' } },
          { name: 'look', arguments: { at: 'sun' } },
        ],
      },
    },
    {
      match: { lastUser: 'fail late' },
      reply: { text: 'one two three', fail: { code: 'engine-failed' as const, afterTokens: 2 } },
    },
    {
      match: { lastUser: 'fail early' },
      reply: { text: 'x', fail: { code: 'queue-full' as const, retryAfterMs: 1500 } },
    },
    { match: { lastUser: 'long' }, reply: { text: 'a b c', finish: 'length' as const, cachedTokens: 2 } },
  ],
};

interface Chunk {
  readonly choices: readonly {
    readonly index: number;
    readonly delta: {
      readonly role?: string;
      readonly content?: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments: string };
      }[];
    };
    readonly logprobs: { readonly content: readonly unknown[] } | null;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

async function ask(content: string, more: Readonly<Record<string, unknown>> = {}, api?: ApiFixture) {
  await using fixture = api ?? createApiFixture({ engine: { script } });
  return await fixture.client.json('/v1/chat/completions', {
    body: { model: 'scripted', messages: [{ role: 'user', content }], ...more },
  });
}

async function stream(
  content: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ chunks: Chunk[]; last: string | undefined }> {
  await using fixture = createApiFixture({ engine: { script } });
  const events = await Array.fromAsync(
    fixture.client.events('/v1/chat/completions', {
      body: { model: 'scripted', messages: [{ role: 'user', content }], stream: true, ...more },
    }),
  );
  const last = events.at(-1)?.data;
  const chunks = events.slice(0, -1).map((event) => {
    const chunk: unknown = JSON.parse(event.data);
    chatCompletionChunk.parse(chunk);
    return chunk as Chunk;
  });
  return { chunks, last };
}

const tools = [
  {
    type: 'function',
    function: { name: 'look', parameters: { type: 'object', properties: { at: { type: 'string' } } } },
  },
];

describe('a whole chat completion', () => {
  test('is the object that OpenAI describes, with usage to the token', async () => {
    const { status, body } = await ask('long');
    const parsed = chatCompletion.parse(body);
    assert.equal(status, 200);
    assert.deepEqual(body, {
      id: parsed.id,
      object: 'chat.completion',
      created: parsed.created,
      model: 'scripted',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'a b c', refusal: null },
          logprobs: null,
          finish_reason: 'length',
        },
      ],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 3,
        total_tokens: 10,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      system_fingerprint: 'gradus-0.0.0-test',
    });
  });

  test('shows thought beside the answer, under both names that clients read', async () => {
    const parsed = chatCompletion.parse((await ask('think')).body);
    assert.deepEqual(parsed.choices[0]?.message, {
      role: 'assistant',
      content: 'so it is',
      refusal: null,
      reasoning_content: 'hm, well',
      reasoning: 'hm, well',
    });
    assert.ok(parsed.usage.completion_tokens_details.reasoning_tokens > 0);
  });

  test('carries calls with ids, and null where there is no text', async () => {
    const parsed = chatCompletion.parse((await ask('go', { tools, parallel_tool_calls: false })).body);
    const message = parsed.choices[0]?.message;
    assert.equal(parsed.choices[0]?.finish_reason, 'tool_calls');
    assert.equal(message?.content, 'I look');
    assert.equal(message?.tool_calls?.length, 1);
    assert.match(message?.tool_calls?.[0]?.id ?? '', /^call_/);
    assert.equal(message?.tool_calls?.[0]?.function.arguments, '{"at":"moon"}');
    const forced = chatCompletion.parse((await ask('think', { tools, tool_choice: 'required' })).body);
    assert.equal(forced.choices[0]?.message.tool_calls?.length, 1);
  });

  test('gives as many choices as asked for, in order, and log probabilities when asked for', async () => {
    const parsed = chatCompletion.parse((await ask('hi', { n: 3, logprobs: true, top_logprobs: 2 })).body);
    assert.deepEqual(
      parsed.choices.map((choice) => [
        choice.index,
        choice.logprobs?.content?.length,
        choice.logprobs?.content?.[0]?.top_logprobs.length,
      ]),
      [
        [0, 1, 2],
        [1, 1, 2],
        [2, 1, 2],
      ],
    );
  });

  test('names the service tier only when the caller did', async () => {
    assert.equal(
      chatCompletion.parse((await ask('hi', { service_tier: 'auto' })).body).service_tier,
      'default',
    );
    assert.equal(chatCompletion.parse((await ask('hi')).body).service_tier, undefined);
  });
});

describe('a streamed chat completion', () => {
  test('says the role first, then deltas, then the reason, then the end mark', async () => {
    const { chunks, last } = await stream('hello big world');
    assert.deepEqual(chunks[0]?.choices[0]?.delta, { role: 'assistant', content: '', refusal: null });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    assert.equal(text, 'hello big world');
    assert.deepEqual(chunks.at(-1)?.choices, [
      { index: 0, delta: {}, logprobs: null, finish_reason: 'stop' },
    ]);
    assert.ok(chunks.every((chunk) => !('usage' in chunk)));
    assert.equal(last, '[DONE]');
  });

  test('carries usage in one more chunk when asked for, and null in the others', async () => {
    const { chunks } = await stream('hi', { stream_options: { include_usage: true } });
    assert.deepEqual(chunks.at(-1)?.choices, []);
    assert.deepEqual(chunks.at(-1)?.usage, {
      prompt_tokens: 7,
      completion_tokens: 2,
      total_tokens: 9,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    });
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
  });

  test('streams thought before text, and calls with index, id, name and arguments', async () => {
    const thinking = (await stream('think')).chunks.flatMap((chunk) => chunk.choices[0]?.delta ?? []);
    assert.equal(thinking.map((delta) => delta.reasoning_content ?? '').join(''), 'hm, well');
    assert.equal(thinking.map((delta) => delta.content ?? '').join(''), 'so it is');

    const { chunks } = await stream('go', { tools });
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const calls = [0, 1].map((index) => deltas.filter((delta) => delta.index === index));
    assert.deepEqual(
      calls.map((each) => each.map((delta) => delta.function.arguments).join('')),
      ['{"at":"moon"}', '{"at":"sun"}'],
    );
    assert.deepEqual(
      calls.map((each) => [each.filter((delta) => delta.id !== undefined).length, each[0]?.function.name]),
      [
        [1, 'look'],
        [1, 'look'],
      ],
    );
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'tool_calls');
  });

  test('streams several choices and log probabilities without losing any', async () => {
    const { chunks } = await stream('a b c d', { n: 2, logprobs: true, top_logprobs: 1 });
    for (const index of [0, 1]) {
      const own = chunks.flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index));
      assert.equal(own.map((choice) => choice.delta.content ?? '').join(''), 'a b c d');
      assert.equal(own.flatMap((choice) => choice.logprobs?.content ?? []).length, 4);
      assert.equal(own.filter((choice) => choice.finish_reason === 'stop').length, 1);
    }
  });

  test('a failure before the first token has its own status, and says whether and when to retry', async () => {
    await using fixture = createApiFixture({ engine: { script } });
    const response = await fixture.client.send('/v1/chat/completions', {
      body: { model: 'scripted', messages: [{ role: 'user', content: 'fail early' }], stream: true },
    });
    assert.equal(response.status, 429);
    assert.deepEqual(
      ['x-should-retry', 'retry-after', 'retry-after-ms', 'content-type'].map((name) =>
        response.headers.get(name),
      ),
      ['true', '2', '1500', 'application/json'],
    );
    assert.equal(((await response.json()) as { error: { code: string } }).error.code, 'queue_full');
  });

  test('a failure after the first token is an event with an error, and no end mark follows', async () => {
    await using fixture = createApiFixture({ engine: { script } });
    const events = await Array.fromAsync(
      fixture.client.events('/v1/chat/completions', {
        body: { model: 'scripted', messages: [{ role: 'user', content: 'fail late' }], stream: true },
      }),
    );
    const text = events
      .slice(0, -1)
      .map((event) => (JSON.parse(event.data) as Chunk).choices[0]?.delta.content ?? '')
      .join('');
    assert.equal(text, 'one two');
    const last = JSON.parse(events.at(-1)?.data ?? '') as { error: { code: string; type: string } };
    assert.deepEqual([last.error.code, last.error.type], ['engine_failed', 'server_error']);
  });

  test('refuses stream options without a stream', async () => {
    const { status, body } = await ask('hi', { stream_options: { include_usage: true } });
    assert.equal(status, 400);
    assert.equal((body as { error: { param: string } }).error.param, 'stream_options');
  });
});

describe('events of higher levels', () => {
  const head = {
    id: 'c',
    createdMs: 0,
    model: 'm',
    fingerprint: 'f',
    hasServiceTier: false,
    wantsLogprobs: false,
  };
  const result = {
    usage: { inputTokens: 1, cachedTokens: 0, outputTokens: 2, reasoningTokens: 1 },
    finishReasons: ['stop' as const],
    gradus: { confidence01: 0.5 },
  };
  const reasoning = {
    type: 'reasoning' as const,
    id: 'rs',
    status: 'completed' as const,
    summary: [{ type: 'summary_text' as const, text: 'sum' }],
    content: [],
  };
  const message = {
    type: 'message' as const,
    id: 'msg',
    status: 'completed' as const,
    role: 'assistant' as const,
    content: [{ type: 'refusal' as const, refusal: 'no' }],
  };
  const events: readonly LevelEvent[] = [
    { type: 'response.output_item.added', output_index: 0, item: reasoning, choice: 0 },
    {
      type: 'response.reasoning_summary_text.delta',
      item_id: 'rs',
      output_index: 0,
      summary_index: 0,
      delta: 'sum',
    },
    { type: 'response.output_item.done', output_index: 0, item: reasoning, choice: 0 },
    { type: 'response.output_item.added', output_index: 1, item: message, choice: 0 },
    { type: 'response.refusal.delta', item_id: 'msg', output_index: 1, content_index: 0, delta: 'no' },
    { type: 'response.output_item.done', output_index: 1, item: message, choice: 0 },
  ];

  test('summaries are thought, refusals are refusals, and facts stand under "gradus"', () => {
    const collector = new ChatCollector();
    for (const event of events) collector.onEvent(event);
    const whole = collector.toChatCompletion(head, result);
    assert.deepEqual(whole.gradus, { confidence01: 0.5 });
    assert.deepEqual(whole.choices[0]?.message, {
      role: 'assistant',
      content: null,
      refusal: 'no',
      reasoning_content: 'sum',
      reasoning: 'sum',
    });
    for (const includeUsage of [false, true]) {
      const buffer = new DeltaBuffer();
      const chunks = new ChatStream({ head, buffer, includeUsage, onChange: () => undefined });
      for (const event of events) chunks.onEvent(event);
      chunks.finish(result);
      const lines = buffer
        .take()
        .split('\n\n')
        .filter((line) => line !== '');
      assert.equal(lines.pop(), 'data: [DONE]');
      const parsed = lines.map(
        (line) => JSON.parse(line.slice('data: '.length)) as Chunk & { gradus?: unknown },
      );
      for (const chunk of parsed) chatCompletionChunk.parse(chunk);
      assert.deepEqual(parsed.at(-1)?.gradus, { confidence01: 0.5 });
      assert.deepEqual(
        parsed
          .map((chunk) => chunk.choices[0]?.delta ?? {})
          .filter((delta) => 'refusal' in delta && !('role' in delta)),
        [{ refusal: 'no' }],
      );
    }
  });

  test('a cancelled choice is a failure, not an answer', () => {
    const cancelled = { ...result, finishReasons: ['cancelled' as const] };
    assert.throws(() => new ChatCollector().toChatCompletion(head, cancelled), { code: 'cancelled' });
    const chunks = new ChatStream({
      head,
      buffer: new DeltaBuffer(),
      includeUsage: false,
      onChange: () => undefined,
    });
    assert.throws(() => chunks.finish(cancelled), { code: 'cancelled' });
  });

  test('a delta for an item that is not open is a bug of the level and fails', () => {
    const chunks = new ChatStream({
      head,
      buffer: new DeltaBuffer(),
      includeUsage: false,
      onChange: () => undefined,
    });
    assert.throws(
      () =>
        chunks.onEvent({
          type: 'response.output_text.delta',
          item_id: 'x',
          output_index: 3,
          content_index: 0,
          delta: 'x',
          logprobs: [],
        }),
      /not open/,
    );
  });
});
