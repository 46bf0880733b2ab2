/** How many ones a number has in binary. The count is drawn evenly first, so that no constant guess pays. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, pickSome, range } from '../dice.ts';
import type { Family } from '../family.ts';

const bits: readonly number[] = [8, 11, 14, 20, 28, 44, 64];

export const countBits: Family = {
  name: 'count-bits',
  version: 1,
  level: 2,
  title: { en: 'Counting ones in binary', zh: '二进制中 1 的个数' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: bits.map((size) => ({ size, chance01: 1 / (size - 1) + 0.02 })),
  createTask({ language, rung, random }) {
    const length = at(bits, rung - 1);
    const ones = integerBetween(random, 2, length);
    // The top bit is always one, so that the number has exactly this length.
    const places = [length - 1, ...pickSome(random, range(length - 1), ones - 1)];
    const number = places.reduce((sum, place) => sum + 2n ** BigInt(place), 0n);
    return createIntegerTask({
      language,
      question:
        language === 'en'
          ? `Write the number ${number} in binary. How many ones does it contain?`
          : `把 ${number} 写成二进制，其中有多少个 1？`,
      puzzle: { number: String(number) },
      value: BigInt(ones),
      slips: [BigInt(length - ones), number],
      guess: (random) => integerBetween(random, 2, length),
    });
  },
};
