import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAnswerParser, type AnswerPart, type AnswerParserOptions } from './answer-parser.ts';

const weatherOnly: AnswerParserOptions = {
  tools: (name, args) => name === 'weather' && typeof args === 'object',
  startsThinking: false,
  readsThought: false,
};

interface Read {
  readonly text: string;
  readonly thought: string;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
}

function read(text: string, options: AnswerParserOptions, cuts: readonly number[] = []): Read {
  const parser = createAnswerParser(options);
  const parts: AnswerPart[] = [];
  let at = 0;
  for (const cut of [...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length]) {
    parts.push(...parser.push(text.slice(at, cut)));
    at = Math.max(at, cut);
  }
  parts.push(...parser.flush());
  const calls: { name: string; arguments: string }[] = [];
  let answer = '';
  let thought = '';
  for (const part of parts) {
    if (part.kind === 'text') answer += part.text;
    else if (part.kind === 'thought') thought += part.text;
    else if (part.kind === 'call-started') calls[part.index] = { name: part.name, arguments: '' };
    else calls[part.index] = { name: calls[part.index]?.name ?? '', arguments: part.text };
  }
  return { text: answer, thought, calls };
}

const call = '{"name": "weather", "arguments": {"city": "Oslo"}}';
const oslo = [{ name: 'weather', arguments: '{"city":"Oslo"}' }];

for (const [what, text, expected] of [
  ['the taught form', `<tool_call>\n${call}\n</tool_call>`, { text: '', thought: '', calls: oslo }],
  [
    'text before a call',
    `Let me look.\n<tool_call>${call}</tool_call>`,
    { text: 'Let me look.', thought: '', calls: oslo },
  ],
  [
    'two calls',
    `<tool_call>${call}</tool_call>\n<tool_call>${call}</tool_call>`,
    { text: '', thought: '', calls: [...oslo, ...oslo] },
  ],
  ['a bare call', call, { text: '', thought: '', calls: oslo }],
  ['a fenced call', `\`\`\`json\n${call}\n\`\`\``, { text: '', thought: '', calls: oslo }],
  [
    'doubled braces',
    '<tool_call>{{"name": "weather", "arguments": {"city": "Oslo"}}}</tool_call>',
    { text: '', thought: '', calls: oslo },
  ],
  [
    'a call of a tool that was not offered',
    call.replace('weather', 'rm'),
    { text: call.replace('weather', 'rm'), thought: '', calls: [] },
  ],
  ['other JSON', '{"city": "Oslo"}', { text: '{"city": "Oslo"}', thought: '', calls: [] }],
  [
    'a call that is cut',
    '<tool_call>{"name": "wea',
    { text: '<tool_call>{"name": "wea', thought: '', calls: [] },
  ],
  ['code', '```js\nlet a = 1;\n```', { text: '```js\nlet a = 1;\n```', thought: '', calls: [] }],
] as const) {
  test(`${what} is read the same however the text is cut`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        assert.deepEqual(read(text, weatherOnly, cuts), expected);
      }),
    );
  });
}

test('thought and answer are told apart, with an open thought in the prompt or in the text', () => {
  const thinking = { tools: undefined, readsThought: true };
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
      assert.deepEqual(read('<think>\nhm\n</think>\n\n42', { ...thinking, startsThinking: false }, cuts), {
        text: '42',
        thought: 'hm\n',
        calls: [],
      });
      assert.deepEqual(read('hm</think>42', { ...thinking, startsThinking: true }, cuts), {
        text: '42',
        thought: 'hm',
        calls: [],
      });
    }),
  );
});

test('without tools and thought every text comes out as it went in', () => {
  const plain = { tools: undefined, readsThought: false, startsThinking: false };
  fc.assert(
    fc.property(fc.string(), fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
      assert.deepEqual(read(text, plain, cuts), { text, thought: '', calls: [] });
    }),
  );
});

test('with tools no text is lost that is not a call', () => {
  const piece = fc.constantFrom(
    '<tool',
    '_call>',
    '</tool_call>',
    '{',
    '}',
    '"name"',
    ' ',
    '\n',
    '```json',
    'x',
    ':',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 6 }), (pieces, cuts) => {
      const text = pieces.join('');
      const { text: shown, calls } = read(text, weatherOnly, cuts);
      assert.deepEqual(calls, []);
      assert.equal(shown.replaceAll(/\s/g, ''), text.replaceAll(/\s/g, ''));
    }),
  );
});
