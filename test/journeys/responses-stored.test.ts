/** The stock `openai` client against stored responses: background, resume, history, cancel, delete. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI, { NotFoundError } from 'openai';
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import {
  checkStream,
  connect,
  failure,
  model,
  open,
  raw,
  textOf,
  untilEnded,
  weather,
} from './responses-fixture.ts';

describe('a stored response', () => {
  test(
    'runs in the background and is polled',
    leavesNothing(async () => {
      await using fixture = await open();
      const client = connect(fixture);
      const started = await client.responses.create({ model, input: 'paced', background: true });
      assert.equal(started.status, 'queued');
      const ended = await untilEnded(client, started.id);
      assert.deepEqual([ended.status, ended.output_text], ['completed', 'one two three four five six']);
      assert.equal(ended.background, true);
    }),
  );

  test(
    'goes on when its stream is dropped, and is resumed after any event',
    leavesNothing(async () => {
      await using fixture = await open();
      const client = connect(fixture);
      const seen: ResponseStreamEvent[] = [];
      let id = '';
      const stream = await client.responses.create({ model, input: 'paced', stream: true });
      for await (const event of stream) {
        seen.push(event);
        if (event.type === 'response.created') id = event.response.id;
        if (event.type === 'response.output_text.delta') break;
      }
      const last = seen.at(-1)?.sequence_number ?? 0;
      const rest = await Array.fromAsync(
        await client.responses.retrieve(id, { stream: true, starting_after: last }),
      );
      checkStream(rest, last + 1);
      assert.equal(textOf([...seen, ...rest]), 'one two three four five six');
      const whole = await Array.fromAsync(await client.responses.retrieve(id, { stream: true }));
      checkStream(whole);
      assert.deepEqual(whole, [...seen, ...rest]);
    }),
  );

  test('is followed by the helper, which replays it from its first event', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const { id } = await client.responses.create({ model, input: 'paced', background: true, stream: false });
    const final = await client.responses.stream({ response_id: id, starting_after: 3 }).finalResponse();
    assert.equal(final.output_text, 'one two three four five six');
  });

  test('is gone on from: its input and output come first, its instructions do not', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const first = await client.responses.create({ model, input: 'I am Ada', instructions: 'Be brief' });
    const second = await client.responses.create({
      model,
      input: 'what did I say',
      previous_response_id: first.id,
    });
    assert.match(second.output_text, /I am Ada[\s\S]*I am Ada/);
    assert.doesNotMatch(second.output_text, /Be brief/);
    assert.equal(second.previous_response_id, first.id);
    const items = await Array.fromAsync(
      client.responses.inputItems.list(second.id, { order: 'asc', limit: 2 }),
    );
    assert.deepEqual(
      items.map((item) => ('role' in item ? item.role : item.type)),
      ['user', 'assistant', 'user'],
    );
  });

  test('answers tool calls of the response before with outputs alone', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const first = await client.responses.create({ model, input: 'weather?', tools: [weather] });
    const outputs = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: '21' }]
        : [],
    );
    const next = { model, previous_response_id: first.id, tools: [weather] };
    const half = await failure(client.responses.create({ ...next, input: outputs.slice(1) }));
    assert.deepEqual([half.status, half.param], [400, 'input']);
    assert.equal(
      (await client.responses.create({ ...next, input: outputs })).output_text,
      'It is 21 degrees.',
    );
  });

  test(
    'is cancelled, also twice, and keeps what it had',
    leavesNothing(async () => {
      await using fixture = await open();
      const client = connect(fixture);
      const { id } = await client.responses.create({ model, input: 'slow', background: true });
      const follower = client.responses
        .retrieve(id, { stream: true })
        .then((stream) => Array.fromAsync(stream));
      while ((await client.responses.retrieve(id)).status !== 'in_progress') await wait(2);
      await wait(60);
      const startedMs = performance.now();
      assert.equal((await client.responses.cancel(id)).status, 'cancelled');
      assert.ok(performance.now() - startedMs < 200);
      assert.equal((await client.responses.cancel(id)).status, 'cancelled');
      assert.equal((await client.responses.retrieve(id)).status, 'cancelled');
      const events = await follower;
      checkStream(events);
      const last = events.at(-1);
      assert.ok(last?.type === 'response.incomplete');
      assert.equal(last.response.status, 'cancelled');
      const done = await client.responses.create({ model, input: 'done' });
      assert.equal((await client.responses.cancel(done.id)).status, 'completed');
    }),
  );

  test('is deleted, also while it runs, and is unknown then', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const { id } = await client.responses.create({ model, input: 'slow', background: true });
    await client.responses.delete(id);
    for (const [work, param] of [
      [client.responses.retrieve(id), 'response_id'],
      [client.responses.cancel(id), 'response_id'],
      [client.responses.delete(id), 'response_id'],
      [client.responses.retrieve('resp_nothing', { stream: true }), 'response_id'],
      [client.responses.create({ model, input: 'x', previous_response_id: id }), 'previous_response_id'],
    ] as const) {
      const error = await failure(work);
      assert.ok(error instanceof NotFoundError);
      assert.equal(error.param, param);
    }
    assert.equal(fixture.engine.loads()[0]?.running, 0);
  });

  test('is not shown to another key', async () => {
    await using fixture = await open({ api: { authorize: (key) => ({ label: key ?? 'nobody' }) } });
    const as = (apiKey: string): OpenAI =>
      new OpenAI({ baseURL: `${fixture.server.url}/v1`, apiKey, maxRetries: 0 });
    const { id } = await as('ada').responses.create({ model, input: 'secret' });
    assert.equal((await as('ada').responses.retrieve(id)).output_text, 'secret');
    assert.ok((await failure(as('eve').responses.retrieve(id))) instanceof NotFoundError);
    const next = as('eve').responses.create({ model, input: 'x', previous_response_id: id });
    assert.ok((await failure(next)) instanceof NotFoundError);
  });

  test('has an empty stream after its last event, and refuses numbers that are none', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const { id } = await client.responses.create({ model, input: 'x' });
    const after = await raw(fixture, `/responses/${id}?stream=true&starting_after=100000`);
    assert.equal(await after.text(), 'data: [DONE]\n\n');
    assert.equal((await raw(fixture, `/responses/${id}?stream=true&starting_after=-1`)).status, 400);
    assert.equal((await raw(fixture, `/responses/${id}?starting_after=1`)).status, 400);
    assert.equal((await raw(fixture, `/responses/${id}?zip=1`)).status, 400);
    assert.equal((await raw(fixture, `/responses/${id}/input_items?limit=0`)).status, 400);
  });

  test('is made once for one idempotency key', async () => {
    await using fixture = await open();
    const client = connect(fixture);
    const options = { headers: { 'Idempotency-Key': 'k1' } };
    const first = await client.responses.create({ model, input: 'x' }, options);
    const second = await client.responses.create({ model, input: 'x' }, options);
    assert.equal(second.id, first.id);
  });
});

describe('without a store', () => {
  test('a response is made all the same, says so, and what needs a store is refused by name', async () => {
    await using fixture = await open({ stores: false });
    const client = connect(fixture);
    const response = await client.responses.create({ model, input: 'x' });
    assert.equal((response as { store?: boolean }).store, false);
    for (const [body, param] of [
      [{ store: true }, 'store'],
      [{ background: true }, 'background'],
      [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    ] as const) {
      const error = await failure(client.responses.create({ model, input: 'x', ...body }));
      assert.deepEqual([error.status, error.param], [400, param]);
    }
    assert.ok((await failure(client.responses.retrieve(response.id))) instanceof NotFoundError);
  });

  test(
    'a client that goes away ends the run',
    leavesNothing(async () => {
      await using fixture = await open();
      const stream = await connect(fixture).responses.create({
        model,
        input: 'slow',
        stream: true,
        store: false,
      });
      for await (const event of stream) if (event.type === 'response.output_text.delta') break;
      for (let i = 0; fixture.engine.loads()[0]?.running !== 0; i++) {
        assert.ok(i < 200, 'the slot was never freed');
        await wait(1);
      }
    }),
  );
});

test('a conversation is made short, and goes on from its summary', async () => {
  await using fixture = await open();
  const client = connect(fixture);
  const first = await client.responses.create({ model, input: 'I am Ada and I like tea' });
  const short = await client.responses.compact({ model: model, previous_response_id: first.id });
  assert.deepEqual(
    short.output.map((item) => item.type),
    ['message', 'compaction'],
  );
  assert.ok(short.usage.output_tokens > 0);
  const next = await client.responses.create({
    model,
    input: [...(short.output as ResponseInputItem[]), { role: 'user', content: 'what did I say' }],
  });
  assert.match(next.output_text, /I am Ada and I like tea[\s\S]*Ada likes tea\./);
  const nothing = await failure(client.responses.compact({ model: model }));
  assert.deepEqual([nothing.status, nothing.param], [400, 'input']);
  const missing = await failure(client.responses.compact({ model: 'gone', input: 'x' }));
  assert.equal(missing.status, 404);
});

test('a reader that does not read holds the log back', async () => {
  let given = 0;
  const delta = 'x'.repeat(1_000);
  await using fixture = await open();
  const { id } = await connect(fixture).responses.create({ model, input: 'x' });
  const { responses } = fixture;
  assert.ok(responses !== undefined);
  responses.events = async function* () {
    for (; given < 100_000; given++) {
      const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
      yield {
        sequence_number: given,
        event: { type: 'response.output_text.delta', ...at, delta, logprobs: [] },
      };
    }
  };
  const abort = new AbortController();
  const answer = await fetch(`${fixture.server.url}/v1/responses/${id}?stream=true`, {
    signal: abort.signal,
  });
  assert.equal(answer.status, 200);
  await wait(300);
  const held = given;
  await wait(200);
  assert.equal(given, held);
  assert.ok(held < 30_000, `${held} events were read ahead`);
  abort.abort();
});

test('the tokens of an input are counted, with its tools and its history', async () => {
  await using fixture = await open();
  const client = connect(fixture);
  const { input_tokens: few } = await client.responses.inputTokens.count({ model, input: 'one two' });
  const { input_tokens: more } = await client.responses.inputTokens.count({
    model,
    input: 'one two',
    instructions: 'three four five',
  });
  assert.ok(few > 0 && more > few);
  const first = await client.responses.create({ model, input: 'one two' });
  assert.equal(first.usage?.input_tokens, few);
});
