/** The least common multiple of several numbers. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, range } from '../dice.ts';
import type { Family } from '../family.ts';

const shapes = [
  { count: 2, limit: 20 },
  { count: 2, limit: 60 },
  { count: 3, limit: 60 },
  { count: 3, limit: 300 },
  { count: 4, limit: 1000 },
  { count: 6, limit: 3000 },
  { count: 8, limit: 20000 },
];

export const lcm: Family = {
  name: 'lcm',
  version: 1,
  level: 2,
  title: { en: 'Least common multiple', zh: '最小公倍数' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ count, limit }) => ({
    size: count * Math.log2(limit),
    chance01: limit <= 20 ? 0.09 : 0.03,
  })),
  createTask({ language, rung, random }) {
    const { count, limit } = at(shapes, rung - 1);
    let numbers: bigint[];
    let value: bigint;
    // The answer must be neither the largest number nor the plain product: both would pass without work.
    do {
      numbers = range(count).map(() => BigInt(integerBetween(random, 4, limit)));
      value = numbers.reduce(leastCommonMultiple);
    } while (numbers.some((number) => number === value) || value === product(numbers));
    const list = numbers.join(language === 'en' ? ', ' : '、');
    return createIntegerTask({
      language,
      question:
        language === 'en' ? `What is the least common multiple of ${list}?` : `${list} 的最小公倍数是多少？`,
      puzzle: { numbers: numbers.map(String) },
      value,
      slips: [product(numbers), value * 2n, numbers.reduce(greatestCommonDivisor)],
      guess: (random) =>
        at(numbers, integerBetween(random, 0, count - 1)) * BigInt(integerBetween(random, 2, limit)),
    });
  },
};

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return (a / greatestCommonDivisor(a, b)) * b;
}

function product(numbers: readonly bigint[]): bigint {
  return numbers.reduce((a, b) => a * b, 1n);
}
