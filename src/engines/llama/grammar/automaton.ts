/**
 * Deterministic automata over characters. They make a regular language exact and unambiguous before it is
 * printed: patterns, formats, lengths and forbidden names are intersected here, and at each character the
 * grammar then has one way to go on, which keeps llama.cpp's sampling fast.
 */
import { anyChar, hasChar, intersectChars, subtractChars, uniteChars, type CharSet } from './char-set.ts';
import type { TextCondition } from './pattern-parser.ts';
import { createNondeterministic, type Nondeterministic } from './nondeterministic.ts';

export interface Edge {
  readonly set: CharSet;
  readonly to: number;
}

/** State 0 is the start. Edges of one state never overlap, and every state can still reach acceptance. */
export interface Automaton {
  readonly edges: readonly (readonly Edge[])[];
  readonly accepting: readonly boolean[];
}

/** Counts work against the limits of one schema; throws when they are spent. */
export interface WorkBudget {
  spend(units: number): void;
}

/** The texts in which the condition's pattern is found somewhere (or, negated, nowhere). */
export function toAutomaton(condition: TextCondition, budget: WorkBudget): Automaton {
  const found = determinize(createNondeterministic(condition.pattern, budget), budget);
  return condition.negated ? subtractAutomaton(anyText, found, budget) : found;
}

export const anyText: Automaton = { edges: [[{ set: anyChar, to: 0 }]], accepting: [true] };

/** The texts of `min` to `max` characters. */
export function lengthAutomaton(min: number, max: number | undefined, budget: WorkBudget): Automaton {
  const last = max ?? min;
  budget.spend(last + 1);
  const edges: Edge[][] = [];
  for (let length = 0; length <= last; length++) {
    const to = length < last ? length + 1 : max === undefined ? last : undefined;
    edges.push(to === undefined ? [] : [{ set: anyChar, to }]);
  }
  return { edges, accepting: edges.map((_, length) => length >= min) };
}

/** Exactly these texts. */
export function textsAutomaton(texts: readonly string[], budget: WorkBudget): Automaton {
  const branches: Map<number, number>[] = [new Map()];
  const accepting = [false];
  for (const text of texts) {
    let state = 0;
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      let next = branches[state]?.get(code);
      if (next === undefined) {
        next = branches.length;
        branches[state]?.set(code, next);
        branches.push(new Map());
        accepting.push(false);
      }
      state = next;
    }
    accepting[state] = true;
  }
  budget.spend(branches.length);
  return {
    edges: branches.map((branch) => Array.from(branch, ([code, to]) => ({ set: [[code, code]], to }))),
    accepting,
  };
}

/** The canonical whole numbers that `divisor` divides. */
export function multiplesAutomaton(divisor: number, budget: WorkBudget): Automaton {
  const groups = remainderGroups(divisor, budget);
  const firstGroup = 3;
  const step = (remainder: number, lowest: number): Edge[] =>
    mergeEdges(
      Array.from({ length: 10 - lowest }, (_, i) => ({
        set: [[0x30 + lowest + i, 0x30 + lowest + i]],
        to: firstGroup + (groups.of[(remainder * 10 + lowest + i) % divisor] ?? 0),
      })),
    );
  const [zero, minus]: readonly CharSet[] = [[[0x30, 0x30]], [[0x2d, 0x2d]]];
  const edges: (readonly Edge[])[] = [
    [{ set: zero ?? [], to: 1 }, { set: minus ?? [], to: 2 }, ...step(0, 1)],
    [],
    step(0, 1),
    ...groups.first.map((remainder) => step(remainder, 0)),
  ];
  const whole = firstGroup + (groups.of[0] ?? 0);
  return { edges, accepting: edges.map((_, state) => state === 1 || state === whole) };
}

/** Puts remainders together that no further digits tell apart: for 100 there are 3 groups, not 100. */
function remainderGroups(
  divisor: number,
  budget: WorkBudget,
): { of: readonly number[]; first: readonly number[] } {
  let of: readonly number[] = Array.from({ length: divisor }, (_, remainder) => (remainder === 0 ? 0 : 1));
  for (let count = 0; ;) {
    budget.spend(divisor);
    const numbers = new Map<string, number>();
    const before = of;
    of = before.map((group, remainder) => {
      const next = Array.from({ length: 10 }, (_, digit) => before[(remainder * 10 + digit) % divisor]);
      const key = `${group}:${next.join()}`;
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    if (numbers.size === count)
      return { of, first: Array.from(numbers.values(), (group) => of.indexOf(group)) };
    count = numbers.size;
  }
}

export function intersectAutomata(a: Automaton, b: Automaton, budget: WorkBudget): Automaton {
  return combine(a, b, { keepsOnlyCommon: true, budget });
}

/** The texts of `a` that are not texts of `b`. */
export function subtractAutomaton(a: Automaton, b: Automaton, budget: WorkBudget): Automaton {
  return combine(a, b, { keepsOnlyCommon: false, budget });
}

export function isEmptyAutomaton(automaton: Automaton): boolean {
  return automaton.edges[0]?.length === 0 && automaton.accepting[0] === false;
}

/** Whether `text` is one of the automaton's texts, in linear time. */
export function matchesAutomaton(automaton: Automaton, text: string): boolean {
  let state = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const edge = automaton.edges[state]?.find(({ set }) => hasChar(set, code));
    if (edge === undefined) return false;
    state = edge.to;
  }
  return automaton.accepting[state] === true;
}

interface Combination {
  readonly keepsOnlyCommon: boolean;
  readonly budget: WorkBudget;
}

/** A state of the product is a pair; `lost` in the second place means that `b` has already failed. */
const lost = -1;

function combine(a: Automaton, b: Automaton, { keepsOnlyCommon, budget }: Combination): Automaton {
  const pairs: [number, number][] = [[0, 0]];
  const numbers = new Map<string, number>([['0,0', 0]]);
  const numberOf = (left: number, right: number): number => {
    const key = `${left},${right}`;
    let number = numbers.get(key);
    if (number === undefined) {
      number = pairs.length;
      numbers.set(key, number);
      pairs.push([left, right]);
    }
    return number;
  };
  const edges: Edge[][] = [];
  const accepting: boolean[] = [];
  for (let i = 0; i < pairs.length; i++) {
    const [left, right] = pairs[i] ?? [0, lost];
    const rightEdges = right === lost ? [] : (b.edges[right] ?? []);
    const found: Edge[] = [];
    for (const edge of a.edges[left] ?? []) {
      budget.spend(1 + rightEdges.length);
      for (const other of rightEdges) {
        const set = intersectChars(edge.set, other.set);
        if (set.length > 0) found.push({ set, to: numberOf(edge.to, other.to) });
      }
      if (keepsOnlyCommon) continue;
      const rest = subtractChars(edge.set, uniteChars(rightEdges.map((other) => other.set)));
      if (rest.length > 0) found.push({ set: rest, to: numberOf(edge.to, lost) });
    }
    edges.push(mergeEdges(found));
    const isRight = right !== lost && b.accepting[right] === true;
    accepting.push(a.accepting[left] === true && isRight === keepsOnlyCommon);
  }
  return trimAutomaton(edges, accepting);
}

function determinize(machine: Nondeterministic, budget: WorkBudget): Automaton {
  const { classes, moves } = classify(machine, budget);
  const states: (readonly number[])[] = [machine.first];
  const numbers = new Map<string, number>();
  const numbersOfTargets = new Map<string, number>();
  const numberOf = (targets: ReadonlySet<number>): number => {
    const targetKey = [...targets].join();
    const known = numbersOfTargets.get(targetKey);
    if (known !== undefined) return known;
    const members = machine.after([...targets]);
    budget.spend(1 + members.length);
    const key = members.join();
    const number = numbers.get(key) ?? states.length;
    if (number === states.length) states.push(members);
    numbers.set(key, number);
    numbersOfTargets.set(targetKey, number);
    return number;
  };
  const edges: Edge[][] = [];
  const accepting: boolean[] = [];
  for (let i = 0; i < states.length; i++) {
    const members = states[i] ?? [];
    accepting.push(i === 0 ? machine.acceptsEmptyText : members.some((member) => machine.canEnd[member]));
    const targets = new Map<number, Set<number>>();
    for (const member of members) {
      for (const { classNumbers, to } of moves[member] ?? []) {
        budget.spend(classNumbers.length);
        for (const classNumber of classNumbers) {
          const known = targets.get(classNumber);
          if (known === undefined) targets.set(classNumber, new Set([to]));
          else known.add(to);
        }
      }
    }
    edges.push(
      mergeEdges(Array.from(targets, ([number, to]) => ({ set: classes[number] ?? [], to: numberOf(to) }))),
    );
  }
  return trimAutomaton(edges, accepting);
}

interface Classified {
  /** Disjoint sets of characters that no edge of the machine tells apart. */
  readonly classes: readonly CharSet[];
  readonly moves: readonly (readonly { readonly classNumbers: readonly number[]; readonly to: number }[])[];
}

function classify(machine: Nondeterministic, budget: WorkBudget): Classified {
  const keys = new Map<CharSet, string>();
  for (const { set } of machine.edges.flat()) if (!keys.has(set)) keys.set(set, JSON.stringify(set));
  const sets = new Map(Array.from(keys, ([set, key]) => [key, set]));
  let classes: { readonly set: CharSet; readonly of: readonly string[] }[] = [{ set: anyChar, of: [] }];
  for (const [key, set] of sets) {
    budget.spend(classes.length);
    classes = classes.flatMap((known) => {
      const inside = intersectChars(known.set, set);
      if (inside.length === 0) return [known];
      const outside = subtractChars(known.set, set);
      const split = { set: inside, of: [...known.of, key] };
      return outside.length === 0 ? [split] : [split, { set: outside, of: known.of }];
    });
  }
  const numbersOf = new Map<string, number[]>();
  classes.forEach(({ of }, number) => {
    for (const key of of) numbersOf.set(key, [...(numbersOf.get(key) ?? []), number]);
  });
  return {
    classes: classes.map(({ set }) => set),
    moves: machine.edges.map((edges) =>
      edges.map(({ set, to }) => ({ classNumbers: numbersOf.get(keys.get(set) ?? '') ?? [], to })),
    ),
  };
}

/** One edge for each target. */
export function mergeEdges(edges: readonly Edge[]): Edge[] {
  const sets = new Map<number, CharSet[]>();
  for (const { set, to } of edges) {
    const known = sets.get(to);
    if (known === undefined) sets.set(to, [set]);
    else known.push(set);
  }
  return Array.from(sets, ([to, parts]) => ({ set: uniteChars(parts), to }));
}

/** Drops the states from which no text can be finished. */
export function trimAutomaton(edges: readonly (readonly Edge[])[], accepting: readonly boolean[]): Automaton {
  const sources: number[][] = edges.map(() => []);
  edges.forEach((list, from) => {
    for (const { to } of list) sources[to]?.push(from);
  });
  const isAlive = [...accepting];
  const queue = accepting.flatMap((accepts, state) => (accepts ? [state] : []));
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const source of sources[state] ?? []) {
      if (isAlive[source] === true) continue;
      isAlive[source] = true;
      queue.push(source);
    }
  }
  isAlive[0] = true;
  const numbers: number[] = [];
  let count = 0;
  for (const alive of isAlive) numbers.push(alive ? count++ : lost);
  const keep = (_: unknown, state: number): boolean => isAlive[state] === true;
  return {
    edges: edges.filter(keep).map((list) =>
      list.flatMap(({ set, to }) => {
        const number = numbers[to] ?? lost;
        return isAlive[to] === true ? [{ set, to: number }] : [];
      }),
    ),
    accepting: accepting.filter(keep),
  };
}
