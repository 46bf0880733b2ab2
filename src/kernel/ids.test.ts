/** Ids must sort by their time, never meet, and be safe in paths and queries. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from './clock.ts';
import { createIdSource } from './ids.ts';
import { createSeededRandom } from './random.ts';

function clockAt(nowMs: number): Clock {
  return { nowMs: () => nowMs, monotonicMs: () => 0, sleep: () => Promise.resolve() };
}

describe('ids', () => {
  test('name what they stand for and use letters and digits only', () => {
    const id = createIdSource(clockAt(Date.UTC(2026, 0, 1)), createSeededRandom(1)).create('resp');
    assert.match(id, /^resp_[0-9a-z]{25}$/);
  });

  test('sort by time, from 1970 to the year 5188', () => {
    const years = [1970, 1999, 2026, 2027, 2100, 5000, 5188];
    const ids = years.map((year, index) =>
      createIdSource(clockAt(Date.UTC(year, 0, 1)), createSeededRandom(index)).create('run'),
    );
    assert.deepEqual([...ids].sort(), ids);
  });

  test('differ within one millisecond', () => {
    const ids = createIdSource(clockAt(0), createSeededRandom(9));
    const seen = new Set(Array.from({ length: 20_000 }, () => ids.create('msg')));
    assert.equal(seen.size, 20_000);
  });

  test('use every digit, so that no chance is wasted', () => {
    const ids = createIdSource(clockAt(0), createSeededRandom(3));
    const tails = Array.from({ length: 200 }, () => ids.create('req').slice('req_'.length + 9)).join('');
    assert.equal(new Set(tails).size, 36);
  });
});
