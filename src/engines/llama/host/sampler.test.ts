import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Sampling } from '../../../kernel/request.ts';
import { logSumExp, sampleToken, topTokens, type SampleState, type TokenFilter } from './sampler.ts';

const plain: Sampling = {
  temperature: 1,
  topP: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: new Map(),
};
const state = (position: number, change: Partial<SampleState> = {}): SampleState => ({
  seed: 7,
  sampleIndex: 0,
  counts: new Map(),
  position,
  ...change,
});
const only = (allowed: readonly number[]): TokenFilter => ({
  accepts: (token) => allowed.includes(token),
  keep: (tokens) => tokens.filter((token) => allowed.includes(token)),
});

test('temperature 0 takes the likeliest token, the lowest id on a tie', () => {
  assert.equal(
    sampleToken(Float32Array.of(1, 5, 5, 2), { ...plain, temperature: 0 }, state(0), undefined),
    1,
  );
});

test('draws follow softmax(logits / temperature), each within five standard errors', () => {
  const logits = Float32Array.of(0, 1, 2, -1);
  for (const temperature of [0.5, 1, 2]) {
    const counts = [0, 0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const token = sampleToken(logits, { ...plain, temperature }, state(i), undefined);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    const weights = [...logits].map((logit) => Math.exp(logit / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, token) => {
      const p = weight / total;
      const error = 5 * Math.sqrt((p * (1 - p)) / draws) + 0.001;
      assert.ok(
        Math.abs((counts[token] ?? 0) / draws - p) < error,
        `token ${token} at temperature ${temperature}`,
      );
    });
  }
});

test('topK and topP leave exactly the tokens that they promise', () => {
  // Probabilities 0.4, 0.3, 0.2, 0.1.
  const logits = Float32Array.from([0.4, 0.3, 0.2, 0.1], Math.log);
  const seen = (sampling: Sampling): number[] => {
    const tokens = new Set<number>();
    for (let i = 0; i < 2000; i++) tokens.add(sampleToken(logits, sampling, state(i), undefined));
    return [...tokens].sort((a, b) => a - b);
  };
  assert.deepEqual(seen({ ...plain, topK: 2 }), [0, 1]);
  assert.deepEqual(seen({ ...plain, topP: 0.65 }), [0, 1]);
  assert.deepEqual(seen({ ...plain, topP: 0.75 }), [0, 1, 2]);
  assert.deepEqual(seen({ ...plain, topP: 0.000001 }), [0]);
  assert.deepEqual(seen({ ...plain, minP: 0.6 }), [0, 1]);
});

test('a filter gives the distribution conditioned on what it allows', () => {
  const logits = Float32Array.from([0.7, 0.2, 0.1], Math.log);
  const counts = [0, 0, 0];
  for (let i = 0; i < 20_000; i++) {
    const token = sampleToken(logits, plain, state(i), only([1, 2]));
    counts[token] = (counts[token] ?? 0) + 1;
  }
  assert.equal(counts[0], 0);
  assert.ok(Math.abs((counts[1] ?? 0) / 20_000 - 2 / 3) < 0.02, `token 1 came ${counts[1]} times`);
});

test('a filter that allows nothing is told by -1', () => {
  assert.equal(sampleToken(Float32Array.of(1, 2), plain, state(0), only([])), -1);
});

test('penalties and bias change the draw and leave the logits as they were', () => {
  const logits = Float32Array.of(1, 1.5, 0);
  const before = logits.slice();
  const counts = new Map([[1, 2]]);
  const greedy = { ...plain, temperature: 0 };
  assert.equal(sampleToken(logits, { ...greedy, frequencyPenalty: 1 }, state(0, { counts }), undefined), 0);
  assert.equal(sampleToken(logits, { ...greedy, presencePenalty: 0.4 }, state(0, { counts }), undefined), 1);
  assert.equal(sampleToken(logits, { ...greedy, logitBias: new Map([[2, 100]]) }, state(0), undefined), 2);
  assert.equal(sampleToken(logits, { ...greedy, logitBias: new Map([[1, -100]]) }, state(0), undefined), 0);
  assert.deepEqual(logits, before);
});

test('the same seed and place give the same token, whatever was drawn before', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.nat(1000),
      fc.array(fc.float({ noNaN: true, min: -20, max: 20 }), { minLength: 2 }),
      (seed, position, values) => {
        const logits = Float32Array.from(values);
        const first = sampleToken(logits, plain, state(position, { seed }), undefined);
        for (let i = 0; i < 3; i++) sampleToken(logits, plain, state(i, { seed: i }), undefined);
        assert.equal(sampleToken(logits, plain, state(position, { seed }), undefined), first);
      },
    ),
  );
});

test('log probabilities sum to one and the top tokens are the largest, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, min: -30, max: 30 }), { minLength: 1, maxLength: 200 }),
      (values) => {
        const logits = Float32Array.from(values);
        const total = logSumExp(logits);
        const sum = [...logits].reduce((mass, logit) => mass + Math.exp(logit - total), 0);
        assert.ok(Math.abs(sum - 1) < 1e-9);
        const top = topTokens(logits, 5).map((token) => logits[token]);
        assert.deepEqual(top, [...logits].sort((a, b) => b - a).slice(0, 5));
      },
    ),
  );
});
