/**
 * Gives each letter a different number from 1 to n so that all conditions hold. Several solutions may be
 * right: the grader checks the conditions themselves.
 */
import { createLineTask } from '../answer-line.ts';
import { at, pickOne, pickSome, range, shuffled } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

const sizes: readonly number[] = [4, 5, 6, 8, 11, 15, 20];
const letters = Array.from('ABCDEFGHIJKLMNOPQRST');

type Condition =
  | { readonly kind: 'less'; readonly a: number; readonly b: number }
  | { readonly kind: 'gap'; readonly a: number; readonly b: number; readonly gap: number }
  | { readonly kind: 'sum'; readonly a: number; readonly b: number; readonly c: number }
  | { readonly kind: 'total'; readonly a: number; readonly b: number; readonly total: number }
  | { readonly kind: 'between'; readonly a: number; readonly b: number; readonly c: number };

export const constraintPuzzle: Family = {
  name: 'constraint-puzzle',
  version: 1,
  level: 2,
  title: { en: 'Constraint puzzles', zh: '条件推理' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: sizes.map((size) => ({ size, chance01: size === 4 ? 0.14 : 0.06 })),
  createTask({ language, rung, random }) {
    const count = at(sizes, rung - 1);
    const solution = shuffled(
      random,
      range(count).map((i) => i + 1),
    );
    const conditions = createConditions(random, solution);
    const write = (values: readonly number[]): string =>
      values.map((value, i) => `${at(letters, i)}=${value}`).join(', ');
    const [i = 0, j = 1] = pickSome(random, range(count), 2);
    const swapped = solution.map((value, k) =>
      k === i ? at(solution, j) : k === j ? at(solution, i) : value,
    );
    const repeated = solution.map((value, k) => (k === i ? at(solution, j) : value));
    const slips = [swapped, repeated, solution.slice(1)].filter(
      (values) => findFault(values, count, conditions) !== null,
    );
    const used = letters.slice(0, count);
    const lines = conditions.map((condition) => `- ${sayCondition(condition, language)}`).join('\n');
    return createLineTask({
      language,
      question:
        language === 'en'
          ? `Give each of the letters ${used.join(', ')} a different whole number from 1 to ${count} so that all of this holds:\n\n${lines}`
          : `给字母 ${used.join('、')} 各分配一个 1 到 ${count} 之间的整数，互不相同，并且满足以下全部条件：\n\n${lines}`,
      puzzle: { count, conditions: conditions.map((condition) => ({ ...condition })) },
      form: language === 'en' ? 'A=<number>, B=<number>, ...' : 'A=<整数>, B=<整数>, ……',
      value: write(solution),
      slips: slips.map(write),
      guess: (dice) => write(shuffled(dice, solution)),
      read: (area) => {
        const values = readAssignment(area, count);
        return values === null ? null : write(values);
      },
      check: (reading) => findFault(readAssignment(reading, count) ?? [], count, conditions),
    });
  },
};

/** As many true conditions as letters and half as many again, so that little freedom is left. */
function createConditions(random: RandomSource, solution: readonly number[]): Condition[] {
  const value = (index: number): number => at(solution, index);
  const conditions = new Map<string, Condition>();
  while (conditions.size < Math.ceil(solution.length * 1.5)) {
    const [a = 0, b = 1, c = 2] = pickSome(random, range(solution.length), 3);
    const kind = pickOne(random, ['less', 'gap', 'sum', 'total', 'between'] as const);
    const condition = ((): Condition => {
      switch (kind) {
        case 'less':
          return { kind, a, b };
        case 'gap':
          return { kind, a, b, gap: Math.abs(value(a) - value(b)) };
        case 'sum':
          return { kind, a, b, c };
        case 'total':
          return { kind, a, b, total: value(a) + value(b) };
        case 'between':
          return { kind, a, b, c };
      }
    })();
    if (holds(condition, solution)) conditions.set(JSON.stringify(condition), condition);
  }
  return [...conditions.values()];
}

function holds(condition: Condition, values: readonly number[]): boolean {
  const value = (index: number): number => at(values, index);
  switch (condition.kind) {
    case 'less':
      return value(condition.a) < value(condition.b);
    case 'gap':
      return Math.abs(value(condition.a) - value(condition.b)) === condition.gap;
    case 'sum':
      return value(condition.a) + value(condition.b) === value(condition.c);
    case 'total':
      return value(condition.a) + value(condition.b) === condition.total;
    case 'between':
      return value(condition.a) < value(condition.b) && value(condition.b) < value(condition.c);
  }
}

function findFault(
  values: readonly number[],
  count: number,
  conditions: readonly Condition[],
): string | null {
  if (values.length !== count) return 'not one number for each letter';
  if (new Set(values).size !== count || values.some((value) => value < 1 || value > count)) {
    return 'numbers repeat or are out of range';
  }
  const broken = conditions.findIndex((condition) => !holds(condition, values));
  return broken === -1 ? null : `condition ${broken + 1} does not hold`;
}

/** `A=3, B: 1, C is 2 ...`: every letter once, in any order. */
function readAssignment(area: string, count: number): number[] | null {
  const values: number[] = [];
  const used = letters.slice(0, count).join('');
  const pairs = [
    ...area.matchAll(
      new RegExp(`(?<![A-Za-z])([${used}])\\s*(?:=|:|->|is|是|为)\\s*(\\d{1,3})(?!\\d)`, 'gu'),
    ),
  ];
  for (const [, letter = '', digits = ''] of pairs) {
    const index = letters.indexOf(letter);
    if (values[index] !== undefined && values[index] !== Number(digits)) return null;
    values[index] = Number(digits);
  }
  return range(count).every((index) => values[index] !== undefined) && values.length === count
    ? values
    : null;
}

function sayCondition(condition: Condition, language: ExamLanguage): string {
  const name = (index: number): string => at(letters, index);
  switch (condition.kind) {
    case 'less':
      return language === 'en'
        ? `${name(condition.a)} is less than ${name(condition.b)}.`
        : `${name(condition.a)} 小于 ${name(condition.b)}`;
    case 'gap':
      return language === 'en'
        ? `${name(condition.a)} and ${name(condition.b)} differ by exactly ${condition.gap}.`
        : `${name(condition.a)} 与 ${name(condition.b)} 恰好相差 ${condition.gap}`;
    case 'sum':
      return `${name(condition.a)} + ${name(condition.b)} = ${name(condition.c)}`;
    case 'total':
      return `${name(condition.a)} + ${name(condition.b)} = ${condition.total}`;
    case 'between':
      return language === 'en'
        ? `${name(condition.b)} lies between ${name(condition.a)} and ${name(condition.c)}, and ${name(condition.a)} is the least of the three.`
        : `${name(condition.a)}、${name(condition.b)}、${name(condition.c)} 三个数依次增大`;
  }
}
