/**
 * Turns a pattern into a nondeterministic automaton that searches for it anywhere in a text. Anchors are
 * jumps that are open at the start or the end of the text only, so `^` and `$` work wherever they stand.
 */
import type { WorkBudget } from './automaton.ts';
import { anyChar, type CharSet } from './char-set.ts';
import type { Pattern } from './pattern.ts';

export interface Nondeterministic {
  readonly edges: readonly (readonly { readonly set: CharSet; readonly to: number }[])[];
  /** The states before the first character, ascending. */
  readonly first: readonly number[];
  readonly acceptsEmptyText: boolean;
  /**
   * The states after a character that leads to `states`, ascending, without those from which nothing can be
   * accepted any more. Where the pattern has been found nothing else matters, so that state stands alone.
   */
  after(states: readonly number[]): readonly number[];
  /** For each state, whether a text that is not empty may end in it. */
  readonly canEnd: readonly boolean[];
}

type Condition = 'always' | 'at-start' | 'at-end';

interface Jump {
  readonly condition: Condition;
  readonly to: number;
}

interface Machine {
  readonly edges: { readonly set: CharSet; readonly to: number }[][];
  readonly jumps: Jump[][];
}

export function createNondeterministic(pattern: Pattern, budget: WorkBudget): Nondeterministic {
  const machine: Machine = { edges: [], jumps: [] };
  const start = addState(machine, budget);
  machine.edges[start]?.push({ set: anyChar, to: start });
  const accept = add(pattern, start, { machine, budget });
  machine.edges[accept]?.push({ set: anyChar, to: accept });

  const { edges, jumps } = machine;
  const isHopeful = findSources(accept, { machine, throughEdges: true });
  const after = (states: readonly number[]): readonly number[] => {
    const reached = follow(states, jumps, ['always']);
    if (reached.has(accept)) return [accept];
    return [...reached].filter((state) => isHopeful[state]).sort((a, b) => a - b);
  };
  return {
    edges,
    first: [...follow([start], jumps, ['always', 'at-start'])].sort((a, b) => a - b),
    acceptsEmptyText: follow([start], jumps, ['always', 'at-start', 'at-end']).has(accept),
    after,
    canEnd: findSources(accept, { machine, throughEdges: false }),
  };
}

interface Target {
  readonly machine: Machine;
  readonly budget: WorkBudget;
}

function addState({ edges, jumps }: Machine, budget: WorkBudget): number {
  budget.spend(1);
  edges.push([]);
  jumps.push([]);
  return edges.length - 1;
}

/** Adds `part` behind state `from` and returns the state in which it has been matched. */
function add(part: Pattern, from: number, target: Target): number {
  const { machine, budget } = target;
  const jump = (source: number, to: number, condition: Condition = 'always'): void => {
    machine.jumps[source]?.push({ condition, to });
  };
  switch (part.kind) {
    case 'start':
    case 'end': {
      const to = addState(machine, budget);
      jump(from, to, part.kind === 'start' ? 'at-start' : 'at-end');
      return to;
    }
    case 'set': {
      const to = addState(machine, budget);
      machine.edges[from]?.push({ set: part.set, to });
      return to;
    }
    case 'sequence':
      return part.parts.reduce((state, next) => add(next, state, target), from);
    case 'choice': {
      const to = addState(machine, budget);
      for (const option of part.options) jump(add(option, from, target), to);
      return to;
    }
    case 'repeat': {
      let state = from;
      for (let i = 0; i < part.min; i++) {
        budget.spend(1);
        state = add(part.part, state, target);
      }
      const to = addState(machine, budget);
      if (part.max === undefined) {
        jump(state, to);
        jump(add(part.part, to, target), to);
        return to;
      }
      for (let i = part.min; i < part.max; i++) {
        budget.spend(1);
        jump(state, to);
        state = add(part.part, state, target);
      }
      jump(state, to);
      return to;
    }
  }
}

function follow(
  states: readonly number[],
  jumps: readonly (readonly Jump[])[],
  open: readonly Condition[],
): ReadonlySet<number> {
  const reached = new Set(states);
  for (const state of reached) {
    for (const { condition, to } of jumps[state] ?? []) if (open.includes(condition)) reached.add(to);
  }
  return reached;
}

interface SourceSearch {
  readonly machine: Machine;
  readonly throughEdges: boolean;
}

/** From which states `target` can be reached when the start of the text lies behind. */
function findSources(target: number, { machine, throughEdges }: SourceSearch): readonly boolean[] {
  const sources: number[][] = machine.edges.map(() => []);
  machine.jumps.forEach((list, from) => {
    for (const { condition, to } of list) if (condition !== 'at-start') sources[to]?.push(from);
  });
  machine.edges.forEach((list, from) => {
    for (const { to } of list) if (throughEdges) sources[to]?.push(from);
  });
  const reached = new Set([target]);
  for (const state of reached) for (const source of sources[state] ?? []) reached.add(source);
  return machine.edges.map((_, state) => reached.has(state));
}
