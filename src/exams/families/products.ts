/** Multiplies two whole numbers; difficulty is the number of digits. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerOfDigits } from '../dice.ts';
import type { Family } from '../family.ts';

const digits: readonly (readonly [number, number])[] = [
  [2, 1],
  [2, 2],
  [3, 2],
  [3, 3],
  [5, 4],
  [8, 8],
  [14, 14],
];

export const products: Family = {
  name: 'products',
  version: 1,
  level: 2,
  title: { en: 'Products', zh: '乘法' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: digits.map(([a, b]) => ({ size: a + b, chance01: a + b <= 3 ? 0.02 : 0.01 })),
  createTask({ language, rung, random }) {
    const [digitsA, digitsB] = at(digits, rung - 1);
    const a = integerOfDigits(random, digitsA);
    // A factor 1 or a round number would test copying, not multiplying.
    let b = integerOfDigits(random, digitsB);
    if (b === 1n || b % 10n === 0n) b += 2n;
    return createIntegerTask({
      language,
      question: language === 'en' ? `Compute ${a} × ${b}.` : `计算 ${a} × ${b}。`,
      puzzle: { a: String(a), b: String(b) },
      value: a * b,
      slips: [a + b, a * b + 10n, a * b - 100n],
      guess: (random) => integerOfDigits(random, digitsA + digitsB),
    });
  },
};
