/**
 * Agents that do not solve anything. The best of them sets the chance level of a family: an exam whose
 * chance level is unknown cannot say what a success rate means.
 */
import type { RandomSource } from '../kernel/random.ts';
import { toAnswerLine } from './answer-line.ts';
import type { ExamLanguage, Item } from './family.ts';

export interface NullAgent {
  readonly name: string;
  answer(item: Item, random: RandomSource): string;
}

const refusals: Readonly<Record<ExamLanguage, string>> = {
  en: "I'm sorry, but I can't help with that.",
  zh: '抱歉，我无法提供帮助。',
};

const constant = (value: number): NullAgent => ({
  name: `always-${value}`,
  answer: (item) => toAnswerLine(item.language, value),
});

const fromNumbers = (name: string, pick: (numbers: readonly number[]) => number | undefined): NullAgent => ({
  name,
  answer(item) {
    const numbers = [...promptOf(item).matchAll(/\d{1,12}/gu)].map(([digits]) => Number(digits));
    return toAnswerLine(item.language, pick(numbers) ?? 0);
  },
});

/** Every null agent; each answers any item of any family. */
export const nullAgents: readonly NullAgent[] = [
  { name: 'empty', answer: () => '' },
  { name: 'always-refuse', answer: (item) => refusals[item.language] },
  { name: 'random-valid', answer: (item, random) => item.guess(random) },
  { name: 'echo', answer: promptOf },
  constant(0),
  constant(1),
  constant(2),
  constant(3),
  constant(4),
  {
    name: 'last-capital-word',
    answer(item) {
      const text = item.messages.map(({ content }) => content).join('\n');
      return toAnswerLine(item.language, text.match(/\b[A-Z]{4,}\b/gu)?.at(-1) ?? 'NONE');
    },
  },
  fromNumbers('first-number', (numbers) => numbers[0]),
  fromNumbers('last-number', (numbers) => numbers.at(-1)),
  fromNumbers('largest-number', (numbers) => (numbers.length === 0 ? undefined : Math.max(...numbers))),
];

function promptOf(item: Item): string {
  return item.messages.at(-1)?.content ?? '';
}
