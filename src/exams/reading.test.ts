// The one rule of reading answers: what must be read alike, and what must not be read at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  readAnswerArea,
  readDate,
  readInteger,
  readIntegerList,
  readMentions,
  readSpelling,
  removeThinking,
} from './reading.ts';
import { readWholeAnswer } from './whole-answer.ts';

const integerOf = (text: string): bigint | null => readInteger(readAnswerArea(text));

test('one number is read in every form that people write it', () => {
  const forms = [
    '1234',
    'Answer: 1234',
    'answer: 1,234.',
    '**Answer:** 1234',
    '**Answer: 1234**',
    'The answer is 1234.',
    'The final answer is: $1234$',
    'So x = 1234',
    'Answer: x = 1234',
    'Answer: 12 × 100 + 34 = 1234',
    '\\boxed{1234}',
    'Therefore \\[ \\boxed{1{,}234} \\]'.replace('{,}', ','),
    'Answer: \\(1234\\)',
    'Answer: `1234`',
    'Answer:\n\n1234',
    'Answer: 1234 apples',
    'Answer: 1234.0',
    '答案：１２３４',
    '答案是1234。',
    '最终答案为：1234',
    '<think>Answer: 7</think>Answer: 1234',
    'I count 5 and 6.\nAnswer: 7\nNo, wait.\nAnswer: 1234',
    'some work 5 + 6\n\n1234',
  ];
  for (const form of forms) assert.equal(integerOf(form), 1234n, form);
  assert.equal(integerOf('Answer: −5'), -5n);
  assert.equal(integerOf('Answer: - 5'), -5n);
});

test('what is not one number is no answer', () => {
  const others = [
    '',
    'Answer:',
    'Answer: 5 or 6',
    'Answer: 5, 6',
    'Answer: five',
    'Answer: 12.5',
    'Answer: 1e3 2',
    '<think>Answer: 5',
    'I cannot say',
  ];
  for (const text of others) assert.equal(integerOf(text), null, text);
});

test('any whole number survives printing and reading, with digits of any width', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (value) => {
      assert.equal(integerOf(`Let us see: 3 + 4.\n\nAnswer: ${value}`), value);
      const wide = String(value).replaceAll(/\d/gu, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
      assert.equal(integerOf(`答案：${wide}`), value);
    }),
  );
});

test('reading never throws, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.constantFrom(
            '<think>',
            '</think>',
            'Answer:',
            '答案：',
            '\\boxed{',
            '[',
            '```\n',
            '\ud800',
            '٣',
            '=',
          ),
        ),
        { maxLength: 12 },
      ),
      (parts) => {
        const text = parts.join('');
        const area = readAnswerArea(text);
        readInteger(area);
        readDate(area);
        readSpelling(area);
        readIntegerList(area);
        readMentions(area, [['knight'], ['a-b'], ['骑士']]);
        readWholeAnswer(text);
      },
    ),
    { numRuns: 50 },
  );
});

test('a hostile text of 50,000 letters is read in a moment', () => {
  for (const piece of ['answer: ', '<think>', '</think>', '\\boxed{', '[', '```\n', '1 ', '答案：']) {
    const text = piece.repeat(Math.ceil(50_000 / piece.length));
    const start = performance.now();
    readAnswerArea(text);
    readWholeAnswer(text);
    assert.ok(performance.now() - start < 500, piece);
  }
});

test('dates are read in five ways, and two different dates are no date', () => {
  for (const text of [
    '2031-03-02',
    '2031/3/2',
    '2 March 2031',
    'March 2nd, 2031',
    '2031年3月2日',
    '2nd of Mar 2031',
  ]) {
    assert.equal(readDate(text), '2031-03-02', text);
  }
  assert.equal(readDate('2031-03-02 or 2031-03-03'), null);
  assert.equal(readDate('tomorrow'), null);
});

test('words are found whole, longest first, and in order', () => {
  const vocabulary = [['Ann'], ['Anna'], ['长桥'], ['桥']];
  assert.deepEqual(readMentions('Anna, Ann and annabel; 长桥 桥', vocabulary), [1, 0, 2, 3]);
});

test('spellings ignore case and separators, lists need brackets or only numbers', () => {
  assert.equal(readSpelling('D-r-o w.'), 'drow');
  assert.deepEqual(readIntegerList('the list [1, -2, 3]'), [1, -2, 3]);
  assert.deepEqual(readIntegerList('1, 2, 3'), [1, 2, 3]);
  assert.deepEqual(readIntegerList('[]'), []);
  assert.equal(readIntegerList('1 or 2'), null);
});

test('a thought without an end hides what follows; a stray end hides what came before', () => {
  assert.equal(removeThinking('a<think>b</think>c'), 'ac');
  assert.equal(removeThinking('b</think>c'), 'c');
  assert.equal(removeThinking('a<think>b'), 'a');
});

test('a whole answer may stand in one code fence, not in two', () => {
  assert.equal(readWholeAnswer('Here:\n```json\n{"a": 1}\n```\nDone.'), '{"a": 1}');
  assert.equal(readWholeAnswer('```\na\n```\n```\nb\n```'), '```\na\n```\n```\nb\n```');
});
