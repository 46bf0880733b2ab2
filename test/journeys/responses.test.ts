/** The stock `openai` client against /v1/responses, stored and not stored: what both must give alike. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BadRequestError } from 'openai';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { responseObject } from '../../src/api/wire/response.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { checkStream, connect, failure, model, open, raw, textOf, weather } from './responses-fixture.ts';

for (const store of [true, false]) {
  describe(`the openai client, with store: ${store}`, () => {
    test(
      'gets a complete response',
      leavesNothing(async () => {
        await using fixture = await open();
        const response = await connect(fixture).responses.create({
          model,
          input: 'hello',
          store,
          metadata: { a: 'b' },
        });
        assert.equal(response.output_text, 'hello');
        assert.deepEqual(response.metadata, { a: 'b' });
        assert.equal(response.status, 'completed');
        const { usage } = response;
        assert.ok(usage !== undefined && usage.total_tokens === usage.input_tokens + usage.output_tokens);
        const plain = (await (
          await raw(fixture, '/responses', { model, input: 'hello', store })
        ).json()) as Record<string, unknown>;
        responseObject.parse(plain);
        assert.ok(Object.keys(plain).length >= 31);
        assert.equal(plain['store'], store);
        assert.equal('output_text' in plain, false);
        assert.equal('owner' in plain, false);
      }),
    );

    test(
      'streams numbered events, its helper rebuilds the response',
      leavesNothing(async () => {
        await using fixture = await open();
        const client = connect(fixture);
        const events = await Array.fromAsync(
          await client.responses.create({ model, input: 'one two three', store, stream: true }),
        );
        checkStream(events);
        assert.deepEqual(
          events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]),
          [
            'response.created',
            'response.in_progress',
            'response.output_item.added',
            'response.content_part.added',
            'response.output_text.delta',
            'response.output_text.done',
            'response.content_part.done',
            'response.output_item.done',
            'response.completed',
          ],
        );
        assert.equal(textOf(events), 'one two three');
        const final = await client.responses.stream({ model, input: 'one two', store }).finalResponse();
        assert.equal(final.output_text, 'one two');
      }),
    );

    test('streams a thought before the answer', async () => {
      await using fixture = await open();
      const stream = connect(fixture).responses.stream({ model, input: 'think', store });
      const final = await stream.finalResponse();
      assert.deepEqual(
        final.output.map((item) => item.type),
        ['reasoning', 'message'],
      );
      assert.equal(final.output_text, 'seen');
    });

    test('makes a round of tools: calls out, results in, answer', async () => {
      await using fixture = await open();
      const client = connect(fixture);
      const input: ResponseInputItem[] = [{ role: 'user', content: 'weather?' }];
      const first = await client.responses.parse({ model, input, tools: [weather], store });
      const calls = first.output.filter((item) => item.type === 'function_call');
      assert.deepEqual(
        calls.map((call) => call.arguments),
        ['{"city":"Oslo"}', '{"city":"Rome"}'],
      );
      // What `parse` added comes back too.
      input.push(...(first.output as ResponseInputItem[]));
      for (const call of calls) {
        input.push({ type: 'function_call_output', call_id: call.call_id, output: '21' });
      }
      const second = await client.responses.create({ model, input, tools: [weather], store });
      assert.equal(second.output_text, 'It is 21 degrees.');
    });

    test('parses structured output', async () => {
      await using fixture = await open();
      const response = await connect(fixture).responses.parse({
        model,
        store,
        input: '{"title":"Emma","year":1815}',
        text: {
          format: {
            type: 'json_schema',
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
      assert.deepEqual(JSON.parse(response.output_text), { title: 'Emma', year: 1815 });
    });

    test('is told that an answer is incomplete', async () => {
      await using fixture = await open();
      const request = { model, input: 'one two three', max_output_tokens: 1, store };
      const response = await connect(fixture).responses.create(request);
      assert.equal(response.status, 'incomplete');
      assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' });
      const events = await Array.fromAsync(
        await connect(fixture).responses.create({ ...request, stream: true }),
      );
      assert.equal(events.at(-1)?.type, 'response.incomplete');
    });

    test('gets log probabilities when it asks for them', async () => {
      await using fixture = await open();
      const response = await connect(fixture).responses.create({
        model,
        input: 'one two',
        include: ['message.output_text.logprobs'],
        top_logprobs: 2,
        store,
      });
      const [item] = response.output;
      assert.ok(item?.type === 'message' && item.content[0]?.type === 'output_text');
      assert.ok((item.content[0].logprobs?.length ?? 0) > 0);
      assert.equal(item.content[0].logprobs?.[0]?.top_logprobs.length, 2);
    });

    test('gets an early failure as a status, a late one as the last event', async () => {
      await using fixture = await open();
      const client = connect(fixture);
      for (const stream of [true, false]) {
        const early = await failure(client.responses.create({ model, input: 'refuse', store, stream }));
        assert.deepEqual([early.status, early.code], [429, 'queue_full']);
      }
      const late = await failure(client.responses.create({ model, input: 'break', store }));
      assert.equal(late.code, 'engine_failed');
      const events = await Array.fromAsync(
        await client.responses.create({ model, input: 'break', store, stream: true }),
      );
      checkStream(events);
      const last = events.at(-1);
      assert.ok(last?.type === 'response.failed');
      assert.equal(last.response.error?.code, 'engine_failed');
      assert.equal(textOf(events).trim(), 'a b');
    });

    test('is told by name what cannot be honoured', async () => {
      await using fixture = await open();
      const client = connect(fixture);
      const ask = async (body: object): Promise<unknown> => {
        const error = await failure(client.responses.create({ model, input: 'x', store, ...body }));
        assert.ok(error instanceof BadRequestError, String(error));
        return [error.code, error.param];
      };
      assert.deepEqual(await ask({ reasoning: { effort: 'high' } }), [
        'unsupported_parameter',
        'reasoning.effort',
      ]);
      assert.deepEqual(await ask({ tools: [{ type: 'web_search' }] }), [
        'unsupported_parameter',
        'tools[0].type',
      ]);
      assert.deepEqual(await ask({ zip: 1 }), ['unsupported_parameter', 'zip']);
      assert.deepEqual(await ask({ temperature: 3 }), ['invalid_request', 'temperature']);
      assert.deepEqual(await ask({ input: [{ type: 'function_call_output', call_id: 'c', output: '' }] }), [
        'invalid_request',
        'input[0].call_id',
      ]);
    });
  });
}
