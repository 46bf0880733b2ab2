/** Puts together the states of an automaton that go on in the same way, so that grammars stay small. */
import { mergeEdges, type Automaton, type WorkBudget } from './automaton.ts';
import { orderStates } from './state-order.ts';

/** Loops are compared round by round, which is worth it for small ones only. */
const mostLoopingStates = 200;

/** An automaton for the same texts; the smallest one, unless very many states can loop. */
export function toSmallerAutomaton(automaton: Automaton, budget: WorkBudget): Automaton {
  const { ordered, looping } = orderStates(automaton);
  const groups: number[] = automaton.edges.map(() => -1);
  let groupCount = 0;
  const known = new Map<string, number>();
  for (const state of ordered) {
    budget.spend(1);
    const key = keyOf(automaton, state, groups);
    const group = known.get(key) ?? groupCount++;
    known.set(key, group);
    groups[state] = group;
  }
  if (looping.length > mostLoopingStates) {
    for (const state of looping) groups[state] = groupCount++;
  } else {
    groupLoops(automaton, { looping, groups, firstGroup: groupCount, budget });
  }
  return joinGroups(automaton, groups);
}

interface Loops {
  readonly looping: readonly number[];
  readonly groups: number[];
  readonly firstGroup: number;
  readonly budget: WorkBudget;
}

/** Begins with one group for all that accept and one for the others, and splits until nothing differs. */
function groupLoops(automaton: Automaton, { looping, groups, firstGroup, budget }: Loops): void {
  for (const state of looping) groups[state] = firstGroup + (automaton.accepting[state] === true ? 1 : 0);
  for (let count = 0; ;) {
    budget.spend(looping.length);
    const numbers = new Map<string, number>();
    const next = looping.map((state) => {
      const key = `${groups[state]}|${keyOf(automaton, state, groups)}`;
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      return number;
    });
    looping.forEach((state, i) => {
      groups[state] = firstGroup + (next[i] ?? 0);
    });
    if (numbers.size === count) return;
    count = numbers.size;
  }
}

function keyOf(automaton: Automaton, state: number, groups: readonly number[]): string {
  const edges = (automaton.edges[state] ?? []).map(({ set, to }) => ({ set, to: groups[to] ?? -1 }));
  const parts = mergeEdges(edges).map(({ set, to }) => `${to}:${set.join()}`);
  return `${automaton.accepting[state]}|${parts.sort().join('|')}`;
}

function joinGroups(automaton: Automaton, groups: readonly number[]): Automaton {
  // The start keeps the number 0.
  const numbers = new Map<number, number>([[groups[0] ?? 0, 0]]);
  const members = [0];
  groups.forEach((group, state) => {
    if (numbers.has(group)) return;
    numbers.set(group, numbers.size);
    members.push(state);
  });
  return {
    edges: members.map((state) =>
      mergeEdges(
        (automaton.edges[state] ?? []).map(({ set, to }) => ({ set, to: numbers.get(groups[to] ?? 0) ?? 0 })),
      ),
    ),
    accepting: members.map((state) => automaton.accepting[state] === true),
  };
}
