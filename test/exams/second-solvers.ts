// Second solvers for the built-in families: brute force or another method, sharing no code with the generators.
// Each takes the puzzle as data and returns an answer text, or null when the item is too large for it.
import type { Item } from '../../src/exams/family.ts';

// The puzzles are JSON that the families themselves wrote; this file is their second reader.
// oxlint-disable-next-line typescript/no-explicit-any
type Puzzle = any;

export const secondSolvers: Readonly<Record<string, (item: Item) => string | null>> = {
  products: ({ puzzle }: Puzzle) => answer(multiplyBySchool(puzzle.a, puzzle.b)),
  lcm: ({ puzzle }: Puzzle) => answer(lcmByPrimes(puzzle.numbers.map(Number))),
  'count-bits': ({ puzzle }: Puzzle) => answer(BigInt(puzzle.number).toString(2).replaceAll('0', '').length),
  'letter-count': ({ puzzle }: Puzzle) => answer(puzzle.text.split(puzzle.asked).length - 1),
  'spell-backward': ({ puzzle }: Puzzle) =>
    answer([...puzzle.word].reduce((text, letter) => letter + text, '')),
  'simple-equations': ({ puzzle }: Puzzle) => answer(solveLinear(puzzle.lines)),
  'arithmetic-chain': ({ puzzle }: Puzzle) => answer(runChain(puzzle)),
  'graph-path': (item: Puzzle) => shortestWay(item.puzzle),
  'knights-knaves': (item: Puzzle) => findRoles(item.puzzle),
  zebra: (item: Puzzle) => solveZebra(item.puzzle),
  calendar: (item: Puzzle) => answer(walkCalendar(item.puzzle)),
  'program-trace': ({ puzzle }: Puzzle) => answer(runPython(puzzle.code)),
  'constraint-puzzle': (item: Puzzle) => solveConstraints(item.puzzle),
  induction: (item: Puzzle) => induce(item.puzzle),
  'refusal-pair': (item: Puzzle) => judgeParcel(item.puzzle),
  memory: (item: Puzzle) => recall(item.puzzle),
  format: (item: Puzzle) => writeOtherwise(item.puzzle),
};

function answer(value: unknown): string {
  return `Answer: ${String(value)}`;
}

/** Long multiplication on digit strings. */
function multiplyBySchool(a: string, b: string): string {
  const digits = Array.from({ length: a.length + b.length }, () => 0);
  a.split('')
    .toReversed()
    .forEach((x, i) => {
      b.split('')
        .toReversed()
        .forEach((y, j) => {
          digits[i + j] = (digits[i + j] ?? 0) + Number(x) * Number(y);
        });
    });
  for (let i = 0; i + 1 < digits.length; i++) {
    digits[i + 1] = (digits[i + 1] ?? 0) + Math.floor((digits[i] ?? 0) / 10);
    digits[i] = (digits[i] ?? 0) % 10;
  }
  return digits.toReversed().join('').replace(/^0+/u, '');
}

function lcmByPrimes(numbers: number[]): bigint {
  const powers = new Map<number, number>();
  for (const number of numbers) {
    let rest = number;
    for (let p = 2; rest > 1; p++) {
      let power = 0;
      for (; rest % p === 0; rest /= p) power++;
      powers.set(p, Math.max(powers.get(p) ?? 0, power));
    }
  }
  return [...powers].reduce((product, [p, power]) => product * BigInt(p) ** BigInt(power), 1n);
}

/** Parses the printed equations and eliminates with exact fractions. */
function solveLinear(lines: string): bigint {
  const unknowns = ['x', 'y', 'z', 'u', 'v'];
  const rows = lines.split('\n').map((line) => {
    const row = unknowns.map(() => 0n);
    let constant = 0n;
    line.split('=').forEach((side, index) => {
      for (const [, sign, digits, name] of side.replaceAll(' ', '').matchAll(/([+-]?)(\d*)([xyzuv]?)/gu)) {
        if (digits === '' && name === '') continue;
        const value =
          BigInt(digits === '' ? 1 : (digits ?? 1)) * (sign === '-' ? -1n : 1n) * (index === 0 ? 1n : -1n);
        if (name === '' || name === undefined) constant -= value;
        else row[unknowns.indexOf(name)] = (row[unknowns.indexOf(name)] ?? 0n) + value;
      }
    });
    return [...row.slice(0, lines.split('\n').length), constant];
  });
  const n = rows.length;
  for (let column = n - 1; column >= 1; column--) {
    const pivot = rows.findIndex((row, i) => i <= column && row[column] !== 0n);
    [rows[pivot], rows[column]] = [rows[column] ?? [], rows[pivot] ?? []];
    const pivotRow = rows[column] ?? [];
    for (let i = 0; i < column; i++) {
      const factor = rows[i]?.[column] ?? 0n;
      rows[i] = (rows[i] ?? []).map(
        (value, k) => value * (pivotRow[column] ?? 1n) - (pivotRow[k] ?? 0n) * factor,
      );
    }
  }
  const [first = [1n]] = rows;
  return (first[n] ?? 0n) / (first[0] ?? 1n);
}

function runChain({ start, chain }: Puzzle): bigint {
  return chain.reduce((value: bigint, { operation, operand }: Puzzle) => {
    const by = BigInt(operand);
    if (operation === 'add') return value + by;
    if (operation === 'subtract') return value - by;
    if (operation === 'multiply') return value * by;
    if (operation === 'halve') return value / 2n;
    return (value % by) * (value % by);
  }, BigInt(start));
}

/** Bellman and Ford with whole ways; small graphs also by trying all ways. */
function shortestWay({ nodes, roads, best, names }: Puzzle): string {
  let table = new Map<number, { km: number; way: number[] }>([[0, { km: 0, way: [0] }]]);
  for (let round = 0; round < nodes; round++) {
    const next = new Map(table);
    for (const { a, b, km } of roads) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ]) {
        const here = table.get(from);
        if (here !== undefined && here.km + km < (next.get(to)?.km ?? Infinity))
          next.set(to, { km: here.km + km, way: [...here.way, to] });
      }
    }
    table = next;
  }
  const goal = table.get(nodes - 1);
  if (goal?.km !== best) return `no way of ${best} km, but of ${goal?.km}`;
  return answer(goal?.way.map((node) => names[node]).join(', '));
}

/** Depth-first over people, checking each statement as a text of conditions once all are placed. */
function findRoles({ count, names, statements }: Puzzle): string {
  const found: boolean[][] = [];
  const visit = (roles: boolean[]): void => {
    if (roles.length < count) {
      visit([...roles, false]);
      visit([...roles, true]);
      return;
    }
    const says = ({ kind, ...claim }: Puzzle): boolean => {
      if (kind === 'role') return roles[claim.who] === claim.isKnight;
      if (kind === 'same') return (roles[claim.who] === roles[claim.other]) === claim.isSame;
      if (kind === 'count') return roles.filter(Boolean).length === claim.knights;
      if (kind === 'either') return roles[claim.who] === true || roles[claim.other] === true;
      return roles[claim.who] !== true || roles[claim.other] === true;
    };
    if (statements.every(({ speaker, claim }: Puzzle) => says(claim) === roles[speaker])) found.push(roles);
  };
  visit([]);
  if (found.length !== 1) return `${found.length} solutions`;
  return answer(
    names
      .map((name: string, i: number) => `${name} is a ${found[0]?.[i] === true ? 'knight' : 'knave'}`)
      .join('; '),
  );
}

/** All permutations of each attribute, row by row, with early rejection; up to 4 houses. */
function solveZebra({ houses, attributes, clues, people }: Puzzle): string | null {
  if (houses > 4) return null;
  const orders = permutations([...Array(houses).keys()]);
  const found: number[][] = [];
  const visit = (positions: number[]): void => {
    for (const clue of clues) {
      const a = positions[clue.a];
      const b = clue.kind === 'at' ? clue.house : positions[clue.b];
      if (a === undefined || b === undefined) continue;
      const holds: Record<string, boolean> = {
        at: a === b,
        same: a === b,
        apart: a !== b,
        next: (a - b) ** 2 === 1,
        'right-after': b === a + 1,
        'left-of': a < b,
      };
      if (holds[clue.kind] !== true) return;
    }
    if (positions.length === houses * attributes) found.push(positions);
    else for (const order of orders) visit([...positions, ...order]);
  };
  visit([]);
  if (found.length !== 1) return `${found.length} solutions`;
  return answer(
    [...Array(houses).keys()]
      .map((house) => people[found[0]?.slice(0, houses).indexOf(house) ?? 0])
      .join(', '),
  );
}

function permutations(list: readonly number[]): number[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((first) =>
    permutations(list.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}

/** Day by day with the platform's own calendar. */
function walkCalendar({ start, chain }: Puzzle): string {
  const date = new Date(`${start}T00:00:00Z`);
  const go = (days: number): void => void date.setUTCDate(date.getUTCDate() + days);
  for (const step of chain) {
    if (step.kind === 'days') for (let i = 0; i < Math.abs(step.count); i++) go(Math.sign(step.count));
    if (step.kind === 'weekday')
      do go(1);
      while (date.getUTCDay() !== step.weekday);
    if (step.kind === 'month-end') date.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
    if (step.kind === 'first-of-next-month')
      date.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    if (step.kind === 'workdays') {
      for (let left = step.count; left > 0;) {
        go(1);
        if (date.getUTCDay() !== 0 && date.getUTCDay() !== 6) left--;
      }
    }
  }
  return date.toISOString().slice(0, 10);
}

/** Translates the printed Python line by line into JavaScript and runs that. */
function runPython(code: string): unknown {
  const lines: string[] = [];
  let depth = 0;
  for (const line of code.split('\n')) {
    const indent = (/^ */u.exec(line)?.[0].length ?? 0) / 4;
    for (; depth > indent; depth--) lines.push('}');
    const text = line.trim();
    const loop = /^for i in range\((\d+)\):$/u.exec(text);
    const condition = /^if (.+):$/u.exec(text);
    const print = /^print\((.+)\)$/u.exec(text);
    if (loop !== null) lines.push(`for (let i = 0; i < ${loop[1]}; i++) {`);
    else if (condition !== null) lines.push(`if (${condition[1]}) {`);
    else if (print !== null) lines.push(`return ${print[1]};`);
    else lines.push(depth === 0 ? `var ${text};` : `${text};`);
    if (loop !== null || condition !== null) depth = indent + 1;
  }
  // The text is our own generator's; running it is the point of this solver.
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function(lines.join('\n'))();
}

/** Counts solutions over all permutations, up to six letters, and answers with the last one found. */
function solveConstraints({ count, conditions }: Puzzle): string | null {
  if (count > 6) return null;
  const solutions = permutations([...Array(count).keys()].map((i) => i + 1)).filter((values) =>
    conditions.every(({ kind, a, b, c, gap, total }: Puzzle) => {
      const [x = 0, y = 0, z = 0] = [values[a], values[b], values[c]];
      if (kind === 'less') return x < y;
      if (kind === 'gap') return x - y === gap || y - x === gap;
      if (kind === 'sum') return x + y === z;
      if (kind === 'total') return x + y === total;
      return x < y && y < z;
    }),
  );
  const last = solutions.at(-1);
  if (last === undefined) return 'no solution';
  return answer(last.map((value, i) => `${'ABCDEF'[i]} = ${value}`).join('; '));
}

const steps: ((list: number[]) => number[])[] = [
  (list) => [...list].reverse(),
  (list) => [...list].sort((a, b) => a - b),
  (list) => list.filter((_, i) => i > 0),
  (list) => list.filter((_, i) => i < list.length - 1),
  (list) => list.map((v) => v + v),
  (list) => list.map((v) => v + 1),
  (list) => list.map((v) => v + 3),
  (list) => list.map((v) => 0 - v),
  (list) => list.filter((v) => Math.abs(v) % 2 === 0),
  (list) => list.filter((v) => Math.abs(v) % 2 === 1),
  (list) => list.map((_, i) => list.slice(0, i + 1).reduce((a, b) => a + b, 0)),
  (list) => list.flatMap((v, i) => (i === 0 ? [] : [v - (list[i - 1] ?? 0)])),
  (list) => (list.length === 0 ? [] : [...list.slice(1), list[0] ?? 0]),
  (list) => list.filter((_, i) => i % 2 === 0),
  (list) => list.filter((v, i) => list.indexOf(v) === i),
  (list) => list.concat(list.length),
  (list) => (list.length === 0 ? [] : [list.reduce((a, b) => (a > b ? a : b)), ...list]),
  (list) => list.map((v, i) => v + i),
];

/** Tries every composition by plain recursion, up to depth 2; all that fit must agree. */
function induce({ examples, query, depth }: Puzzle): string | null {
  if (depth > 2) return null;
  const answers = new Set<string>();
  const visit = (chosen: ((list: number[]) => number[])[]): void => {
    const run = (list: number[]): number[] => chosen.reduce((value, step) => step(value), list);
    if (
      chosen.length > 0 &&
      examples.every(({ input, output }: Puzzle) => String(run(input)) === String(output))
    )
      answers.add(String(run(query)));
    if (chosen.length < depth) for (const step of steps) visit([...chosen, step]);
  };
  visit([]);
  return answers.size === 1 ? answer(`[${[...answers][0]}]`) : `${answers.size} answers fit`;
}

function judgeParcel({ rules, parcel, price, word }: Puzzle): string {
  for (const { good, town, aboveKg, membersExempt } of rules) {
    if (good !== parcel.good) continue;
    if (town !== null && town !== parcel.town) continue;
    if (aboveKg !== null && parcel.kg <= aboveKg) continue;
    if (membersExempt === true && parcel.isMember === true) continue;
    return answer(word);
  }
  return answer(price * parcel.kg);
}

/** The same data in another spelling of the same form: keys reversed, all fields quoted, no padding. */
function writeOtherwise({ form, columns, rows }: Puzzle): string {
  const keys: string[] = columns.map(({ key }: Puzzle) => key);
  const cell = (value: unknown): string => (value === null ? '' : [value].flat().map(String).join(';'));
  if (form === 'json') {
    return JSON.stringify(
      rows.map((row: unknown[]) => Object.fromEntries(keys.map((key, i) => [key, row[i]]).toReversed())),
    );
  }
  if (form === 'csv') {
    return [keys, ...rows]
      .map((row: unknown[]) => row.map((value) => `"${cell(value).replaceAll('"', '""')}"`).join(','))
      .join('\r\n');
  }
  return [keys, keys.map(() => ':--'), ...rows]
    .map((row: unknown[]) => `|${row.map(cell).join('|')}|`)
    .join('\n');
}

/** Replays the ledger with a plain object of histories. */
function recall({ events, question }: Puzzle): string {
  const histories: Record<string, (number | undefined)[]> = {};
  for (const event of events) {
    if (event.kind !== 'small-talk') (histories[`${event.who}-${event.thing}`] ??= []).push(event.value);
  }
  const history = histories[`${question.who}-${question.thing}`] ?? [];
  return answer(history.at(question.asked === 'before' ? -2 : -1) ?? 'unknown');
}
