/** Ranges of numbers, against comparing the numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isEmptyAutomaton, matchesAutomaton } from './automaton.ts';
import type { NumberFacts } from './facts.ts';
import { numberAutomaton } from './number-automaton.ts';
import type { Bound } from './schema-node.ts';

const freely = { spend: (): void => undefined };

const values = fc.oneof(
  fc.integer({ min: -1200, max: 1200 }),
  fc.maxSafeInteger(),
  fc.integer({ min: -5000, max: 5000 }).map((n) => n / 100),
  fc.constantFrom(0, 0.1, -0.5, 1e-7, 99.99, 100, 1e15, -1e15, 1e16, 0.30000000000000004),
);
const bounds: fc.Arbitrary<Bound> = fc.record({ value: values, isExclusive: fc.boolean() });
const facts: fc.Arbitrary<NumberFacts> = fc.record({
  min: fc.option(bounds, { nil: undefined }),
  max: fc.option(bounds, { nil: undefined }),
  divisors: fc.constant([]),
});

function isInside({ min, max, divisors }: NumberFacts, value: number): boolean {
  return (
    (min === undefined || value > min.value || (value === min.value && !min.isExclusive)) &&
    (max === undefined || value < max.value || (value === max.value && !max.isExclusive)) &&
    divisors.every((divisor) => value % divisor === 0)
  );
}

/** The value and its neighbours on both sides, some of them equal to a bound. */
function candidates({ min, max }: NumberFacts, value: number): readonly number[] {
  const edges = [min?.value ?? 0, max?.value ?? 0].flatMap((edge) => [
    edge,
    Math.trunc(edge),
    edge + 0.001,
    edge - 0.001,
  ]);
  return [value, Math.trunc(value), ...edges.flatMap((edge) => [edge, edge + 1, edge - 1])];
}

test('an integer is written exactly when it lies within the limits', () => {
  fc.assert(
    fc.property(facts, values, (limits, value) => {
      const automaton = numberAutomaton(limits, { isInteger: true, budget: freely });
      for (const candidate of candidates(limits, value).map(Math.round)) {
        const text = JSON.stringify(candidate);
        assert.equal(matchesAutomaton(automaton, text), isInside(limits, candidate), text);
      }
    }),
    { numRuns: 30 },
  );
});

test('a number of at most 15 digits is written exactly when it lies within the limits', () => {
  fc.assert(
    fc.property(facts, values, (limits, value) => {
      const automaton = numberAutomaton(limits, { isInteger: false, budget: freely });
      for (const candidate of candidates(limits, value).map((n) => Number(n.toFixed(6)))) {
        const text = JSON.stringify(candidate);
        if (/e/.test(text) || text.replace(/[-.]/g, '').length > 15) continue;
        assert.equal(matchesAutomaton(automaton, text), isInside(limits, candidate), text);
      }
    }),
    { numRuns: 30 },
  );
});

test('a text beyond a bound by its last digit is a double beyond it', () => {
  const max = { value: 100, isExclusive: true };
  const automaton = numberAutomaton(
    { min: undefined, max, divisors: [] },
    { isInteger: false, budget: freely },
  );
  assert.ok(matchesAutomaton(automaton, '99.9999999999999'));
  // This text means exactly 100 as a double.
  assert.equal(Number('99.999999999999999'), 100);
  assert.ok(!matchesAutomaton(automaton, '99.999999999999999'));
  const safe = { value: 2 ** 60, isExclusive: true };
  const integers = numberAutomaton(
    { min: undefined, max: safe, divisors: [] },
    { isInteger: true, budget: freely },
  );
  const last = String(2n ** 60n - 1n);
  assert.equal(Number(last), 2 ** 60);
  assert.ok(!matchesAutomaton(integers, last));
  assert.ok(matchesAutomaton(integers, String(2n ** 60n - 256n)));
});

test('only canonical spellings of numbers are written', () => {
  const limits = {
    min: { value: 0, isExclusive: false },
    max: { value: 9, isExclusive: false },
    divisors: [],
  };
  const automaton = numberAutomaton(limits, { isInteger: false, budget: freely });
  for (const text of ['0', '9', '9.0', '0.5', '8.25']) assert.ok(matchesAutomaton(automaton, text), text);
  for (const text of ['', '-0', '00', '01', '5.', '.5', '+5', '9.01', '1e0']) {
    assert.ok(!matchesAutomaton(automaton, text), text);
  }
});

test('divisors hold together with limits', () => {
  for (const divisors of [[7], [4, 6], [10, 25]]) {
    const limits = { min: { value: -400, isExclusive: false }, max: undefined, divisors };
    const automaton = numberAutomaton(limits, { isInteger: true, budget: freely });
    for (let value = -600; value <= 600; value++) {
      const text = JSON.stringify(value);
      assert.equal(matchesAutomaton(automaton, text), isInside(limits, value), text);
    }
  }
});

test('limits that leave no number that can be written leave nothing', () => {
  const beyond = { min: { value: 1e17, isExclusive: false }, max: undefined, divisors: [] };
  assert.ok(isEmptyAutomaton(numberAutomaton(beyond, { isInteger: false, budget: freely })));
  const between = {
    min: { value: 1.2, isExclusive: false },
    max: { value: 1.8, isExclusive: false },
    divisors: [],
  };
  assert.ok(isEmptyAutomaton(numberAutomaton(between, { isInteger: true, budget: freely })));
});
