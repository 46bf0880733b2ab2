/**
 * A text under k verifiable conditions. The witness is made first and the conditions are read off it, so every
 * item can be fulfilled; each condition is checked by counting, never by taste.
 */
import { at, pickSome, shuffled } from '../dice.ts';
import type { ExamLanguage, Family, Task } from '../family.ts';
import { readWholeAnswer } from '../whole-answer.ts';
import { describeConditions, type Condition } from './instruction-conditions.ts';
import { createText } from './instruction-text.ts';

const counts: readonly number[] = [2, 3, 4, 5, 6, 8, 10];

export const instruction: Family = {
  name: 'instruction',
  version: 1,
  level: 1,
  title: { en: 'Following instructions', zh: '遵循指令' },
  languages: ['en', 'zh'],
  answerForm: 'whole',
  rungs: counts.map((size) => ({ size, chance01: size === 2 ? 0.12 : size === 3 ? 0.07 : 0.05 })),
  createTask({ language, rung, random }) {
    const text = createText(random, language, rung);
    const [core, ...rest] = describeConditions(text, language);
    // The first condition fixes the number of lines: without it a text of any kind might pass.
    if (core === undefined) throw new Error('a text without conditions');
    const chosen = [core, ...pickSome(random, rest, Math.min(at(counts, rung - 1) - 1, rest.length))];
    const conditions = shuffled(random, chosen);
    return createInstructionTask({ language, witness: text.text, conditions, rung });
  },
};

interface Asked {
  readonly language: ExamLanguage;
  readonly witness: string;
  readonly conditions: readonly Condition[];
  readonly rung: number;
}

function createInstructionTask({ language, witness, conditions, rung }: Asked): Task {
  const list = conditions.map(({ says }, index) => `${index + 1}. ${says}`).join('\n');
  const lines = witness.split('\n');
  const misses = [lines.slice(1).join('\n'), `${witness}\n${at(lines, 0)}`, `${witness}\n\n1, 2, 3`, 'text'];
  return {
    messages: [
      {
        role: 'user',
        content:
          language === 'en'
            ? `Write a short text. What it says does not matter, but all of these conditions must hold:\n${list}\n\nReply with the text only.`
            : `请写一小段文字，内容不限，但必须同时满足以下全部条件：\n${list}\n\n只输出这段文字。`,
      },
    ],
    puzzle: { conditions: conditions.map(({ says }) => says) },
    witness,
    nearMisses: misses.filter((miss) => conditions.some(({ holds }) => !holds(miss.trim()))),
    guess: (random) => createText(random, language, rung).text,
    grade(answerText) {
      const text = readWholeAnswer(answerText);
      if (text === '') return { correct: false, reading: null, reason: 'no answer could be read' };
      const broken = conditions.filter(({ holds }) => !holds(text)).map(({ says }) => says);
      const reason = broken.length === 0 ? 'right' : `does not hold: ${broken.join(' | ')}`;
      return { correct: broken.length === 0, reading: text.slice(0, 2000), reason };
    },
  };
}
