/** Writes an invented word backward. */
import { createSpellingTask } from '../answer-line.ts';
import { at, pickOne, pickSome, range, shuffled } from '../dice.ts';
import type { Family } from '../family.ts';
import { hanLetters } from '../words.ts';

const lengths: readonly number[] = [4, 6, 8, 12, 20, 40, 80];
const consonants = Array.from('bcdfghjklmnprstvwz');
const vowels = Array.from('aeiou');

export const spellBackward: Family = {
  name: 'spell-backward',
  version: 1,
  level: 2,
  title: { en: 'Spelling backward', zh: '倒写' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: lengths.map((size) => ({ size, chance01: size === 4 ? 0.09 : size === 6 ? 0.02 : 0.01 })),
  createTask({ language, rung, random }) {
    const length = at(lengths, rung - 1);
    let letters: string[];
    do {
      letters =
        language === 'en'
          ? range(length).map((i) => pickOne(random, i % 2 === 0 ? consonants : vowels))
          : range(length).map(() => pickOne(random, hanLetters));
    } while (letters.join('') === letters.toReversed().join(''));
    const word = letters.join('');
    const value = letters.toReversed().join('');
    const swapped = letters.toReversed();
    const [i = 0, j = 1] = pickSome(random, range(length), 2);
    [swapped[i], swapped[j]] = [at(swapped, j), at(swapped, i)];
    return createSpellingTask({
      language,
      question:
        language === 'en'
          ? `Write the word "${word}" backward, letter by letter.`
          : `把“${word}”从最后一个字到第一个字倒着写出来。`,
      puzzle: { word },
      value,
      slips: [word, value.slice(1), `${value}${value[0]}`, swapped.join('')].filter((slip) => slip !== value),
      guess: (random) => shuffled(random, letters).join(''),
    });
  },
};
