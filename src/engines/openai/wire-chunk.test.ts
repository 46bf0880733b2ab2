/** Chunks of many kinds of servers give the same pieces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChoicePiece } from './wire-chunk.ts';
import { isMeaningful, parseWireChunk } from './wire-chunk.ts';

function parseChoice(choice: object): ChoicePiece {
  const piece = parseWireChunk(JSON.stringify({ choices: [choice] }));
  assert.ok('choices' in piece);
  const [first] = piece.choices;
  assert.ok(first !== undefined);
  return first;
}

test('thought is found under each of its names', () => {
  assert.equal(parseChoice({ delta: { reasoning_content: 'hm' } }).thought, 'hm');
  assert.equal(parseChoice({ delta: { reasoning: 'hm' } }).thought, 'hm');
  const parts = [
    {
      type: 'thinking',
      thinking: [
        { type: 'text', text: 'h' },
        { type: 'text', text: 'm' },
      ],
    },
    { type: 'text', text: 'so' },
  ];
  const { thought, text } = parseChoice({ delta: { content: parts } });
  assert.deepEqual([thought, text], ['hm', 'so']);
});

test('both shapes of log-probabilities are read, and missing bytes are filled in', () => {
  const top = { token: 'é', logprob: -0.5 };
  const chat = parseChoice({
    delta: { content: 'é' },
    logprobs: { content: [{ ...top, bytes: null, top_logprobs: [{ ...top, bytes: [195, 169] }] }] },
  });
  const raw = parseChoice({
    text: 'é',
    logprobs: { tokens: ['é'], token_logprobs: [-0.5], top_logprobs: [{ é: -0.5 }] },
  });
  const expected = { token: 'é', logprob: -0.5, bytes: [195, 169] };
  for (const piece of [chat, raw]) {
    assert.deepEqual(piece.logprobs, [{ ...expected, top_logprobs: [expected] }]);
  }
});

test('a log-probability that JSON cannot carry becomes a very small one', () => {
  const { logprobs } = parseChoice({ logprobs: { content: [{ token: 'a', logprob: null }] } });
  assert.equal(logprobs?.[0]?.logprob, -9999);
});

test('arguments as an object, the old function_call, and calls without a number are read', () => {
  const calls = [
    parseChoice({ delta: { tool_calls: [{ id: 'a', function: { name: 'f', arguments: { x: 1 } } }] } }).calls,
    parseChoice({ message: { function_call: { name: 'f', arguments: '{"x":1}' } } }).calls,
  ];
  assert.deepEqual(calls, [
    [{ index: undefined, id: 'a', name: 'f', arguments: '{"x":1}' }],
    [{ index: 0, id: undefined, name: 'f', arguments: '{"x":1}' }],
  ]);
});

test('unknown fields are ignored, and a used field of the wrong type is a failure that names it', () => {
  assert.equal(parseChoice({ delta: { content: 'a', mystery: 1 }, extra: {} }).text, 'a');
  assert.throws(() => parseChoice({ delta: { content: 7 } }), /choices\.0\.delta\.content/);
  assert.throws(() => parseWireChunk('[DONE'), /not JSON/);
});

test('an error object in place of a chunk is told apart', () => {
  assert.deepEqual(parseWireChunk('{"error":{"message":"no"}}'), { error: { message: 'no' } });
  assert.deepEqual(parseWireChunk('{"object":"error","message":"no"}'), {
    error: { object: 'error', message: 'no' },
  });
});

test('a chunk that says only who speaks matters to nobody', () => {
  const isSeen = (choice: object): boolean => {
    const piece = parseWireChunk(JSON.stringify({ choices: [choice] }));
    return 'choices' in piece && isMeaningful(piece);
  };
  assert.equal(isSeen({ delta: { role: 'assistant', content: '' } }), false);
  assert.equal(isSeen({ delta: { content: 'a' } }), true);
  assert.equal(isSeen({ delta: {}, finish_reason: 'stop' }), true);
});

test('usage is read with its details', () => {
  const piece = parseWireChunk(
    JSON.stringify({
      choices: [],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    }),
  );
  assert.deepEqual('usage' in piece && piece.usage, {
    inputTokens: 9,
    outputTokens: 5,
    cachedTokens: 4,
    reasoningTokens: 2,
  });
});
