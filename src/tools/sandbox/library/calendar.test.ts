import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addDays, daysBetween, daysInMonth, isLeapYear, weekday } from './calendar.ts';

test('days agree with Python', () => {
  const known: readonly (readonly [day: string, name: string, ordinal: number])[] = [
    ['0001-01-01', 'Monday', 1],
    ['4186-12-12', 'Tuesday', 1528886],
    ['8685-01-27', 'Tuesday', 3171793],
    ['7629-04-21', 'Saturday', 2786181],
    ['0850-03-04', 'Friday', 310154],
    ['6092-08-28', 'Thursday', 2224933],
    ['4040-07-18', 'Wednesday', 1475414],
  ];
  for (const [day, name, ordinal] of known) {
    assert.equal(weekday(day), name);
    assert.equal(daysBetween('0001-01-01', day), ordinal - 1);
    assert.equal(addDays('0001-01-01', ordinal - 1), day);
  }
  assert.equal(daysBetween('1900-03-01', '2024-02-29'), 45290);
  assert.equal(addDays('2024-02-29', -45000), '1900-12-16');
  assert.equal(addDays('1999-12-31', 366), '2000-12-31');
});

test('the calendar agrees with Date over whole centuries', () => {
  const dayMs = 86_400_000;
  fc.assert(
    fc.property(
      fc.integer({ min: -200_000, max: 200_000 }),
      fc.integer({ min: -5000, max: 5000 }),
      (n, count) => {
        const text = (days: number): string => new Date(days * dayMs).toISOString().slice(0, 10);
        assert.equal(addDays(text(n), count), text(n + count));
        assert.equal(daysBetween(text(n), text(n + count)), count);
      },
    ),
    { numRuns: 60 },
  );
});

test('leap years and months', () => {
  assert.deepEqual([1900, 2000, 2023, 2024].map(isLeapYear), [false, true, false, true]);
  assert.deepEqual(
    [1, 2, 4, 12].map((month) => daysInMonth(2023, month)),
    [31, 28, 30, 31],
  );
  assert.equal(daysInMonth(2024, 2), 29);
});

test('days that do not exist are refused', () => {
  for (const day of ['2023-02-29', '2024-13-01', '2024-00-10', '2024-04-31', '24-1-1', 'yesterday', '']) {
    assert.throws(() => weekday(day), day);
  }
  assert.equal(weekday('2024-2-9'), 'Friday');
});
