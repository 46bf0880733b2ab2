/** Traces a short Python program by hand. Values stay small by remainders, so that bookkeeping is the work. */
import { createIntegerTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, range } from '../dice.ts';
import type { Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

const shapes = [
  { loops: 2, lines: 1, variables: 2 },
  { loops: 4, lines: 2, variables: 2 },
  { loops: 6, lines: 3, variables: 3 },
  { loops: 10, lines: 4, variables: 3 },
  { loops: 20, lines: 5, variables: 4 },
  { loops: 40, lines: 6, variables: 4 },
  { loops: 90, lines: 8, variables: 5 },
];

const names = ['a', 'b', 'c', 'd', 'e'];

/** `target = (left * factor + right) % modulus`, perhaps only when a variable is even or odd. */
interface Line {
  readonly target: number;
  readonly left: number;
  readonly factor: number;
  /** Index of a variable, or -1 for the loop counter. */
  readonly right: number;
  readonly modulus: number;
  readonly onlyIf: { readonly variable: number; readonly rest: number } | null;
}

export const programTrace: Family = {
  name: 'program-trace',
  version: 1,
  level: 2,
  title: { en: 'Tracing a program', zh: '程序执行结果' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ loops, lines }) => ({ size: loops * lines, chance01: 0.06 })),
  createTask({ language, rung, random }) {
    const { loops, lines: lineCount, variables } = at(shapes, rung - 1);
    const start = range(variables).map(() => integerBetween(random, 3, 30));
    const lines = range(lineCount).map((index) =>
      createLine(random, { variables, isPlain: index === 0 || rung === 1 }),
    );
    const state = run(start, lines, loops);
    const asked = at(lines, 0).target;
    const code = [
      ...start.map((value, i) => `${at(names, i)} = ${value}`),
      `for i in range(${loops}):`,
      ...lines.flatMap(sayLine),
      `print(${at(names, asked)})`,
    ].join('\n');
    const short = at(run(start, lines, loops - 1), asked);
    return createIntegerTask({
      language,
      question:
        language === 'en'
          ? `What does this Python program print?\n\n\`\`\`python\n${code}\n\`\`\``
          : `下面这段 Python 程序运行后会输出什么？\n\n\`\`\`python\n${code}\n\`\`\``,
      puzzle: { code },
      value: BigInt(at(state, asked)),
      slips: [BigInt(short)],
      guess: (dice) => integerBetween(dice, 0, at(lines, 0).modulus - 1),
    });
  },
};

function createLine(
  random: RandomSource,
  { variables, isPlain }: { variables: number; isPlain: boolean },
): Line {
  const onlyIf =
    isPlain || random.next01() < 0.5
      ? null
      : { variable: integerBetween(random, 0, variables - 1), rest: integerBetween(random, 0, 1) };
  return {
    target: integerBetween(random, 0, variables - 1),
    left: integerBetween(random, 0, variables - 1),
    factor: integerBetween(random, 2, 9),
    right: integerBetween(random, -1, variables - 1),
    modulus: pickOne(random, [43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]),
    onlyIf,
  };
}

function run(start: readonly number[], lines: readonly Line[], loops: number): number[] {
  const state = [...start];
  for (const i of range(loops)) {
    for (const { target, left, factor, right, modulus, onlyIf } of lines) {
      if (onlyIf !== null && at(state, onlyIf.variable) % 2 !== onlyIf.rest) continue;
      state[target] = (at(state, left) * factor + (right === -1 ? i : at(state, right))) % modulus;
    }
  }
  return state;
}

function sayLine({ target, left, factor, right, modulus, onlyIf }: Line): string[] {
  const addend = right === -1 ? 'i' : at(names, right);
  const body = `${at(names, target)} = (${at(names, left)} * ${factor} + ${addend}) % ${modulus}`;
  if (onlyIf === null) return [`    ${body}`];
  return [`    if ${at(names, onlyIf.variable)} % 2 == ${onlyIf.rest}:`, `        ${body}`];
}
