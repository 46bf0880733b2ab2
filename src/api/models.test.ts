/** Models, embeddings, health and metrics over HTTP. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApiFixture } from '../testing/api-fixture.ts';
import { createMetrics } from './metrics.ts';
import { embeddingResponse, type EmbeddingResponse } from './wire/embedding.ts';
import { health, modelEntry, modelList } from './wire/model.ts';

const engine = { models: [{ id: 'small' }, { id: 'org/large:4b', contextTokens: 64 }] };

describe('models', () => {
  test('are listed with what OpenAI states, and ours under one key', async () => {
    await using fixture = createApiFixture({ engine });
    const { body } = await fixture.client.json('/v1/models');
    const { data } = modelList.parse(body);
    assert.deepEqual(
      data.map((entry) => entry.id),
      ['small', 'org/large:4b'],
    );
    assert.deepEqual(Object.keys(data[0] ?? {}), ['id', 'object', 'created', 'owned_by', 'gradus']);
    assert.equal(data[1]?.gradus.context_tokens, 64);
  });

  test('are found by ids with colons and slashes, encoded or not', async () => {
    await using fixture = createApiFixture({ engine });
    for (const path of ['/v1/models/org/large:4b', '/v1/models/org%2Flarge%3A4b']) {
      assert.equal(modelEntry.parse((await fixture.client.json(path)).body).id, 'org/large:4b');
    }
  });

  test('that do not exist are answered with near names, or with what there is', async () => {
    await using fixture = createApiFixture({ engine });
    const message = async (id: string): Promise<string> => {
      const { status, body } = await fixture.client.json(`/v1/models/${id}`);
      assert.equal(status, 404);
      return (body as { error: { message: string } }).error.message;
    };
    assert.match(await message('smal'), /The model "smal" does not exist\. Did you mean "small"\?/);
    assert.match(await message('gpt-4o'), /There is "small", "org\/large:4b"\./);
  });
});

describe('embeddings', () => {
  const embed = async (body: Readonly<Record<string, unknown>>): Promise<EmbeddingResponse> => {
    await using fixture = createApiFixture({ engine });
    return embeddingResponse.parse(
      (await fixture.client.json('/v1/embeddings', { body: { model: 'small', ...body } })).body,
    );
  };

  test('come as numbers or as the same numbers in base64', async () => {
    const numbers = (await embed({ input: 'a b', dimensions: 5 })).data[0]?.embedding;
    const text = (await embed({ input: 'a b', dimensions: 5, encoding_format: 'base64' })).data[0]?.embedding;
    assert.ok(Array.isArray(numbers) && typeof text === 'string');
    const bytes = Buffer.from(text, 'base64');
    assert.deepEqual(
      numbers,
      Array.from({ length: 5 }, (_, index) => bytes.readFloatLE(index * 4)),
    );
  });

  test('take texts and tokens, one or many, and count them', async () => {
    const lengths = async (input: unknown) => (await embed({ input })).data.map((entry) => entry.index);
    assert.deepEqual(await lengths(['a', 'b']), [0, 1]);
    assert.deepEqual(await lengths([1, 2]), [0]);
    assert.deepEqual(await lengths([[1], [2], [3]]), [0, 1, 2]);
    assert.ok((await embed({ input: 'a b c' })).usage.prompt_tokens > 0);
  });

  test('refuse empty texts and lists, other formats and too many inputs', async () => {
    await using fixture = createApiFixture({ engine });
    const bad = [
      { input: '' },
      { input: [] },
      { input: [[]] },
      { input: 'a', encoding_format: 'int8' },
      { input: 'a', dimensions: 0 },
      { input: Array.from({ length: 2049 }, () => 'a') },
      { input: 'a', foo: 1 },
    ];
    for (const body of bad) {
      const answer = await fixture.client.json('/v1/embeddings', { body: { model: 'small', ...body } });
      assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 50));
    }
  });
});

test('health says that the server is up and what its models do', async () => {
  await using fixture = createApiFixture({ engine });
  await fixture.client.json('/v1/chat/completions', {
    body: { model: 'small', messages: [{ role: 'user', content: 'hi' }] },
  });
  const { body } = await fixture.client.json('/health');
  assert.deepEqual(health.parse(body), {
    status: 'ok',
    version: '0.0.0-test',
    models: 2,
    loads: [{ model: 'small', waiting: 0, running: 0, memory_bytes: null }],
  });
});

describe('metrics', () => {
  test('count requests, tokens and waits, and read memory and load when asked', async () => {
    await using fixture = createApiFixture({ engine });
    for (const model of ['small', 'small', 'nope']) {
      await fixture.client.json('/v1/chat/completions', {
        body: { model, messages: [{ role: 'user', content: 'hi there' }] },
      });
    }
    const response = await fixture.client.send('/metrics');
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=/);
    const text = await response.text();
    for (const line of [
      /^gradus_http_requests_total\{route="\/v1\/chat\/completions",method="POST",status="200"\} 2$/m,
      /^gradus_http_requests_total\{route="\/v1\/chat\/completions",method="POST",status="404"\} 1$/m,
      /^gradus_queue_wait_seconds_count\{model="small"\} 2$/m,
      /^gradus_first_token_seconds_count\{model="small"\} 2$/m,
      /^gradus_sampled_tokens_total\{model="small"\} 6$/m,
      /^gradus_cached_tokens_total\{model="small"\} 0$/m,
      /^gradus_model_running\{model="small"\} 0$/m,
      /^gradus_open_streams 0$/m,
      /^process_resident_memory_bytes \d{7,}$/m,
    ]) {
      assert.match(text, line);
    }
  });

  test('an unknown path is one label, so that a scanner cannot fill the memory', async () => {
    await using fixture = createApiFixture({ engine });
    for (const path of ['/a', '/b', '/c']) await fixture.client.send(path);
    assert.match(
      await (await fixture.client.send('/metrics')).text(),
      /route="unknown",method="GET",status="404"\} 3/,
    );
  });

  test('an unknown fact is an error, and two servers in one process do not share their counts', async () => {
    assert.throws(() => createMetrics().observe({ name: 'typo', model: 'm', value: 1 }), /unknown fact/);
    const one = createMetrics();
    one.observe({ name: 'prompt_tokens', model: 'm', value: 3 });
    assert.doesNotMatch(await createMetrics().toText(), /gradus_prompt_tokens_total\{/);
  });
});
