/** A start value and a chain of steps in words; difficulty is the number of steps. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, range } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

const steps: readonly number[] = [2, 4, 7, 12, 24, 48, 96];

type Operation = 'add' | 'subtract' | 'multiply' | 'halve' | 'square-rest';
interface Step {
  readonly operation: Operation;
  readonly operand: number;
}

export const arithmeticChain: Family = {
  name: 'arithmetic-chain',
  version: 1,
  level: 2,
  title: { en: 'Arithmetic chains', zh: '连续运算' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: steps.map((size) => ({ size, chance01: 0.02 })),
  createTask({ language, rung, random }) {
    const start = integerBetween(random, 11, 99);
    let value = start;
    const chain: Step[] = [];
    for (const _ of range(at(steps, rung - 1))) {
      const step = createStep(random, value, rung);
      chain.push(step);
      value = applyStep(value, step);
    }
    const lines = chain.map((step, index) => `${index + 1}. ${sayStep(step, language)}`).join('\n');
    const last = at(chain, chain.length - 1);
    const opposite = { ...last, operation: last.operation === 'add' ? 'subtract' : 'add' } as const;
    const before = chain.slice(0, -1).reduce(applyStep, start);
    return createIntegerTask({
      language,
      question:
        language === 'en'
          ? `Start with ${start} and carry out these steps in order. What number do you end with?\n\n${lines}`
          : `从 ${start} 开始，依次做下面的运算，最后得到的数是多少？\n\n${lines}`,
      puzzle: { start, chain: chain.map(({ operation, operand }) => ({ operation, operand })) },
      value: BigInt(value),
      slips: [BigInt(before), BigInt(applyStep(before, opposite))],
      guess: (random) => value + integerBetween(random, -400, 400),
    });
  },
};

function createStep(random: RandomSource, value: number, rung: number): Step {
  const operations: Operation[] = ['add', 'subtract'];
  const size = Math.abs(value);
  if (size < 2000) operations.push('multiply', 'multiply');
  if (size > 20 && value % 2 === 0) operations.push('halve', 'halve');
  if (rung >= 4 && value > 1000) operations.push('square-rest');
  const operation = pickOne(random, operations);
  if (operation === 'halve') return { operation, operand: 2 };
  if (operation === 'multiply') return { operation, operand: integerBetween(random, 3, 12) };
  if (operation === 'square-rest') return { operation, operand: integerBetween(random, 53, 97) };
  return { operation, operand: integerBetween(random, 7, rung < 3 ? 99 : 999) };
}

function applyStep(value: number, { operation, operand }: Step): number {
  switch (operation) {
    case 'add':
      return value + operand;
    case 'subtract':
      return value - operand;
    case 'multiply':
      return value * operand;
    case 'halve':
      return value / operand;
    case 'square-rest':
      return (value % operand) ** 2;
  }
}

function sayStep({ operation, operand }: Step, language: ExamLanguage): string {
  const en: Record<Operation, string> = {
    add: `Add ${operand}.`,
    subtract: `Subtract ${operand}.`,
    multiply: `Multiply by ${operand}.`,
    halve: 'Divide by 2.',
    'square-rest': `Take the remainder after division by ${operand}, and square it.`,
  };
  const zh: Record<Operation, string> = {
    add: `加上 ${operand}`,
    subtract: `减去 ${operand}`,
    multiply: `乘以 ${operand}`,
    halve: '除以 2',
    'square-rest': `求除以 ${operand} 的余数，再取平方`,
  };
  return language === 'en' ? en[operation] : zh[operation];
}
