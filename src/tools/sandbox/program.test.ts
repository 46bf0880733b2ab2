import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'acorn';
import { prepareProgram, type Preparation } from './program.ts';

/** The entry's value in this process: these programs are ours. The sandbox runs them in test/sandbox. */
function valueOf(prepared: Preparation): unknown {
  assert.equal(prepared.kind, 'program');
  if (prepared.kind !== 'program') return undefined;
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call
  return new Function(`${prepared.source}\nreturn ${prepared.entry}();`)();
}

const fence = (code: string): string => `\`\`\`js\n${code}\n\`\`\``;

const runnable: readonly (readonly [name: string, text: string, value: unknown, how: string])[] = [
  [
    'a fenced function with prose around it',
    `Sure!\n${fence('function answer() { return 42; }')}\nDone.`,
    42,
    'named',
  ],
  ['a function of another name', fence('function compute() { return 5; }'), 5, 'last-function'],
  [
    'the wanted name among several',
    fence('function answer() { return h(); }\nfunction h() { return 1; }'),
    1,
    'named',
  ],
  ['an arrow function', fence('const answer = () => 2 + 3;'), 5, 'named'],
  ['arguments with defaults', fence('function answer(n = 4) { return n; }'), 4, 'named'],
  [
    'an example call at the end',
    fence('function answer() { return 1; }\nconsole.log(answer());'),
    1,
    'named',
  ],
  [
    'an example call that was cut',
    '```js\nfunction answer() {\n  return 1;\n}\n\nconsole.log(answer(',
    1,
    'named',
  ],
  ['a lost last brace', '```js\nfunction answer() {\n  const x = 3;\n  return x;\n', 3, 'named'],
  [
    'a function that needs arguments and a call',
    fence('function f(a, b) { return a * b; }\nf(6, 7);'),
    42,
    'last-expression',
  ],
  [
    'the same in a print',
    fence('const f = (a) => a + 1;\nconsole.log("Answer:", f(41));'),
    42,
    'last-expression',
  ],
  ['a bare expression', '6 * 7', 42, 'last-expression'],
  [
    'statements and an expression',
    fence('let s = 0;\nfor (let i = 0; i < 5; i++) s += i;\ns'),
    10,
    'last-expression',
  ],
  [
    'the inside of a function, whose head was a prefill',
    fence('const x = 2;\nreturn x + 1;'),
    3,
    'last-expression',
  ],
  [
    'a last variable',
    fence('const all = [1, 2, 3];\nconst total = all.reduce((a, b) => a + b, 0);'),
    6,
    'last-variable',
  ],
  ['an exported function', fence('export function answer() { return 1; }'), 1, 'named'],
  ['a default export without a name', fence('export default () => 8;'), 8, 'last-function'],
  [
    'imports and module.exports',
    fence('import x from "y";\nfunction answer() { return 1; }\nmodule.exports = { answer };'),
    1,
    'named',
  ],
  ['require', fence('const fs = require("fs");\nfunction answer() { return 1; }'), 1, 'named'],
  [
    'a function that prints',
    fence('function main() { const x = 7; console.log("x is", x); }\nmain();'),
    7,
    'last-function',
  ],
  [
    'types',
    '```ts\nfunction answer(): number {\n  const xs: number[] = [1, 2];\n  return xs.length as number;\n}\n```',
    2,
    'named',
  ],
  ['no fence, between sentences', 'My code:\nfunction f() { return 5; }\nIt gives 5.', 5, 'last-function'],
  ['prose on the line of the end', 'function answer() { return 1; } Explanation: this is it', 1, 'named'],
  [
    'a first block that is no program',
    `${fence('npm install')}\n${fence('function answer() { return 2; }')}`,
    2,
    'named',
  ],
  ['a function and a stray return', fence('function answer() { return 1; }\nreturn 2;'), 1, 'named'],
  [
    'sloppy code',
    fence('function answer() { total = 0; with ({ a: 1 }) total += a; return total; }'),
    1,
    'named',
  ],
];

for (const [name, text, value, how] of runnable) {
  test(`a program is made of ${name}`, () => {
    const prepared = prepareProgram(text);
    assert.equal(valueOf(prepared), value);
    assert.equal(prepared.kind === 'program' && prepared.how, how);
  });
}

test('waiting at the top level is moved into an asynchronous entry', async () => {
  assert.equal(await valueOf(prepareProgram(fence('const x = await Promise.resolve(4);\nx + 1'))), 5);
});

test('a loop that only prints is run for its last line', () => {
  const prepared = prepareProgram(fence('for (const x of [1, 2]) console.log(x);'));
  assert.equal(prepared.kind === 'program' && prepared.how, 'printed');
});

test('another name can be wanted', () => {
  const prepared = prepareProgram(
    fence('function check() { return 1; }\nfunction other() { return 2; }'),
    'check',
  );
  assert.equal(valueOf(prepared), 1);
});

const refusals: readonly (readonly [text: string, reason: string])[] = [
  ['', 'no-code'],
  ['The answer is 42.', 'no-code'],
  ['42', 'no-code'],
  ['Sure', 'no-code'],
  ['```python\ndef answer():\n    return 1\n```', 'broken-code'],
  ['```js\nfunction answer() {\n  let x = 0;\n  for (let i = 0; i < 3; i++) { x +=', 'broken-code'],
  ['```js\nfunction answer() {\n  if (x) {\n    return 1;\n  }\n  let y = 2;\n', 'broken-code'],
  ['```js\nfunction add(a, b) { return a + b; }\n```', 'needs-arguments'],
  ['return 5;\n}\n```\nThat is it.', 'no-code'],
  ['x'.repeat(30_000), 'too-long'],
];

for (const [text, reason] of refusals) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused as ${reason}`, () => {
    assert.deepEqual(prepareProgram(text), { kind: 'refused', reason });
  });
}

/** Texts near to what models write: pieces of programs, fences and prose, in any order and cut anywhere. */
const piece = fc.constantFrom(
  '```js\n',
  '\n```\n',
  'function answer() {',
  '\n  return x;\n',
  '}',
  'const x = 1;\n',
  'export default ',
  'async ',
  'await ',
  'console.log(answer());\n',
  'Here is the code:\n',
  'class A { static #b = 1 }\n',
  'import { gcd } from "m";\n',
  ': number',
  '`${',
  '(((',
  '=> ',
  '/*',
  '\u2028',
  '\ud800',
  'if (require.main === module) {',
);
const modelText = fc
  .array(piece, { maxLength: 14 })
  .chain((pieces) => fc.nat(pieces.join('').length).map((length) => pieces.join('').slice(0, length)));

test('any text gives a program that parses or a stated reason, and never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), modelText), (text) => {
      const prepared = prepareProgram(text);
      if (prepared.kind === 'refused') return;
      parse(`${prepared.source}\n${prepared.entry}();`, { ecmaVersion: 'latest', sourceType: 'script' });
    }),
    { numRuns: 50 },
  );
});

test('text nested beyond any stack is refused, not an exception', () => {
  for (const unit of ['[', '(', 'a?']) {
    assert.equal(prepareProgram(unit.repeat(6000)).kind, 'refused');
  }
});
