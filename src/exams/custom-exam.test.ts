// Exams from one's own file: every checker, both file kinds, and errors that name the line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCustomFamily } from './custom-exam.ts';
import { parseCsv, toCsvLine } from './csv.ts';
import { planItem } from './exam-plan.ts';
import { examSettingsSchema } from './exam-settings.ts';
import { createItem } from './family.ts';

function grade(line: object, answer: string): boolean {
  const family = createCustomFamily(JSON.stringify(line), { name: 'mine', kind: 'jsonl' });
  return createItem(family, { language: 'en', rung: 1, seed: 'line-0' }).grade(answer).correct;
}

test('each checker takes the right answer in several forms and no other', () => {
  const cases: readonly (readonly [object, string[], string[]])[] = [
    [
      { prompt: 'p', answer: 42, checker: 'integer' },
      ['42', 'Answer: 42.', '**42**'],
      ['43', '42 or 43', ''],
    ],
    [
      { prompt: 'p', answer: 3.14, checker: 'number', tolerance: 0.01 },
      ['3.141', 'Answer: 3.14'],
      ['3.2', '3.14 3.15'],
    ],
    [
      { prompt: 'p', answer: ['Paris', 'City of Paris'] },
      ['paris', 'Answer: "Paris".', 'city of  paris'],
      ['Paris, France', 'London'],
    ],
    [
      { prompt: 'p', answer: 'red', options: ['red', 'blue'], checker: 'choice' },
      ['red', 'It is red.', 'Answer: Red'],
      ['blue', 'red or blue', 'reddish'],
    ],
    [{ prompt: 'p', answer: ['a cat', 'dog'], checker: 'contains' }, ['A cat and a dog'], ['a cat']],
    [{ prompt: 'p', answer: '^\\d{3}$', checker: 'regex' }, ['123'], ['1234', 'abc']],
    [
      { prompt: 'p', answer: '{"a":1,"b":[2]}', checker: 'json' },
      ['{"b":[2],"a":1}', '```json\n{"a": 1, "b": [2]}\n```'],
      ['{"a":1}', 'no'],
    ],
  ];
  for (const [line, right, wrong] of cases) {
    for (const answer of right) assert.equal(grade(line, answer), true, `${JSON.stringify(line)}: ${answer}`);
    for (const answer of wrong)
      assert.equal(grade(line, answer), false, `${JSON.stringify(line)}: ${answer}`);
  }
});

test('CSV gives the same questions as JSONL', () => {
  const csv = 'prompt,answer,checker,options\n"Which, of these?",red,choice,red|blue\nHow many?,7,integer,\n';
  const family = createCustomFamily(csv, { name: 'mine', kind: 'csv' });
  assert.equal(family.lineCount, 2);
  const item = createItem(family, { language: 'en', rung: 1, seed: 'line-0' });
  assert.deepEqual(item.messages, [{ role: 'user', content: 'Which, of these?' }]);
  assert.equal(item.grade('red').correct, true);
  assert.equal(
    createItem(family, { language: 'en', rung: 1, seed: 'line-1' }).grade('Answer: 7').correct,
    true,
  );
});

test('each question of a file is asked once, in an order that the seed draws', () => {
  const text = Array.from({ length: 30 }, (_, i) =>
    JSON.stringify({ prompt: `q${i}`, answer: String(i) }),
  ).join('\n');
  const family = createCustomFamily(text, { name: 'mine', kind: 'jsonl' });
  const settings = examSettingsSchema.parse({ families: ['mine'], rungs: [1] });
  const order = (seed: string): string[] =>
    Array.from({ length: 30 }, (_, index) => planItem(family, index, settings, seed).seed);
  assert.equal(new Set(order('x')).size, 30);
  assert.notDeepEqual(order('x'), order('y'));
});

test('a wrong line is named by number and field', () => {
  const make = (text: string, kind: 'jsonl' | 'csv' = 'jsonl'): unknown =>
    createCustomFamily(text, { name: 'mine', kind });
  assert.throws(() => make('{"prompt":"p","answer":1}\n{"prompt":"p"}'), /Line 2: answer/u);
  assert.throws(() => make('{"prompt":"p","answer":1,"extra":2}'), /Line 1:.*extra/u);
  assert.throws(() => make('{"answer":1}'), /either prompt or messages/u);
  assert.throws(() => make('{"prompt":"p","answer":"x","checker":"choice","options":["a","b"]}'), /options/u);
  assert.throws(() => make('not json'), /Line 1/u);
  assert.throws(() => make(''), /no questions/u);
});

test('what is written as CSV is read back as it was', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', '字') });
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (rows) => {
        assert.deepEqual(parseCsv(rows.map(toCsvLine).join('\n')), rows);
      },
    ),
  );
  assert.throws(() => parseCsv('"open'), SyntaxError);
  assert.throws(() => parseCsv('"a"b'), SyntaxError);
});
