/** The tokenizer's one rule: tokens join to the text, stay short, and their ids turn back into them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countPromptTokens, splitTokens, toTokenId, toTokenText } from './tokens.ts';

const anyText = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());

test('tokens join to the text, have at most six bytes, and their ids turn back into them', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const tokens = splitTokens(text);
      assert.equal(tokens.join(''), text);
      for (const token of tokens) {
        assert.ok(Buffer.byteLength(token) <= 6 && token.isWellFormed());
        assert.equal(toTokenText(toTokenId(token)), token);
        assert.ok(Number.isSafeInteger(toTokenId(token)));
      }
    }),
  );
});

test('words take one space with them, and other characters stand alone', () => {
  assert.deepEqual(splitTokens('Hi there, world!  2 ok'), [
    'Hi',
    ' there',
    ',',
    ' world',
    '!',
    '  ',
    '2',
    ' ok',
  ]);
  assert.deepEqual(splitTokens('tokenizer漢字漢'), ['tokeni', 'zer漢', '字漢']);
});

test('a prompt counts three tokens a message, three for the answer, and its texts', () => {
  const messages = [
    { role: 'system', parts: [{ type: 'text', text: 'Be kind' }] },
    {
      role: 'user',
      parts: [
        { type: 'text', text: 'Hi' },
        { type: 'image', url: 'data:,', detail: 'auto' },
      ],
    },
  ] as const;
  assert.equal(countPromptTokens({ kind: 'chat', messages }, []), 3 + (3 + 2) + (3 + 1 + 85));
  assert.equal(
    countPromptTokens({ kind: 'chat', messages, answerStart: { text: 'Well' } }, []),
    3 + (3 + 2) + (3 + 1 + 85) + 1,
  );
  assert.equal(countPromptTokens({ kind: 'text', text: 'one two' }, []), 2);
  assert.equal(countPromptTokens({ kind: 'tokens', tokens: [1, 2, 3] }, []), 3);
});
