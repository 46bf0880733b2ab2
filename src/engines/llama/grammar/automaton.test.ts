/** Combining automata, against combining what they accept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  anyText,
  intersectAutomata,
  isEmptyAutomaton,
  lengthAutomaton,
  matchesAutomaton,
  multiplesAutomaton,
  subtractAutomaton,
  textsAutomaton,
} from './automaton.ts';
import { toSmallerAutomaton } from './smaller-automaton.ts';

const freely = { spend: (): void => undefined };
const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\u{1F600}'), maxLength: 4 }), {
  maxLength: 8,
});

test('intersection and difference accept what both or only the first accept', () => {
  fc.assert(
    fc.property(words, words, (a, b) => {
      const [left, right] = [textsAutomaton(a, freely), textsAutomaton(b, freely)];
      const both = intersectAutomata(left, right, freely);
      const only = toSmallerAutomaton(subtractAutomaton(left, right, freely), freely);
      const others = subtractAutomaton(anyText, right, freely);
      for (const word of [...a, ...b, 'aaaaa']) {
        assert.equal(matchesAutomaton(both, word), a.includes(word) && b.includes(word));
        assert.equal(matchesAutomaton(only, word), a.includes(word) && !b.includes(word));
        assert.equal(matchesAutomaton(others, word), !b.includes(word));
      }
      assert.equal(isEmptyAutomaton(both), !a.some((word) => b.includes(word)));
    }),
    { numRuns: 25 },
  );
});

test('lengths are counted in characters, not in UTF-16 units', () => {
  const automaton = lengthAutomaton(2, 3, freely);
  const accepted = ['', 'a', '\u{1F600}', 'ab', '\u{1F600}\u{1F600}\u{1F600}', 'abcd'].filter((text) =>
    matchesAutomaton(automaton, text),
  );
  assert.deepEqual(accepted, ['ab', '\u{1F600}\u{1F600}\u{1F600}']);
  assert.ok(matchesAutomaton(lengthAutomaton(2, undefined, freely), 'a'.repeat(50)));
  assert.ok(!matchesAutomaton(lengthAutomaton(2, undefined, freely), 'a'));
});

test('multiples are recognised by their digits, with as few states as needed', () => {
  for (const divisor of [1, 2, 7, 12, 100, 125]) {
    const automaton = multiplesAutomaton(divisor, freely);
    for (let value = -300; value <= 300; value++) {
      assert.equal(
        matchesAutomaton(automaton, String(value)),
        value % divisor === 0,
        `${value} by ${divisor}`,
      );
    }
    for (const text of ['-0', '007', '', '-']) assert.ok(!matchesAutomaton(automaton, text));
  }
  assert.ok(multiplesAutomaton(1000, freely).edges.length < 10);
});

test('equal ends of texts are shared', () => {
  const texts = ['red', 'bed', 'led', 'feed'];
  const smaller = toSmallerAutomaton(textsAutomaton(texts, freely), freely);
  assert.equal(smaller.edges.length, 5);
  assert.deepEqual(
    [...texts, 'ed', 'fed', 'reed'].filter((text) => matchesAutomaton(smaller, text)),
    texts,
  );
});
