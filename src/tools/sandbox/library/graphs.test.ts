import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bfs, shortestPath, type GraphEdge } from './graphs.ts';

test('the shortest way is found, not the one with the fewest edges', () => {
  const edges: GraphEdge[] = [
    ['a', 'b', 7],
    ['a', 'c', 1],
    ['c', 'd', 1],
    ['d', 'b', 1],
  ];
  assert.deepEqual(shortestPath(edges, 'a', 'b'), { length: 3, path: ['a', 'c', 'd', 'b'] });
  assert.deepEqual(shortestPath(edges, 'b', 'a'), { length: 3, path: ['b', 'd', 'c', 'a'] });
  assert.equal(shortestPath(edges, 'b', 'a', { directed: true }), null);
  assert.deepEqual(shortestPath(edges, 'a', 'a'), { length: 0, path: ['a'] });
  assert.equal(shortestPath(edges, 'a', 'z'), null);
  assert.throws(() => shortestPath([['a', 'b', -1]], 'a', 'b'), RangeError);
});

test('lengths agree with Floyd and Warshall on arbitrary graphs', () => {
  const node = fc.integer({ min: 0, max: 5 });
  const edge = fc.tuple(node, node, fc.integer({ min: 0, max: 9 }));
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 14 }), (edges) => {
      const nodes = [0, 1, 2, 3, 4, 5];
      const known = new Map(nodes.map((n) => [`${n} ${n}`, 0]));
      const at = (a: number, b: number): number => known.get(`${a} ${b}`) ?? Infinity;
      for (const [a, b, length] of edges) known.set(`${a} ${b}`, Math.min(at(a, b), length));
      for (const m of nodes) {
        for (const a of nodes)
          for (const b of nodes) known.set(`${a} ${b}`, Math.min(at(a, b), at(a, m) + at(m, b)));
      }
      for (const b of nodes) {
        assert.equal(shortestPath(edges, 0, b, { directed: true })?.length ?? Infinity, at(0, b));
      }
    }),
    { numRuns: 60 },
  );
});

test('breadth first search finds the fewest steps over states of any shape', () => {
  const pour = ([a, b]: readonly number[]): number[][] => {
    const [x, y] = [a ?? 0, b ?? 0];
    const [toB, toA] = [Math.min(x, 5 - y), Math.min(y, 3 - x)];
    return [
      [3, y],
      [x, 5],
      [0, y],
      [x, 0],
      [x - toB, y + toB],
      [x + toA, y - toA],
    ];
  };
  const path = bfs<readonly number[]>([0, 0], ([, b]: readonly number[]) => b === 4, pour);
  assert.equal(path?.length, 7);
  assert.deepEqual(path?.at(-1)?.[1], 4);
  assert.deepEqual(
    bfs(1, 10, (n) => [n + 1, n * 2].filter((next) => next <= 10)),
    [1, 2, 4, 5, 10],
  );
  assert.equal(
    bfs(1, 7, (n) => [n * 2].filter((next) => next < 50)),
    null,
  );
});
