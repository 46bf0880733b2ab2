/**
 * Finds the rule behind examples of lists. The rule is a composition of simple steps; an item is kept only
 * when every composition of the same or smaller length that fits all examples gives the same answer.
 */
import { createListTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, range } from '../dice.ts';
import type { Family } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

type Values = readonly number[];
interface Move {
  readonly name: string;
  readonly apply: (list: Values) => Values;
}

const move = (name: string, apply: Move['apply']): Move => ({ name, apply });

/** Names are for the reader of this file; prompts never show them. */
const moves: readonly Move[] = [
  move('reverse', (list) => list.toReversed()),
  move('sort', (list) => list.toSorted((a, b) => a - b)),
  move('drop-first', (list) => list.slice(1)),
  move('drop-last', (list) => list.slice(0, -1)),
  move('double', (list) => list.map((value) => value * 2)),
  move('add-1', (list) => list.map((value) => value + 1)),
  move('add-3', (list) => list.map((value) => value + 3)),
  move('negate', (list) => list.map((value) => 0 - value)),
  move('keep-even', (list) => list.filter((value) => value % 2 === 0)),
  move('keep-odd', (list) => list.filter((value) => value % 2 !== 0)),
  move('running-sum', (list) =>
    list.reduce<number[]>((sums, value) => [...sums, (sums.at(-1) ?? 0) + value], []),
  ),
  move('differences', (list) => list.slice(1).map((value, i) => value - at(list, i))),
  move('rotate', (list) => [...list.slice(1), ...list.slice(0, 1)]),
  move('every-second', (list) => list.filter((_, i) => i % 2 === 0)),
  move('remove-repeats', (list) => [...new Set(list)]),
  move('append-length', (list) => [...list, list.length]),
  move('prepend-largest', (list) => (list.length === 0 ? [] : [Math.max(...list), ...list])),
  move('add-place', (list) => list.map((value, i) => value + i)),
];

const shapes = [
  { depth: 1, examples: 4, length: 5 },
  { depth: 2, examples: 6, length: 5 },
  { depth: 2, examples: 5, length: 7 },
  { depth: 3, examples: 6, length: 7 },
  { depth: 3, examples: 5, length: 10 },
  { depth: 4, examples: 6, length: 10 },
];

export const induction: Family = {
  name: 'induction',
  version: 1,
  level: 2,
  title: { en: 'Finding a rule', zh: '找规律' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ depth, length }) => ({ size: depth * 100 + length, chance01: 0.12 })),
  createTask({ language, rung, random }) {
    const { examples, query, value, rule } = createPuzzle(random, at(shapes, rung - 1));
    const write = (list: Values): string => `[${list.join(', ')}]`;
    const lines = examples.map(({ input, output }) => `${write(input)} -> ${write(output)}`).join('\n');
    return createListTask({
      language,
      question:
        language === 'en'
          ? `The same hidden rule turns each list on the left into the list on the right:\n\n${lines}\n\nWhat does the rule make of ${write(query)}?`
          : `同一条规律把左边的每个列表变成右边的列表：\n\n${lines}\n\n按照这条规律，${write(query)} 会变成什么？`,
      puzzle: {
        examples: examples.map(({ input, output }) => ({ input, output })),
        query,
        depth: rule.length,
      },
      value,
      slips: [query, value.toReversed(), [...value, 0], value.map((entry) => entry + 1)].filter(
        (list) => write(list) !== write(value),
      ),
      guess: (dice) => pickOne(dice, moves).apply(query),
    });
  },
};

interface Puzzle {
  readonly examples: readonly { readonly input: Values; readonly output: Values }[];
  readonly query: Values;
  readonly value: Values;
  readonly rule: readonly Move[];
}

function createPuzzle(
  random: RandomSource,
  { depth, examples: count, length }: { depth: number; examples: number; length: number },
): Puzzle {
  for (;;) {
    const rule = range(depth).map(() => pickOne(random, moves));
    const inputs = range(count + 1).map((i) =>
      range(integerBetween(random, Math.max(3, length - 2), length) - (i % 2)).map(() =>
        integerBetween(random, -9, 20),
      ),
    );
    const pairs = inputs.map((input) => ({ input, output: applyAll(rule, input) }));
    const { input: query, output: value } = at(pairs, count);
    const examples = pairs.slice(0, count);
    const isDull =
      String(value) === String(query) ||
      value.length < 2 ||
      examples.some(({ output }) => output.length === 0);
    if (!isDull && isUnique({ examples, query, value, rule })) return { examples, query, value, rule };
  }
}

function applyAll(rule: readonly Move[], list: Values): Values {
  return rule.reduce((value, { apply }) => apply(value), list);
}

/**
 * Breadth-first over all compositions up to the rule's length, on all lists at once. Compositions with equal
 * results on every list are one state, which keeps the search small.
 */
function isUnique({ examples, query, value, rule }: Puzzle): boolean {
  const goal = examples.map(({ output }) => String(output)).join('|');
  let states = new Map<string, readonly Values[]>();
  const start = [...examples.map(({ input }) => input), query];
  states.set(keyOf(start), start);
  for (const step of range(rule.length)) {
    const next = new Map<string, readonly Values[]>();
    const isLast = step === rule.length - 1;
    for (const lists of states.values()) {
      for (const { apply } of moves) {
        const moved = isLast ? null : lists.map(apply);
        const first = moved?.[0] ?? apply(at(lists, 0));
        const mayFit = String(first) === String(at(examples, 0).output);
        if (mayFit) {
          const all = moved ?? lists.map(apply);
          const isFit = all.slice(0, -1).map(String).join('|') === goal;
          if (isFit && String(at(all, all.length - 1)) !== String(value)) return false;
        }
        if (moved !== null) next.set(keyOf(moved), moved);
      }
    }
    states = next;
  }
  return true;
}

function keyOf(lists: readonly Values[]): string {
  return lists.map(String).join('|');
}
