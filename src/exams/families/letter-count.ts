/**
 * Counts one letter in an invented text. The count is drawn evenly before the text is made: with natural
 * words "always 1" is right in 42 of 100 cases and the family would measure nothing.
 */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, range, shuffled } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import { hanLetters } from '../words.ts';

const shapes = [
  { length: 8, most: 6 },
  { length: 14, most: 9 },
  { length: 24, most: 12 },
  { length: 40, most: 16 },
  { length: 80, most: 24 },
  { length: 160, most: 40 },
  { length: 400, most: 80 },
];

const latinLetters = Array.from('abcdefghijklmnopqrstuvwxyz');

export const letterCount: Family = {
  name: 'letter-count',
  version: 1,
  level: 2,
  title: { en: 'Counting letters', zh: '数字符' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ length, most }) => ({ size: length, chance01: 1 / most + 0.02 })),
  createTask({ language, rung, random }) {
    const { length, most } = at(shapes, rung - 1);
    const letters = language === 'en' ? latinLetters : hanLetters;
    const asked = pickOne(random, letters);
    const others = letters.filter((letter) => letter !== asked);
    const count = integerBetween(random, 1, most);
    const text = group(
      shuffled(random, [
        ...range(count).map(() => asked),
        ...range(length - count).map(() => pickOne(random, others)),
      ]),
      language,
    );
    return createIntegerTask({
      language,
      question:
        language === 'en'
          ? `How many times does the letter "${asked}" occur in this text?\n\n${text}`
          : `下面这段文字里，“${asked}”字一共出现了几次？\n\n${text}`,
      puzzle: { text, asked },
      value: BigInt(count),
      slips: [BigInt(length)],
      guess: (random) => integerBetween(random, 1, most),
    });
  },
};

function group(letters: readonly string[], language: ExamLanguage): string {
  const size = language === 'en' ? 8 : 10;
  const groups: string[] = [];
  for (let i = 0; i < letters.length; i += size) groups.push(letters.slice(i, i + size).join(''));
  return groups.join(language === 'en' ? ' ' : '，');
}
