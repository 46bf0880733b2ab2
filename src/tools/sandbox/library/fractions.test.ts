import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fraction, solveLinear } from './fractions.ts';

test('arithmetic is exact', () => {
  assert.equal(fraction(1, 3).pow(-3).add('0.1').sub(fraction(7, 30)).toString(), '403/15');
  assert.equal(fraction(0.1).add(0.2).equals('3/10'), true);
  assert.equal(fraction('1.25e-2').toString(), '1/80');
  assert.equal(fraction(-6, -4).toString(), '3/2');
  assert.equal(fraction(6, -3).toString(), '-2');
  assert.equal(fraction(1, 2).div('3/4').toNumber(), 2 / 3);
  assert.equal(fraction(-1, 2).abs().compare(1), -1);
});

test('as JSON a whole fraction is a number and another one a text', () => {
  assert.equal(JSON.stringify([fraction(4, 2), fraction(1, 3)]), '[2,"1/3"]');
});

test('a fraction does not turn into a rounded number in silence', () => {
  assert.throws(() => Number(fraction(1, 3)), TypeError);
  assert.equal(String(fraction(1, 3)), '1/3');
  for (const text of ['', 'x', '1/0', '1//2', 'Infinity', '.']) assert.throws(() => fraction(text));
});

test('fractions obey the laws of a field', () => {
  const anyFraction = fc
    .tuple(fc.bigInt({ min: -999n, max: 999n }), fc.bigInt({ min: 1n, max: 999n }))
    .map(([a, b]) => fraction(a, b));
  fc.assert(
    fc.property(anyFraction, anyFraction, anyFraction, (a, b, c) => {
      assert.ok(a.mul(b.add(c)).equals(a.mul(b).add(a.mul(c))));
      assert.ok(a.sub(b).add(b).equals(a));
      if (!b.equals(0)) assert.ok(a.div(b).mul(b).equals(a));
      assert.ok(fraction(a.toString()).equals(a));
    }),
    { numRuns: 60 },
  );
});

test('linear systems are solved exactly', () => {
  const hilbert = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => fraction(1, i + j + 1)));
  assert.deepEqual(solveLinear(hilbert, [1, 2, 3, '1/2'])?.map(String), ['426', '-4980', '12180', '-7980']);
  assert.deepEqual(
    solveLinear(
      [
        [2, 1, -1],
        [-3, -1, 2],
        [-2, 1, 2],
      ],
      [8, -11, -3],
    )?.map(String),
    ['2', '3', '-1'],
  );
  assert.deepEqual(
    solveLinear(
      [
        [0, 1],
        [1, 0],
      ],
      [5, 6],
    )?.map(String),
    ['6', '5'],
  );
});

test('a system without one single solution gives null', () => {
  assert.equal(
    solveLinear(
      [
        [1, 1],
        [1, 1],
      ],
      [1, 2],
    ),
    null,
  );
  assert.equal(
    solveLinear(
      [
        [1, 1],
        [2, 2],
      ],
      [1, 2],
    ),
    null,
  );
  assert.equal(solveLinear([[1, 1]], [1]), null);
  assert.deepEqual(
    solveLinear(
      [
        [1, 1],
        [1, -1],
        [2, 0],
      ],
      [3, 1, 4],
    )?.map(String),
    ['2', '1'],
  );
  assert.equal(
    solveLinear(
      [
        [1, 1],
        [1, -1],
        [2, 0],
      ],
      [3, 1, 5],
    ),
    null,
  );
  assert.throws(() => solveLinear([[1, 2], [1]], [1, 2]), RangeError);
});
