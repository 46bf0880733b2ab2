import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divisors, factorize, isPrime, nextPrime, primesUpTo } from './primes.ts';

test('sieve, test and factors agree with trial division up to 1000', () => {
  const byTrial = Array.from({ length: 1001 }, (_, n) => n).filter(
    (n) => n > 1 && Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => d * d > n || n % d !== 0),
  );
  assert.deepEqual(primesUpTo(1000), byTrial);
  const known = new Set(byTrial);
  for (let n = 0; n <= 1000; n++) {
    assert.equal(isPrime(n), known.has(n));
    assert.equal(isPrime(BigInt(n)), known.has(n));
    if (n === 0) continue;
    const factors = factorize(n).map(Number);
    assert.ok(factors.every((factor) => known.has(factor)));
    assert.equal(
      factors.reduce((a, b) => a * b, 1),
      n,
    );
    const byCount = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
    if (n < 200) assert.deepEqual(divisors(n), byCount);
  }
});

test('there are 9592 primes below 100,000', () => {
  assert.equal(primesUpTo(100_000).length, 9592);
});

test('large primes, pseudoprimes and composites are told apart', () => {
  assert.equal(isPrime(2n ** 61n - 1n), true);
  assert.equal(isPrime(2n ** 89n - 1n), true);
  assert.equal(isPrime(2n ** 67n - 1n), false);
  // Strong pseudoprimes to the first 4 and the first 9 prime bases (OEIS A014233).
  assert.equal(isPrime(3215031751), false);
  assert.equal(isPrime(3825123056546413051n), false);
  assert.equal(nextPrime(7919), 7927);
  assert.equal(nextPrime(1), 2);
});

test('factors of large numbers are found', () => {
  assert.deepEqual(factorize(998244359987710471n), [998244353n, 1000000007n]);
  assert.deepEqual(factorize(1299709 ** 2), [1299709, 1299709]);
  assert.deepEqual(factorize(1), []);
  assert.throws(() => factorize(0), RangeError);
  assert.throws(() => primesUpTo(1e9), RangeError);
});
