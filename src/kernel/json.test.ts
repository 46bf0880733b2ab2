/** The canonical text must depend on the value alone, and lose nothing of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isJsonObject, toCanonicalJson, type JsonValue } from './json.ts';

const jsonValues = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;

describe('canonical JSON', () => {
  test('is JSON of the same value', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        // JSON has no -0, so the value is taken as JSON itself would carry it.
        assert.deepEqual(JSON.parse(toCanonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        assert.equal(toCanonicalJson(reverseKeys(value)), toCanonicalJson(value));
      }),
    );
  });

  test('is a fixed point: the text of the parsed text is the text', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        const text = toCanonicalJson(value);
        assert.equal(toCanonicalJson(JSON.parse(text) as JsonValue), text);
      }),
    );
  });

  test('two texts are equal exactly when the values are', () => {
    // Few leaves and keys, so that equal pairs come up often.
    const leaf = fc.constantFrom<JsonValue>(0, 1, '0', null, [], {});
    const small = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.constantFrom('a', 'b'), leaf));
    fc.assert(
      fc.property(small, small, (a, b) => {
        const isSame = isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
        assert.equal(toCanonicalJson(a) === toCanonicalJson(b), isSame);
      }),
    );
  });

  test('sorts keys by code unit, as RFC 8785 does, and drops what is undefined', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ud83d\ude00': 3,
      '1': 4,
      '\ufb33': 5,
      none: undefined,
      a: [1, 'x', null],
    };
    assert.equal(
      toCanonicalJson(value),
      '{"\\r":2,"1":4,"a":[1,"x",null],"\u20ac":1,"\ud83d\ude00":3,"\ufb33":5}',
    );
  });

  test('writes numbers as ECMAScript does', () => {
    assert.equal(toCanonicalJson([1e21, 1e-7, 0.1, -0, 100]), '[1e+21,1e-7,0.1,0,100]');
  });
});

describe('isJsonObject', () => {
  test('tells objects from arrays, null and scalars', () => {
    assert.deepEqual([{}, { a: 1 }, [], null, 'x', 1, undefined].map(isJsonObject), [
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

function reverseKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, entry === undefined ? undefined : reverseKeys(entry)]),
  );
}
