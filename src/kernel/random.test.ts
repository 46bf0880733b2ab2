/**
 * The generator must be repeatable, and look like chance in each of its three arguments. The limits are
 * five standard deviations wide and all seeds are fixed, so the tests themselves have no chance in them.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom, hashRandom01, randomInteger } from './random.ts';

type Draw = (index: number) => number;

/** A sequence along each argument: what looks random along one may be a pattern along another. */
const directions: Readonly<Record<string, Draw>> = {
  seeds: (index) => hashRandom01(index, 0, 0),
  streams: (index) => hashRandom01(7, index, 0),
  positions: (index) => hashRandom01(7, 0, index),
};
const drawCount = 20_000;

describe('counter-based random numbers', () => {
  test('depend on seed, stream and position alone, and lie in [0, 1)', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(), (seed, stream, position) => {
        const value = hashRandom01(seed, stream, position);
        assert.ok(value >= 0 && value < 1);
        assert.equal(hashRandom01(seed, stream, position), value);
      }),
    );
  });

  for (const [name, draw] of Object.entries(directions)) {
    test(`are uniform along ${name}`, () => {
      const counts = Array.from({ length: 100 }, () => 0);
      for (let index = 0; index < drawCount; index++) {
        const cell = Math.floor(draw(index) * counts.length);
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
      const expected = drawCount / counts.length;
      const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      const degrees = counts.length - 1;
      assertNear(chiSquared, degrees, 5 * Math.sqrt(2 * degrees));
    });

    test(`neighbours along ${name} do not depend on each other`, () => {
      for (const distance of [1, 2, 3, 4, 8, 16, 256]) {
        assertNear(
          correlation(draw, (index) => draw(index + distance)),
          0,
          5 / Math.sqrt(drawCount),
        );
      }
    });

    test(`each bit of an index along ${name} changes half of the result's bits`, () => {
      for (let bit = 0; bit < 20; bit++) {
        let changedBits = 0;
        const samples = 500;
        for (let index = 0; index < samples; index++) {
          changedBits += countBits(toBits(draw(index)) ^ toBits(draw(index ^ (1 << bit))));
        }
        assertNear(changedBits / samples, 16, 5 * Math.sqrt(8 / samples));
      }
    });
  }

  test('two streams of one seed, and one stream of two seeds, are independent', () => {
    const base: Draw = (index) => hashRandom01(42, 3, index);
    for (const other of [1, 2, 4, 1024, -1]) {
      const limit = 5 / Math.sqrt(drawCount);
      assertNear(
        correlation(base, (index) => hashRandom01(42, 3 + other, index)),
        0,
        limit,
      );
      assertNear(
        correlation(base, (index) => hashRandom01(42 + other, 3, index)),
        0,
        limit,
      );
    }
  });

  test('no two streams of a seed are permutations of each other', () => {
    const ownerOfValue = new Map<number, number>();
    let sharedCount = 0;
    for (let stream = 0; stream < 2000; stream++) {
      for (let position = 0; position < 256; position++) {
        const value = hashRandom01(1, stream, position);
        const owner = ownerOfValue.get(value);
        if (owner !== undefined && owner !== stream) sharedCount++;
        ownerOfValue.set(value, stream);
      }
    }
    // By chance about 30 of the half million numbers meet; one permuted pair would add 256 at once.
    assertNear(sharedCount, 30, 5 * Math.sqrt(30));
  });
});

describe('seeded random source', () => {
  test('gives the same numbers in the same order for the same seed, and others for another', () => {
    const take = (seed: number, stream?: number): number[] => {
      const random = createSeededRandom(seed, stream);
      return Array.from({ length: 5 }, () => random.next01());
    };
    assert.deepEqual(take(1), take(1));
    assert.deepEqual(take(1), take(1, 0));
    assert.notDeepEqual(take(1), take(2));
    assert.notDeepEqual(take(1), take(1, 1));
  });

  test('whole numbers stay below their limit and reach each value', () => {
    const random = createSeededRandom(5);
    const seen = new Set(Array.from({ length: 200 }, () => randomInteger(random, 7)));
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6],
    );
  });
});

function correlation(a: Draw, b: Draw): number {
  let sum = 0;
  for (let index = 0; index < drawCount; index++) sum += (a(index) - 0.5) * (b(index) - 0.5);
  return (12 * sum) / drawCount;
}

function assertNear(value: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(value - expected) <= tolerance, `${value} is not within ${tolerance} of ${expected}`);
}

function toBits(value01: number): number {
  return Math.floor(value01 * 4294967296) | 0;
}

function countBits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}
