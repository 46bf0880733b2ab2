/** Linear equations in one to five unknowns with whole solutions; asks for one unknown. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, range } from '../dice.ts';
import type { Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

const unknowns = ['x', 'y', 'z', 'u', 'v'] as const;

/** Rungs 1 to 3 have one unknown and ever longer sides; later ones are systems. */
const shapes = [
  { count: 1, terms: 1, limit: 9 },
  { count: 1, terms: 2, limit: 12 },
  { count: 1, terms: 4, limit: 20 },
  { count: 2, terms: 2, limit: 20 },
  { count: 3, terms: 3, limit: 30 },
  { count: 4, terms: 4, limit: 60 },
  { count: 5, terms: 5, limit: 200 },
];

/** `coefficients · unknowns = constant` */
interface Equation {
  readonly coefficients: readonly number[];
  readonly constant: number;
  readonly text: string;
}

export const simpleEquations: Family = {
  name: 'simple-equations',
  version: 1,
  level: 2,
  title: { en: 'Equations', zh: '解方程' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ count, terms, limit }, index) => ({
    size: index + count * terms * Math.log2(limit),
    chance01: index < 2 ? 0.1 : 0.06,
  })),
  createTask({ language, rung, random }) {
    const shape = at(shapes, rung - 1);
    const solution = range(shape.count).map(() => nonZero(random, shape.limit + 6));
    let equations: Equation[];
    do {
      equations = range(shape.count).map(() =>
        shape.count === 1
          ? longEquation(random, at(solution, 0), shape)
          : systemRow(random, solution, shape.limit),
      );
    } while (determinant(equations.map((equation) => equation.coefficients)) === 0);
    const lines = equations.map((equation) => equation.text).join('\n');
    const single = shape.count === 1;
    const question =
      language === 'en'
        ? `Solve ${single ? 'this equation for x' : 'these equations; all of them hold. What is x'}${single ? ':' : '?'}\n\n${lines}`
        : `${single ? '解下面的方程，求 x 的值' : '下面的方程同时成立，求 x 的值'}：\n\n${lines}`;
    const x = BigInt(at(solution, 0));
    return createIntegerTask({
      language,
      question,
      puzzle: {
        coefficients: equations.map((equation) => equation.coefficients),
        constants: equations.map((equation) => equation.constant),
        lines,
      },
      value: x,
      slips: [-x, ...solution.slice(1).map(BigInt)],
      guess: (random) => nonZero(random, shape.limit + 6),
    });
  },
};

function nonZero(random: RandomSource, limit: number): number {
  const value = integerBetween(random, 1, limit);
  return random.next01() < 0.3 ? -value : value;
}

/** One unknown, `terms` terms spread over both sides, in random order. */
function longEquation(
  random: RandomSource,
  x: number,
  { terms, limit }: { terms: number; limit: number },
): Equation {
  let coefficient = 0;
  let constant = 0;
  let left = '';
  let right = '';
  for (let i = 0; i < terms; i++) {
    const factor = nonZero(random, limit);
    const addend = nonZero(random, limit * 3);
    const toLeft = i % 2 === 0;
    if (toLeft) left += term(factor, 'x', left === '') + term(addend, '', false);
    else right += term(factor, 'x', right === '') + term(addend, '', false);
    coefficient += toLeft ? factor : -factor;
    constant -= toLeft ? addend : -addend;
  }
  const rest = coefficient * x - constant;
  right += right === '' ? String(rest) : rest === 0 ? '' : term(rest, '', false);
  return { coefficients: [coefficient], constant: constant + rest, text: `${left} = ${right}` };
}

function systemRow(random: RandomSource, solution: readonly number[], limit: number): Equation {
  const coefficients = solution.map(() => nonZero(random, limit));
  const constant = coefficients.reduce((sum, factor, i) => sum + factor * at(solution, i), 0);
  const text = coefficients.map((factor, i) => term(factor, at(unknowns, i), i === 0)).join('');
  return { coefficients, constant, text: `${text} = ${constant}` };
}

/** A signed term as people write it: `3x`, ` - x`, ` + 7`. */
function term(factor: number, unknown: string, isFirst: boolean): string {
  const size = Math.abs(factor);
  const body = unknown !== '' && size === 1 ? unknown : `${size}${unknown}`;
  if (isFirst) return factor < 0 ? `-${body}` : body;
  return factor < 0 ? ` - ${body}` : ` + ${body}`;
}

/** By Laplace expansion; systems here have at most five rows. */
function determinant(rows: readonly (readonly number[])[]): number {
  if (rows.length === 1) return at(at(rows, 0), 0);
  return at(rows, 0).reduce(
    (sum, factor, column) =>
      sum +
      (column % 2 === 0 ? factor : -factor) *
        determinant(rows.slice(1).map((row) => row.filter((_, i) => i !== column))),
    0,
  );
}
