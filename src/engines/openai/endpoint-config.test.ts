/** An endpoint's entry: what it does not say is filled in, what is wrong is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../../kernel/errors.ts';
import { parse } from '../../kernel/schema.ts';
import { endpointSchema } from './endpoint-config.ts';
import { EndpointModels } from './endpoint-models.ts';

const least = { name: 'far', baseUrl: 'http://127.0.0.1:8000/v1' };

test('a name and an address are enough', () => {
  assert.deepEqual(parse(endpointSchema, least), {
    ...least,
    headers: {},
    models: 'discover',
    limits: { concurrency: 16, queue: 256, timeoutMs: 120_000, connectTimeoutMs: 10_000 },
    retries: 2,
    breaker: { failures: 5, probeAfterMs: 5000 },
    samples: 'n',
    usageIsWrongForN: false,
    maxTokensField: 'max_tokens',
    capabilities: {
      grammar: false,
      logprobs: true,
      images: true,
      embeddings: true,
      continues: false,
      rawPrompts: false,
      thinks: false,
      topKAndMinP: false,
      tokenIds: false,
      forcedCalls: 'native',
      earlierThought: false,
    },
    extraBody: {},
  });
});

test('what is wrong is named by its path', () => {
  const faults: readonly [object, string][] = [
    [{ baseUrl: 'ftp://x' }, 'baseUrl'],
    [{ baseUrl: 'not an address' }, 'baseUrl'],
    [{ name: 'a b' }, 'name'],
    [{ limits: { concurrency: 0 } }, 'limits.concurrency'],
    [{ capabilities: { continues: 'maybe' } }, 'capabilities.continues'],
    [{ capabilities: { flies: true } }, 'capabilities.flies'],
    [{ apiKey: 'in the file' }, 'apiKey'],
    [{ models: [] }, 'models'],
    [{ models: [{ upstream: 'x' }] }, 'models[0].id'],
  ];
  for (const [fault, path] of faults) {
    assert.throws(
      () => parse(endpointSchema, { ...least, ...fault }, 'invalid-config'),
      (error) => error instanceof GradusError && error.details.param === path,
      path,
    );
  }
});

test('models are the configured ones, completed by what the endpoint lists', () => {
  const models = new EndpointModels(
    parse(endpointSchema, {
      ...least,
      limits: { contextTokens: 100 },
      capabilities: { continues: 'vllm' },
      models: ['plain', { id: 'short', upstream: 'org/long', capabilities: { images: false } }],
    }),
  );
  models.learn([
    { id: 'org/long', contextTokens: 4096, parameters: 7e9, createdAtMs: 5, ownedBy: 'org' },
    { id: 'unasked', contextTokens: 1, parameters: undefined, createdAtMs: 0, ownedBy: undefined },
  ]);
  const [plain, short] = models.describeAll();
  assert.deepEqual([plain?.id, plain?.contextTokens, plain?.ownedBy], ['plain', 100, 'far']);
  assert.deepEqual([short?.id, short?.contextTokens, short?.parameters], ['short', 4096, 7e9]);
  assert.deepEqual([plain?.capabilities.images, short?.capabilities.images], [true, false]);
  assert.equal(short?.capabilities.continues, true);
  assert.throws(() => models.find('unasked'), /it has plain, short/);
});

test('discovered models are those that the endpoint lists', () => {
  const models = new EndpointModels(parse(endpointSchema, least));
  assert.deepEqual(models.describeAll(), []);
  models.learn([{ id: 'a', contextTokens: 5, parameters: undefined, createdAtMs: 0, ownedBy: undefined }]);
  assert.deepEqual(
    models.describeAll().map((model) => [model.id, model.contextTokens, model.state]),
    [['a', 5, 'available']],
  );
  assert.equal(models.markLoaded('a', true).state, 'loaded');
});
