import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digits, gcd, isqrt, lcm, modInverse, modPow } from './integers.ts';

// The expected values of this folder's tests come from Python's math, fractions, itertools and datetime.

test('large values agree with Python', () => {
  assert.equal(modPow(3, 10n ** 18n, 10 ** 9 + 7), 246336683n);
  assert.equal(modInverse(17, 3120), 2753);
  assert.equal(modPow(17, -1, 3120), 2753);
  assert.equal(isqrt(10n ** 41n + 7n), 316227766016837933199n);
  assert.equal(lcm(...Array.from({ length: 40 }, (_, i) => i + 1)), 5342931457063200);
  assert.equal(gcd(2n ** 120n - 1n, 2n ** 72n - 1n), 16777215n);
});

test('a result is a Number while that is exact, and a BigInt otherwise', () => {
  assert.equal(gcd(12, 18), 6);
  assert.equal(gcd(12n, 18), 6n);
  assert.equal(lcm(2 ** 40 - 1, 2 ** 40), (2n ** 40n - 1n) * 2n ** 40n);
});

test('lists are taken as well as arguments', () => {
  const values: number[] = [4, 6, 10];
  assert.equal(gcd(...values), 2);
  assert.equal(Reflect.apply(gcd, undefined, [values]), 2);
  assert.equal(lcm(4, 6, 10), 60);
  assert.equal(gcd(), 0);
  assert.equal(lcm(5, 0), 0);
});

test('what is not whole is refused rather than rounded', () => {
  assert.throws(() => gcd(1.5, 2), TypeError);
  assert.throws(() => isqrt(2 ** 53), TypeError);
  assert.throws(() => isqrt(-1), RangeError);
  assert.throws(() => modInverse(2, 4), RangeError);
  assert.throws(() => modPow(2, 3, 0), RangeError);
  assert.throws(() => digits(5, 1), RangeError);
});

test('digits read a number from the left in any base', () => {
  assert.deepEqual(digits(1024), [1, 0, 2, 4]);
  assert.deepEqual(digits(-10n, 2), [1, 0, 1, 0]);
  assert.deepEqual(digits(255, 16), [15, 15]);
});

test('the defining properties hold for arbitrary numbers', () => {
  const natural = fc.bigInt({ min: 0n, max: 2n ** 200n });
  fc.assert(
    fc.property(natural, natural, natural, (a, b, m) => {
      const root = BigInt(isqrt(a));
      assert.ok(root * root <= a && (root + 1n) * (root + 1n) > a);
      const common = BigInt(gcd(a, b));
      assert.equal(BigInt(lcm(a, b)) * common, a * b);
      if (common > 0n) assert.equal(gcd(a / common, b / common), 1n);
      const small = b % 40n;
      assert.equal(modPow(a, small, m + 1n), a ** small % (m + 1n));
    }),
    { numRuns: 60 },
  );
});
