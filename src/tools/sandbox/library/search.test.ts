import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allDifferent, allSolutions, searchExpression, solveConstraints } from './search.ts';

/** The value of an expression of ours, as a check that shares no code with the search. */
function valueOf(expression: string | null): number {
  assert.match(expression ?? '', /^[\d\s()+*/-]+$/);
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call
  return Number(new Function(`return ${expression}`)());
}

test('an expression is found that uses every number once', () => {
  for (const [numbers, target] of [
    [[3, 5, 7], 22],
    [[4, 4, 10, 10], 24],
    [[3, 3, 8, 8], 24],
    [[1, 5, 5, 5], 24],
    [[2, 9, 25, 30], 89],
  ] as const) {
    const found = searchExpression([...numbers], target);
    assert.ok(Math.abs(valueOf(found) - target) < 1e-9, `${found}`);
    assert.deepEqual(
      found
        ?.match(/\d+/g)
        ?.map(Number)
        .sort((a, b) => a - b),
      [...numbers].map(Number).sort((a, b) => a - b),
    );
  }
});

test('numbers may be left over when that is allowed', () => {
  assert.equal(searchExpression([2, 3, 100], 6), null);
  assert.equal(valueOf(searchExpression([2, 3, 100], 6, { useAll: false })), 6);
  assert.equal(searchExpression([5], 5), '5');
  assert.equal(searchExpression([], 5), null);
});

test('brute force over three numbers agrees on what can be reached', () => {
  const reachable = new Set<number>();
  const signs = ['+', '-', '*', '/'];
  for (const [a, b, c] of [
    [2, 3, 7],
    [2, 7, 3],
    [3, 2, 7],
    [3, 7, 2],
    [7, 2, 3],
    [7, 3, 2],
  ]) {
    for (const x of signs) {
      for (const y of signs) {
        for (const form of [`(${a}${x}${b})${y}${c}`, `${a}${x}(${b}${y}${c})`]) reachable.add(valueOf(form));
      }
    }
  }
  for (let target = 1; target <= 60; target++) {
    assert.equal(searchExpression([2, 3, 7], target) !== null, reachable.has(target), `${target}`);
  }
});

test('constraints over names are solved, and asked as soon as they can be', () => {
  let asked = 0;
  const domains = { x: [1, 2, 3], y: [1, 2, 3], z: [1, 2, 3] };
  const conditions = [
    ({ x }: { x: number }): boolean => {
      asked += 1;
      return x === 3;
    },
    ({ x, y, z }: { x: number; y: number; z: number }): boolean => x === y + z && y < z,
  ];
  assert.deepEqual(solveConstraints(domains, conditions), { x: 3, y: 1, z: 2 });
  assert.ok(asked < 9, `the condition on x alone was asked ${asked} times`);
});

test('all queens of the 6 x 6 board are found', () => {
  const columns = Array.from({ length: 6 }, () => [0, 1, 2, 3, 4, 5]);
  const isPeaceful = (q: number[]): boolean =>
    q.every((a, i) => q.every((b, j) => i >= j || (a !== b && Math.abs(a - b) !== j - i)));
  assert.deepEqual(allSolutions(columns, isPeaceful), [
    [1, 3, 5, 0, 2, 4],
    [2, 5, 1, 4, 0, 3],
    [3, 0, 4, 1, 5, 2],
    [4, 2, 0, 5, 3, 1],
  ]);
});

test('SEND + MORE = MONEY', () => {
  const digit = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const from1 = digit.slice(1);
  type Letters = Record<'s' | 'e' | 'n' | 'd' | 'm' | 'o' | 'r' | 'y', number>;
  const found = solveConstraints(
    { s: from1, e: digit, n: digit, d: digit, m: [1], o: [0], r: digit, y: digit },
    [
      ({ d, e, y }: Letters) => (d + e) % 10 === y,
      ({ n, d, r, e, y }: Letters) => (n * 10 + d + r * 10 + e) % 100 === e * 10 + y,
      ({ s, e, n, d, m, o, r, y }: Letters) =>
        s * 1000 + e * 100 + n * 10 + d + m * 1000 + o * 100 + r * 10 + e ===
        m * 10000 + o * 1000 + n * 100 + e * 10 + y,
      (all: Letters) => allDifferent(Object.values(all)),
    ],
  );
  assert.deepEqual(found, { s: 9, e: 5, n: 6, d: 7, m: 1, o: 0, r: 8, y: 2 });
});

test('a condition over the whole assignment waits until there is one', () => {
  const sumIs6 = (all: Record<string, number>): boolean =>
    Object.values(all).reduce((a, b) => a + b, 0) === 6;
  assert.deepEqual(solveConstraints({ a: [1, 2], b: [4, 5] }, sumIs6), { a: 1, b: 5 });
});

test('no solution is null, and a wrong name is an error rather than no solution', () => {
  assert.equal(
    solveConstraints({ a: [1] }, ({ a }: { a: number }) => a === 2),
    null,
  );
  assert.equal(
    solveConstraints({ a: [] }, () => true),
    null,
  );
  assert.throws(
    () => solveConstraints({ a: [1] }, ({ b }: { b: number }) => b === 2),
    /no variable is called "b"/,
  );
  assert.equal(allSolutions({ a: [1, 2, 3] }, [], 2).length, 2);
});
