/** Embeddings in any order and form come out in order and with length 1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEmbeddingReply } from './embedding-reply.ts';
import { parseModelList } from './model-list.ts';

test('numbers and base64 in any order come out in order, with length 1', () => {
  const base64 = Buffer.from(Float32Array.from([0, 5]).buffer).toString('base64');
  const { vectors, inputTokens } = parseEmbeddingReply(
    {
      data: [
        { index: 1, embedding: base64 },
        { index: 0, embedding: [3, 4] },
      ],
      usage: { prompt_tokens: 7 },
    },
    2,
  );
  assert.deepEqual(vectors, [Float32Array.from([0.6, 0.8]), Float32Array.from([0, 1])]);
  assert.equal(inputTokens, 7);
});

test('too few, doubled, empty and misshapen embeddings are failures', () => {
  const one = { index: 0, embedding: [1] };
  for (const data of [
    [one],
    [one, one],
    [one, { index: 1, embedding: [0] }],
    [one, { index: 1, embedding: '' }],
    'x',
  ]) {
    assert.throws(() => parseEmbeddingReply({ data }, 2), JSON.stringify(data));
  }
});

test('a list of models is read with what servers add to it', () => {
  const list = parseModelList({
    object: 'list',
    data: [
      { id: 'a', created: 2, owned_by: 'x', max_model_len: 10 },
      { id: 'b', meta: { n_ctx: 20, n_ctx_train: 999, n_params: 5 } },
      { id: 'c', context_length: 30 },
      { id: 'd' },
    ],
  });
  assert.deepEqual(
    list.map((model) => [model.id, model.contextTokens, model.parameters, model.createdAtMs, model.ownedBy]),
    [
      ['a', 10, undefined, 2000, 'x'],
      ['b', 20, 5, 0, undefined],
      ['c', 30, undefined, 0, undefined],
      ['d', undefined, undefined, 0, undefined],
    ],
  );
  assert.throws(() => parseModelList({ data: [{}] }), /data\[0\]\.id/);
});
