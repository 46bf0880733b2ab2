/**
 * Turns a pattern into a nondeterministic automaton that searches for it anywhere in a text. Anchors are
 * edges that are open at the start or the end of the text only, so `^` and `$` work wherever they stand.
 */
import type { WorkBudget } from './automaton.ts';
import { anyChar, type CharSet } from './char-set.ts';
import type { Pattern } from './pattern.ts';

export interface Nondeterministic {
  readonly start: number;
  readonly accept: number;
  readonly edges: readonly (readonly { readonly set: CharSet; readonly to: number }[])[];
  /**
   * All states reachable without a character from `states`, ascending, without those that cannot lead to
   * acceptance any more. Where acceptance is reached nothing else matters, so it then stands alone.
   */
  closure(states: readonly number[], place: Place): readonly number[];
}

export interface Place {
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

type Condition = 'always' | 'at-start' | 'at-end';

export function createNondeterministic(pattern: Pattern, budget: WorkBudget): Nondeterministic {
  const edges: { readonly set: CharSet; readonly to: number }[][] = [];
  const jumps: { readonly condition: Condition; readonly to: number }[][] = [];
  const addState = (): number => {
    budget.spend(1);
    edges.push([]);
    jumps.push([]);
    return edges.length - 1;
  };
  const jump = (from: number, to: number, condition: Condition = 'always'): void => {
    jumps[from]?.push({ condition, to });
  };

  /** Adds `part` behind state `from` and returns the state in which it has been matched. */
  const add = (part: Pattern, from: number): number => {
    switch (part.kind) {
      case 'start':
      case 'end': {
        const to = addState();
        jump(from, to, part.kind === 'start' ? 'at-start' : 'at-end');
        return to;
      }
      case 'set': {
        const to = addState();
        edges[from]?.push({ set: part.set, to });
        return to;
      }
      case 'sequence':
        return part.parts.reduce((state, next) => add(next, state), from);
      case 'choice': {
        const to = addState();
        for (const option of part.options) {
          const entry = addState();
          jump(from, entry);
          jump(add(option, entry), to);
        }
        return to;
      }
      case 'repeat':
        return addRepeat(part, from);
    }
  };

  const addRepeat = ({ part, min, max }: Extract<Pattern, { kind: 'repeat' }>, from: number): number => {
    let state = from;
    for (let i = 0; i < min; i++) {
      budget.spend(1);
      state = add(part, state);
    }
    const to = addState();
    if (max === undefined) {
      jump(state, to);
      jump(add(part, to), to);
      return to;
    }
    for (let i = min; i < max; i++) {
      budget.spend(1);
      jump(state, to);
      state = add(part, state);
    }
    jump(state, to);
    return to;
  };

  const start = addState();
  edges[start]?.push({ set: anyChar, to: start });
  const entry = addState();
  jump(start, entry);
  const accept = add(pattern, entry);
  edges[accept]?.push({ set: anyChar, to: accept });

  const isHopeful = findHopeful(edges, jumps, accept);
  const closure = (states: readonly number[], place: Place): readonly number[] => {
    const reached = new Set(states);
    const queue = [...states];
    for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
      for (const { condition, to } of jumps[state] ?? []) {
        if (condition === 'at-start' && !place.isStart) continue;
        if (condition === 'at-end' && !place.isEnd) continue;
        if (reached.has(to)) continue;
        reached.add(to);
        queue.push(to);
      }
    }
    if (reached.has(accept)) return [accept];
    return [...reached].filter((state) => place.isStart || isHopeful[state] === true).sort((a, b) => a - b);
  };
  return { start, accept, edges, closure };
}

/** Which states can reach acceptance when the start of the text lies behind. */
function findHopeful(
  edges: readonly (readonly { readonly to: number }[])[],
  jumps: readonly (readonly { readonly condition: Condition; readonly to: number }[])[],
  accept: number,
): readonly boolean[] {
  const sources: number[][] = edges.map(() => []);
  edges.forEach((list, from) => {
    for (const { to } of list) sources[to]?.push(from);
  });
  jumps.forEach((list, from) => {
    for (const { condition, to } of list) if (condition !== 'at-start') sources[to]?.push(from);
  });
  const isHopeful: boolean[] = edges.map(() => false);
  isHopeful[accept] = true;
  const queue = [accept];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const source of sources[state] ?? []) {
      if (isHopeful[source] === true) continue;
      isHopeful[source] = true;
      queue.push(source);
    }
  }
  return isHopeful;
}
