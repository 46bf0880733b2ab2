import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomial, combinations, factorial, partitions, permutations, product } from './combinatorics.ts';

test('counts agree with Python', () => {
  assert.equal(binomial(60, 30), 118264581564861424n);
  assert.equal(factorial(25), 15511210043330985984000000n);
  assert.equal(factorial(18), 6402373705728000);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((k) => permutations([0, 1, 2, 3, 4], k).length),
    [1, 5, 20, 60, 120, 120],
  );
  assert.deepEqual(
    [1, 5, 10, 20].map((n) => partitions(n).length),
    [1, 7, 42, 627],
  );
  assert.equal(binomial(5, 7), 0);
  assert.equal(binomial(5, -1), 0);
});

test('lists come in the order of itertools', () => {
  assert.deepEqual(
    permutations('abc', 2).map((p) => p.join('')),
    ['ab', 'ac', 'ba', 'bc', 'ca', 'cb'],
  );
  assert.deepEqual(combinations([1, 2, 3, 4], 2), [
    [1, 2],
    [1, 3],
    [1, 4],
    [2, 3],
    [2, 4],
    [3, 4],
  ]);
  assert.deepEqual(product([0, 1], [0, 1]), [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  assert.deepEqual(product(), [[]]);
  assert.deepEqual(partitions(4), [[4], [3, 1], [2, 2], [2, 1, 1], [1, 1, 1, 1]]);
});

test('the number of combinations is the binomial, for every size', () => {
  const items = [1, 2, 3, 4, 5, 6, 7];
  for (let k = 0; k <= 8; k++) assert.equal(combinations(items, k).length, binomial(7, k));
});

test('lists that would fill the memory are refused', () => {
  const items = Array.from({ length: 30 }, (_, i) => i);
  assert.throws(() => permutations(items), RangeError);
  assert.throws(() => combinations(items, 15), RangeError);
  assert.throws(() => product(items, items, items, items, items), RangeError);
  assert.throws(() => partitions(200), RangeError);
  assert.throws(() => factorial(-1), RangeError);
});
