/** A cut generation goes on from its stored words where the engine can; every other one begins anew or is over. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GenerateRequest, GenerationEvent, ModelDescription } from '../../engines/engine.ts';
import { toContinuation } from './continuation.ts';

const request: GenerateRequest = {
  model: 'm',
  prompt: { kind: 'chat', messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }] },
  samples: 1,
  maxTokens: 10,
  sampling: { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map() },
  stop: [],
  tools: [],
  toolChoice: { kind: 'auto' },
  parallelToolCalls: true,
  textFormat: { kind: 'text' },
};
const model: ModelDescription = {
  id: 'm',
  contextTokens: 100,
  parameters: undefined,
  createdAtMs: 0,
  ownedBy: 'x',
  licence: undefined,
  capabilities: {
    grammar: false,
    logprobs: false,
    images: false,
    embeddings: false,
    continues: true,
    thinks: false,
  },
  state: 'loaded',
};
const started: GenerationEvent = { kind: 'started', promptTokens: 3, cachedTokens: 1, queueMs: 0, seed: 9 };
const words: readonly GenerationEvent[] = [
  { kind: 'text-delta', sample: 0, text: 'a', tokenIds: [1] },
  { kind: 'text-delta', sample: 0, text: 'bc', tokenIds: [2, 3] },
];

describe('the continuation of a generation', () => {
  test('goes on from the stored words and tokens, with the seed of the first life and what is left of the limit', () => {
    const found = toContinuation(request, [started, ...words], model);
    assert.ok(found.kind === 'goes-on');
    assert.ok(found.request.prompt.kind === 'chat');
    assert.deepEqual(found.request.prompt.answerStart, { text: 'abc', tokens: [1, 2, 3] });
    assert.deepEqual([found.request.maxTokens, found.request.sampling.seed, found.sampledTokens], [7, 9, 3]);
    assert.deepEqual(found.replayed, [started, ...words]);
  });

  test('begins anew, with the same seed, where the engine or the request does not allow it', () => {
    const cases: readonly [GenerateRequest, readonly GenerationEvent[], boolean][] = [
      [request, words, false],
      [{ ...request, samples: 2 }, words, true],
      [{ ...request, textFormat: { kind: 'json-object' } }, words, true],
      [request, [{ kind: 'thought-delta', sample: 0, text: 'hm' }], true],
      [request, [{ kind: 'tool-call-started', sample: 0, index: 0, name: 'f' }], true],
    ];
    for (const [asked, events, continues] of cases) {
      const found = toContinuation(asked, [started, ...events], {
        ...model,
        capabilities: { ...model.capabilities, continues },
      });
      assert.ok(found.kind === 'anew');
      assert.equal(found.request.sampling.seed, 9);
      assert.equal(found.request.prompt, asked.prompt);
    }
  });

  test('is over when every sample had ended, and says what was used', () => {
    const end: GenerationEvent = {
      kind: 'sample-finished',
      sample: 0,
      reason: 'stop',
      sampledTokens: 4,
      thoughtTokens: 0,
    };
    const found = toContinuation(request, [started, ...words, end], model);
    assert.equal(found.kind, 'over');
    assert.deepEqual(found.replayed.at(-1), {
      kind: 'finished',
      usage: { inputTokens: 3, cachedTokens: 1, outputTokens: 4, reasoningTokens: 0 },
    });
  });

  test('is over when the limit was reached before the end was stored', () => {
    const found = toContinuation({ ...request, maxTokens: 3 }, [started, ...words], model);
    assert.equal(found.kind, 'over');
    assert.deepEqual(
      found.replayed.slice(3).map((event) => event.kind),
      ['sample-finished', 'finished'],
    );
  });
});
