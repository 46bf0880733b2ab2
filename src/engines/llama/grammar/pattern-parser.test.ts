/** Patterns as automata, against the regular expressions of JavaScript. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { intersectAutomata, matchesAutomaton, toAutomaton, type Automaton } from './automaton.ts';
import { parsePattern } from './pattern-parser.ts';
import { toSmallerAutomaton } from './smaller-automaton.ts';

const freely = { spend: (): void => undefined };

function automatonOf(source: string): Automaton {
  const conditions = parsePattern(source, (reason) => {
    throw new Error(reason);
  });
  return conditions
    .map((condition) => toAutomaton(condition, freely))
    .reduce((a, b) => intersectAutomata(a, b, freely));
}

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '-', '\n'), maxLength: 9 }),
  fc.string({ unit: 'grapheme-composite', maxLength: 5 }),
);

function assertAgrees(source: string, samples: readonly string[]): void {
  const expression = new RegExp(source, 'u');
  const automaton = automatonOf(source);
  const smaller = toSmallerAutomaton(automaton, freely);
  assert.ok(smaller.edges.length <= automaton.edges.length);
  const check = (text: string): void => {
    assert.equal(
      matchesAutomaton(automaton, text),
      expression.test(text),
      `${source} on ${JSON.stringify(text)}`,
    );
    assert.equal(
      matchesAutomaton(smaller, text),
      expression.test(text),
      `smaller ${source} on ${JSON.stringify(text)}`,
    );
  };
  samples.forEach(check);
  fc.assert(fc.property(texts, check), { numRuns: 10 });
}

test('a pattern finds what a regular expression finds', () => {
  const patterns: readonly (readonly [source: string, ...samples: string[]])[] = [
    ['abc', 'xabcx', 'ab'],
    ['^a|b$', 'ac', 'cb', 'c'],
    ['(^a|b)(c$|1)', 'ac', 'xb1x', 'a1', 'xac'],
    ['^(a|ab)(c|bcd)?$', 'abcd', 'abc', 'ac'],
    ['^a{2,3}b{0,1}c{2}$', 'aabcc', 'acc', 'aaacc'],
    ['a{2,}?', 'a', 'aa'],
    ['^$', '', 'a'],
    ['^', ''],
    ['', 'x'],
    ['^(?:a|b)*-(?<name>1+)$', 'ab-11', '-'],
    ['[^\\s-]', ' - ', 'a'],
    ['^[a-c\\d_.-]+$', 'a-1.', ' '],
    ['^[\\]\\\\^]+$', ']\\^', 'a'],
    ['^\\w\\W\\d\\D\\s\\S$', 'a-1b c', 'aa'],
    ['^.$', '\n', '\u2028', 'a', '\u{1F600}'],
    ['^[\\s\\S]{2}$', '\n\u{1F600}'],
    ['\\u00e9|\\x41|\\u{1F600}|\\ud83d\\ude01', 'é', 'A', '\u{1F600}', '\u{1F601}'],
    ['^\\t\\n\\r\\f\\v\\0$', '\t\n\r\f\v\0'],
    ['^\\/\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\^\\$$', '/.*+?()[]{}|^$'],
    ['^(?=.*[a-c])(?=.*\\d)(?!.* ).{2,4}$', 'a1', 'a 1', '11', 'aaaa1'],
    ['^(?!a$)[ab]$', 'a', 'b'],
    ['^((a*)*b)*$', 'aabab', 'a', ''],
    ['[\\b]', '\b', 'b'],
    ['a$b|^^c$$', 'c', 'ab'],
    ['[^]', 'a'],
    ['a[]|c', 'a', 'c'],
  ];
  for (const [source, ...samples] of patterns) assertAgrees(source, samples);
});

test('random patterns find what regular expressions find', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab1]', '[^a]', '\\d', '\\w', '^', '$', ' ');
  const tree = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.array(atom, { maxLength: 3 }).map((parts) => parts.join('')),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}|${b}`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,}', '{0,2}'))
        .map(([a, q]) => `(${a})${q}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a})(${b})`),
    ),
  })).pattern;
  fc.assert(
    fc.property(tree, fc.array(texts, { minLength: 5, maxLength: 5 }), (source, samples) => {
      const expression = new RegExp(source, 'u');
      const automaton = toSmallerAutomaton(automatonOf(source), freely);
      for (const text of samples) {
        assert.equal(
          matchesAutomaton(automaton, text),
          expression.test(text),
          JSON.stringify([source, text]),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('what no automaton can follow, or what means different things elsewhere, is refused by name', () => {
  const refusals: readonly (readonly [source: string, reason: RegExp])[] = [
    ['(a)\\1', /back-reference \\1/],
    ['(?<x>a)\\k<x>', /back-reference \\k/],
    ['a\\b', /word boundary/],
    ['a\\B', /escape \\B/],
    ['\\p{L}', /Unicode property \\p/],
    ['(?<=a)b', /look-behind/],
    ['a(?=b)', /look-ahead/],
    ['(?=a)', /look-ahead/],
    ['^(?=a)a|b', /look-ahead/],
    ['(?i)a', /"\(\?i"/],
    ['\\A\\Z', /escape \\A/],
    ['a**', /quantifier follows/],
    ['*a', /nothing to repeat/],
    ['a{3,2}', /out of order/],
    ['[b-a]', /out of order/],
    ['a{,2}', /\{0,2\}/],
    ['(a', /no "\)"/],
    ['a)', /no "\("/],
    ['[a', /no "\]"/],
    ['a\\', /backslash/],
    ['\\x4', /hexadecimal/],
    ['\\u{110000}', /out of range/],
    ['\\ud83d\\u0041', /half of a character/],
    ['('.repeat(200), /nested/],
    ['a'.repeat(10_001), /longer/],
  ];
  for (const [source, reason] of refusals) assert.throws(() => automatonOf(source), reason, source);
});

test('a pattern that would need a huge automaton stops at the budget', () => {
  for (const source of ['a.{30}b', '^((a{1,100}){1,100}){1,100}$', '^(()){0,99999999}$']) {
    let left = 20_000;
    const budget = {
      spend: (units: number): void => {
        left -= units;
        if (left < 0) throw new Error('spent');
      },
    };
    const [condition] = parsePattern(source, assert.fail);
    assert.ok(condition !== undefined);
    assert.throws(() => toAutomaton(condition, budget), /spent/, source);
  }
});
