/** The `openai` client against responses that are really stored: the runtime on an embedded database. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { NotFoundError } from 'openai';
import type OpenAI from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { responseObject } from '../../src/api/wire/response.ts';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import { createIdSource } from '../../src/kernel/ids.ts';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { chatLevel } from '../../src/levels/l1-chat/l1-chat.ts';
import { createResponseWork } from '../../src/levels/registry.ts';
import { openResponseRuns } from '../../src/runtime/open-response-runs.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { createPgliteStoreMaker } from '../../src/testing/temporary-store.ts';
import {
  checkStream,
  connect,
  failure,
  model,
  open,
  raw,
  rules,
  textOf,
  untilEnded,
  weather,
} from './responses-fixture.ts';

const paced = 'one two three four five six';

describe('a durable response', { timeout: 120_000 }, () => {
  const opened = new AsyncDisposableStack();
  let fixture: Awaited<ReturnType<typeof open>>;
  let client: OpenAI;

  before(async () => {
    const clock = createRealClock();
    const store = opened.use(await createPgliteStoreMaker().open(clock));
    const engine = opened.use(createScriptedEngine({ clock, script: { rules } }));
    const ids = createIdSource(clock, createSeededRandom(2));
    const work = createResponseWork({ engines: [engine], levels: [chatLevel], clock, ids });
    const responses = opened.use(await openResponseRuns({ store, clock, executorId: 'journey', work }));
    fixture = opened.use(await open({ stores: false, api: { responses } }));
    client = connect(fixture);
  });
  after(() => opened.disposeAsync());

  test('is complete, stored and read again as it was given', async () => {
    const given = await (
      await raw(fixture, '/responses', { model, input: 'hello', metadata: { a: 'b' } })
    ).json();
    responseObject.parse(given);
    const { id } = given as { id: string };
    assert.deepEqual(await (await raw(fixture, `/responses/${id}`)).json(), given);
  });

  test('runs in the background and is polled', async () => {
    const started = await client.responses.create({ model, input: 'paced', background: true });
    assert.ok(started.status === 'queued' || started.status === 'in_progress', started.status);
    const ended = await untilEnded(client, started.id);
    assert.deepEqual([ended.status, ended.output_text], ['completed', paced]);
  });

  test('goes on when its stream is dropped, and is resumed after any event', async () => {
    const seen: ResponseStreamEvent[] = [];
    let id = '';
    for await (const event of await client.responses.create({ model, input: 'paced', stream: true })) {
      seen.push(event);
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') break;
    }
    const last = seen.at(-1)?.sequence_number ?? 0;
    const rest = await Array.fromAsync(
      await client.responses.retrieve(id, { stream: true, starting_after: last }),
    );
    checkStream(rest, last + 1);
    assert.equal(textOf([...seen, ...rest]), paced);
    const whole = await Array.fromAsync(await client.responses.retrieve(id, { stream: true }));
    checkStream(whole);
    assert.equal(textOf(whole), paced);
    const helper = await client.responses.stream({ response_id: id }).finalResponse();
    assert.equal(helper.output_text, paced);
    const beyond = await raw(fixture, `/responses/${id}?stream=true&starting_after=100000`);
    assert.equal(await beyond.text(), 'data: [DONE]\n\n');
  });

  test('thinks, calls tools, and is gone on from by its id', async () => {
    const thought = await client.responses.stream({ model, input: 'think' }).finalResponse();
    assert.equal(thought.output_text, 'seen');
    const first = await client.responses.create({ model, input: 'weather?', tools: [weather] });
    const outputs = first.output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: '21' }]
        : [],
    );
    const second = await client.responses.create({
      model,
      previous_response_id: first.id,
      tools: [weather],
      input: outputs,
    });
    assert.equal(second.output_text, 'It is 21 degrees.');
    const items = await Array.fromAsync(
      client.responses.inputItems.list(second.id, { order: 'asc', limit: 2 }),
    );
    assert.equal(items.length, 5);
  });

  test('fails early with a status, late with its last event', async () => {
    for (const stream of [true, false]) {
      const early = await failure(
        client.responses.create({ model, input: 'x', reasoning: { effort: 'low' }, stream }),
      );
      assert.deepEqual([early.status, early.param], [400, 'reasoning.effort']);
    }
    const events = await Array.fromAsync(
      await client.responses.create({ model, input: 'break', stream: true }),
    );
    checkStream(events);
    assert.equal(events.at(-1)?.type, 'response.failed');
  });

  test('is cancelled, also twice, and is deleted while it runs', async () => {
    const { id } = await client.responses.create({ model, input: 'slow', background: true });
    const follower = client.responses
      .retrieve(id, { stream: true })
      .then((stream) => Array.fromAsync(stream));
    while ((await client.responses.retrieve(id)).output_text.length < 5) await wait(10);
    assert.equal((await client.responses.cancel(id)).status, 'cancelled');
    assert.equal((await client.responses.cancel(id)).status, 'cancelled');
    const events = await follower;
    checkStream(events);
    assert.equal(events.at(-1)?.type, 'response.incomplete');
    responseObject.parse(await (await raw(fixture, `/responses/${id}`)).json());
    const other = await client.responses.create({ model, input: 'slow', background: true });
    await client.responses.delete(other.id);
    assert.ok((await failure(client.responses.retrieve(other.id))) instanceof NotFoundError);
    const next = client.responses.create({ model, input: 'x', previous_response_id: other.id });
    assert.equal((await failure(next)).param, 'previous_response_id');
  });

  test('is made once for one idempotency key, which fits no other request', async () => {
    const options = { headers: { 'Idempotency-Key': 'k1' } };
    const first = await client.responses.create({ model, input: 'x' }, options);
    assert.equal((await client.responses.create({ model, input: 'x' }, options)).id, first.id);
    assert.equal((await failure(client.responses.create({ model, input: 'y' }, options))).status, 409);
  });
});
