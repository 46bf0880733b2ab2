/** Conditions that hold for a made text: what each says in both languages, and how it is checked. */
import { at } from '../dice.ts';
import type { ExamLanguage } from '../family.ts';
import { plainWords, startOf, type MadeText } from './instruction-text.ts';

export interface Condition {
  readonly says: string;
  readonly holds: (text: string) => boolean;
}

/** All conditions that can be read off the text; the first one fixes the number of lines. */
export function describeConditions(made: MadeText, language: ExamLanguage): readonly Condition[] {
  const inEnglish = language === 'en';
  const say = (en: string, zh: string): string => (inEnglish ? en : zh);
  const { text, lines, mark } = made;
  const words = lines.flat();
  const width = at(lines, 0).length;
  const first = at(words, 0);
  const last = at(words, words.length - 1);
  const recurring = words.toSorted((a, b) => countOf(text, b) - countOf(text, a))[0] ?? first;
  const times = countOf(text, recurring);
  const absentLetter = Array.from(inEnglish ? 'eariotnslcudpmhgbfywkvxzjq' : '的了是在不有我他').find(
    (letter) => !text.includes(letter),
  );
  const absentWord = plainWords[language].find((word) => !text.includes(word)) ?? 'qqq';
  const initials = lines.map((line) => at(line, 0).slice(0, 1)).join('');
  const hanPerLine = at(lines, 0).join('').length;
  const conditions: Condition[] = [
    {
      says: say(`The text has exactly ${lines.length} lines.`, `全文恰好 ${lines.length} 行`),
      holds: (answer) => linesOf(answer).length === lines.length,
    },
    inEnglish
      ? {
          says: `Every line has exactly ${width} words${made.prefix === 'none' ? '' : ', not counting what stands before the first word'}.`,
          holds: (answer) => bodiesOf(answer).every((line) => wordsOf(line).length === width),
        }
      : {
          says: `每一行恰好有 ${hanPerLine} 个汉字`,
          holds: (answer) =>
            bodiesOf(answer).every((line) => (line.match(/\p{Script=Han}/gu) ?? []).length === hanPerLine),
        },
    {
      says: say(`Every line ends with "${mark}".`, `每一行都以“${mark}”结尾`),
      holds: (answer) => linesOf(answer).every((line) => line.endsWith(mark)),
    },
    {
      says: say(`The first word is "${first}".`, `第一行的文字以“${first}”开头`),
      holds: (answer) => startsWithWord(at(bodiesOf(answer), 0), first, inEnglish),
    },
    {
      says: say(`The last word is "${last}".`, `最后一行的文字以“${last}”收尾（标点除外）`),
      holds: (answer) => endsWithWord(at(bodiesOf(answer), bodiesOf(answer).length - 1), last, inEnglish),
    },
    {
      says: say(
        `The word "${recurring}" occurs exactly ${times === 1 ? 'once' : `${times} times`}.`,
        `“${recurring}”这个词恰好出现 ${times} 次`,
      ),
      holds: (answer) => countOf(answer, recurring) === times,
    },
    {
      says: say(
        `The first letters of the lines' first words spell "${initials}".`,
        `每一行的第一个汉字连起来是“${initials}”`,
      ),
      holds: (answer) =>
        bodiesOf(answer)
          .map((line) => line.slice(0, 1).toLowerCase())
          .join('') === initials,
    },
    {
      says: say(`The word "${absentWord}" does not occur.`, `不能出现“${absentWord}”这个词`),
      holds: (answer) => countOf(answer, absentWord) === 0,
    },
  ];
  if (inEnglish) {
    conditions.push({ says: 'No capital letters are used.', holds: (answer) => !/\p{Lu}/u.test(answer) });
    conditions.push({ says: 'No comma is used.', holds: (answer) => !/[,，]/u.test(answer) });
  } else {
    conditions.push({ says: '全文不用逗号和顿号', holds: (answer) => !/[,，、]/u.test(answer) });
    conditions.push({ says: '不出现任何英文字母', holds: (answer) => !/[a-z]/iu.test(answer) });
  }
  if (absentLetter !== undefined) {
    conditions.push({
      says: say(`The letter "${absentLetter}" is not used at all.`, `全文不出现“${absentLetter}”字`),
      holds: (answer) => !answer.toLowerCase().includes(absentLetter),
    });
  }
  if (made.prefix !== 'none') {
    const isDash = made.prefix === 'dash';
    conditions.push({
      says: isDash
        ? say('Every line begins with "- ".', '每一行都以“- ”开头（减号加空格）')
        : say('The lines are numbered "1. ", "2. " and so on.', '每一行前面依次标上“1. ”“2. ”等序号'),
      holds: (answer) => linesOf(answer).every((line, index) => line.startsWith(startOf(made.prefix, index))),
    });
  }
  return conditions;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The lines without a dash or a number in front. An empty text has one empty body. */
function bodiesOf(text: string): string[] {
  const bodies = linesOf(text).map((line) => line.replace(/^(?:[-*•]|\d+[.)、])\s*/u, ''));
  return bodies.length === 0 ? [''] : bodies;
}

function wordsOf(line: string): string[] {
  return line.toLowerCase().match(/[\p{L}\p{N}'’-]+/gu) ?? [];
}

function startsWithWord(line: string, word: string, inEnglish: boolean): boolean {
  return inEnglish ? wordsOf(line)[0] === word : line.startsWith(word);
}

function endsWithWord(line: string, word: string, inEnglish: boolean): boolean {
  return inEnglish ? wordsOf(line).at(-1) === word : line.replaceAll(/[\p{P}\s]+$/gu, '').endsWith(word);
}

/** Occurrences of a word: whole words in Latin script, substrings in Chinese. */
function countOf(text: string, word: string): number {
  if (/^[a-z]+$/iu.test(word)) return wordsOf(text).filter((candidate) => candidate === word).length;
  return text.split(word).length - 1;
}
