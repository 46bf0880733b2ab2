/** The stock `openai` client against a served api with a scripted model: nothing is configured but the address. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI, { APIError, APIUserAbortError, NotFoundError, RateLimitError } from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import {
  serveApiFixture,
  type ApiFixtureOptions,
  type ServedFixture,
} from '../../src/testing/api-fixture.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';

const rules: readonly ScriptRule[] = [
  { match: { toolResult: '21' }, reply: { text: 'It is 21 degrees.' } },
  {
    match: { hasTools: true },
    reply: {
      toolCalls: [
        { name: 'weather', arguments: { city: 'Oslo' } },
        { name: 'weather', arguments: { city: 'Rome' } },
      ],
    },
  },
  { match: { lastUser: 'slow' }, reply: { text: 'w '.repeat(2_000), tokensPerSecond: 50 } },
  {
    match: { lastUser: 'break' },
    reply: { text: 'a b c d', fail: { code: 'engine-failed', afterTokens: 2 } },
  },
];

async function open(options: ApiFixtureOptions = {}): Promise<ServedFixture> {
  return serveApiFixture({ ...options, engine: { script: { rules }, ...options.engine } });
}

function connect(fixture: ServedFixture): OpenAI {
  return new OpenAI({ baseURL: `${fixture.server.url}/v1`, apiKey: 'none', maxRetries: 0 });
}

const user = (content: string) => [{ role: 'user' as const, content }];

const weather = {
  type: 'function' as const,
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

/** Waits until no generation runs, and says how long that took. */
async function untilFree(fixture: ServedFixture): Promise<number> {
  const startedMs = performance.now();
  while (fixture.engine.loads()[0]?.running !== 0) {
    if (performance.now() - startedMs > 2_000) throw new Error('the slot was never freed');
    await wait(1);
  }
  return performance.now() - startedMs;
}

async function untilRunning(fixture: ServedFixture): Promise<void> {
  while (fixture.engine.loads()[0]?.running !== 1) await wait(1);
}

describe('the openai client', () => {
  test(
    'lists and finds models',
    leavesNothing(async () => {
      await using fixture = await open({ engine: { models: [{ id: 'a/b:c' }, { id: 'd' }] } });
      const client = connect(fixture);
      assert.deepEqual(
        (await Array.fromAsync(await client.models.list())).map((model) => model.id),
        ['a/b:c', 'd'],
      );
      assert.equal((await client.models.retrieve('a/b:c')).id, 'a/b:c');
    }),
  );

  test('gets a whole answer with usage and a request id', async () => {
    await using fixture = await open();
    const answer = await connect(fixture).chat.completions.create({
      model: 'scripted',
      messages: user('hello'),
    });
    assert.equal(answer.choices[0]?.message.content, 'hello');
    assert.equal(
      answer.usage?.total_tokens,
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
    assert.match(answer._request_id ?? '', /^req_/);
  });

  test('streams the same answer, with usage at the end', async () => {
    await using fixture = await open();
    const stream = await connect(fixture).chat.completions.create({
      model: 'scripted',
      messages: user('one two three'),
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      total += chunk.usage?.total_tokens ?? 0;
    }
    assert.equal(text, 'one two three');
    assert.ok(total > 0);
  });

  test('its stream helper rebuilds the message from the chunks', async () => {
    await using fixture = await open();
    const stream = connect(fixture).chat.completions.stream({
      model: 'scripted',
      messages: user('hi'),
      tools: [weather],
    });
    const message = await stream.finalMessage();
    assert.deepEqual(
      message.tool_calls?.map((call) => (call.type === 'function' ? call.function.arguments : call.type)),
      ['{"city":"Oslo"}', '{"city":"Rome"}'],
    );
  });

  test('makes a round of tools: calls out, results in, answer', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const messages: ChatCompletionMessageParam[] = user('weather?');
    const first = await client.chat.completions.create({ model: 'scripted', messages, tools: [weather] });
    const [choice] = first.choices;
    assert.equal(choice?.finish_reason, 'tool_calls');
    messages.push(choice.message);
    for (const call of choice.message.tool_calls ?? []) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: '21' });
    }
    const second = await client.chat.completions.create({ model: 'scripted', messages, tools: [weather] });
    assert.equal(second.choices[0]?.message.content, 'It is 21 degrees.');
  });

  test('its tool runner does the same by itself', async () => {
    await using fixture = await open();
    const cities: string[] = [];
    const runner = connect(fixture).chat.completions.runTools({
      model: 'scripted',
      messages: user('weather?'),
      tools: [
        {
          type: 'function',
          function: {
            ...weather.function,
            description: 'the weather of a city',
            parse: (text: string) => JSON.parse(text) as { city: string },
            function: ({ city }: { city: string }) => {
              cities.push(city);
              return '21';
            },
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), 'It is 21 degrees.');
    assert.deepEqual(cities, ['Oslo', 'Rome']);
  });

  test('parses structured output, and its parsed message can be sent back as it is', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const first = await client.chat.completions.parse({
      model: 'scripted',
      messages: user('{"title":"Emma","year":1815}'),
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'book',
          strict: true,
          schema: {
            type: 'object',
            properties: { title: { type: 'string' }, year: { type: 'integer' } },
            required: ['title', 'year'],
            additionalProperties: false,
          },
        },
      },
    });
    const message = first.choices[0]?.message;
    assert.ok(message !== undefined);
    assert.deepEqual(JSON.parse(message.content ?? ''), { title: 'Emma', year: 1815 });
    const second = await client.chat.completions.create({
      model: 'scripted',
      messages: [...user('book?'), message, ...user('thanks')],
    });
    assert.equal(second.choices[0]?.message.content, 'thanks');
  });

  test('embeds with its default of base64, and gets the same numbers as without', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const packed = await client.embeddings.create({ model: 'scripted', input: ['a', 'b c'], dimensions: 8 });
    const plain = await client.embeddings.create({
      model: 'scripted',
      input: ['a', 'b c'],
      dimensions: 8,
      encoding_format: 'float',
    });
    assert.equal(packed.data.length, 2);
    assert.equal(packed.data[0]?.embedding.length, 8);
    assert.deepEqual(packed.data, plain.data);
  });

  test('goes on with raw prompts, streamed or not', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const whole = await client.completions.create({ model: 'scripted', prompt: ['a b', 'c'], logprobs: 1 });
    assert.deepEqual(
      whole.choices.map((choice) => choice.text),
      ['a b', 'c'],
    );
    const parts: string[] = [];
    for await (const chunk of await client.completions.create({
      model: 'scripted',
      prompt: 'a b',
      stream: true,
    })) {
      parts.push(chunk.choices[0]?.text ?? '');
    }
    assert.equal(parts.join(''), 'a b');
  });

  test('throws its own kinds of errors, with code and param', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const failure = async (work: Promise<unknown>): Promise<APIError> => {
      try {
        await work;
      } catch (error) {
        if (error instanceof APIError) return error;
        throw error;
      }
      throw new Error('it did not fail');
    };
    const missing = await failure(client.chat.completions.create({ model: 'scriptd', messages: user('x') }));
    assert.ok(missing instanceof NotFoundError);
    assert.deepEqual([missing.code, missing.param], ['model_not_found', 'model']);
    const wrong = await failure(client.chat.completions.create({ model: 'scripted', messages: [] }));
    assert.deepEqual([wrong.status, wrong.param], [400, 'messages']);
    const stream = await client.chat.completions.create({
      model: 'scripted',
      messages: user('break'),
      stream: true,
    });
    const broken = await failure(Array.fromAsync(stream));
    assert.equal(broken.code, 'engine_failed');
  });

  test('repeats what can heal and does not repeat what cannot', async () => {
    let asked = 0;
    const count = (reply: ScriptRule): ScriptRule => ({
      ...reply,
      match: () => {
        asked++;
        return true;
      },
    });
    for (const [code, expected] of [
      ['queue-full', 3],
      ['model-load-failed', 1],
    ] as const) {
      asked = 0;
      await using fixture = await open({
        engine: { script: { rules: [count({ reply: { fail: { code, retryAfterMs: 5 } } })] } },
      });
      const client = new OpenAI({ baseURL: `${fixture.server.url}/v1`, apiKey: 'none', maxRetries: 2 });
      await assert.rejects(
        client.chat.completions.create({ model: 'scripted', messages: user('x') }),
        (error) => (code === 'queue-full' ? error instanceof RateLimitError : error instanceof APIError),
      );
      assert.equal(asked, expected, code);
    }
  });

  for (const stream of [true, false]) {
    test(
      `that goes away frees its slot within 100 ms (${stream ? 'stream' : 'whole answer'})`,
      leavesNothing(async () => {
        await using fixture = await open();
        const leave = new AbortController();
        const asked = connect(fixture).chat.completions.create(
          { model: 'scripted', messages: user('slow'), stream },
          { signal: leave.signal },
        );
        const reading = asked.then(async (answer) => {
          if ('controller' in answer) await Array.fromAsync(answer);
        });
        // The stream ends quietly, the whole answer rejects; both are the client's own manners.
        const ended = reading.catch((error: unknown) => assert.ok(error instanceof APIUserAbortError));
        await untilRunning(fixture);
        if (stream) await wait(100);
        leave.abort();
        const freedMs = await untilFree(fixture);
        assert.ok(freedMs < 100, `${freedMs} ms`);
        await ended;
        assert.deepEqual(
          fixture.log.map((line) => line.fields['status']),
          [499],
        );
      }),
    );
  }
});
