/** Sets of characters, against the same sets as lists of numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { charsOf, hasChar, intersectChars, subtractChars, uniteChars, type CharSet } from './char-set.ts';

const limit = 40;
const codes = Array.from({ length: limit }, (_, code) => code);
const sets = fc
  .array(fc.tuple(fc.nat(limit - 1), fc.nat(6)), { maxLength: 5 })
  .map((ranges) => uniteChars(ranges.map(([low, size]) => [[low, low + size]])));

function membersOf(set: CharSet): readonly number[] {
  return codes.filter((code) => hasChar(set, code));
}

test('union, intersection and difference have the members that they should have', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const [inA, inB] = [new Set(membersOf(a)), new Set(membersOf(b))];
      assert.deepEqual(
        membersOf(uniteChars([a, b])),
        codes.filter((code) => inA.has(code) || inB.has(code)),
      );
      assert.deepEqual(
        membersOf(intersectChars(a, b)),
        codes.filter((code) => inA.has(code) && inB.has(code)),
      );
      assert.deepEqual(
        membersOf(subtractChars(a, b)),
        codes.filter((code) => inA.has(code) && !inB.has(code)),
      );
    }),
  );
});

test('ranges stay sorted and apart, so that equal sets look equal', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      for (const set of [uniteChars([a, b]), intersectChars(a, b), subtractChars(a, b)]) {
        for (const [i, range] of set.entries()) {
          assert.ok(range[0] <= range[1]);
          const next = set[i + 1];
          assert.ok(next === undefined || next[0] > range[1] + (set === uniteChars([a, b]) ? 1 : 0));
        }
      }
    }),
  );
  assert.deepEqual(charsOf('bca'), [[97, 99]]);
});
