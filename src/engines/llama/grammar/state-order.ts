/** The order in which an automaton's states can be handled from the end, and which of them can loop. */

type Edges = readonly (readonly { readonly to: number }[])[];

export interface StateOrder {
  /** Each state after all that it leads to. */
  readonly ordered: readonly number[];
  /** The states that can run into a loop; infinitely many texts go on from each. */
  readonly looping: readonly number[];
  /** How many edges lead to each state; the start counts as one more. */
  readonly entries: readonly number[];
}

export function orderStates({ edges }: { readonly edges: Edges }): StateOrder {
  const sources: number[][] = edges.map(() => []);
  const open = edges.map((list, from) => {
    for (const { to } of list) sources[to]?.push(from);
    return list.length;
  });
  const ordered = open.flatMap((count, state) => (count === 0 ? [state] : []));
  for (let i = 0; i < ordered.length; i++) {
    for (const source of sources[ordered[i] ?? 0] ?? []) {
      open[source] = (open[source] ?? 0) - 1;
      if (open[source] === 0) ordered.push(source);
    }
  }
  return {
    ordered,
    looping: open.flatMap((count, state) => (count > 0 ? [state] : [])),
    entries: sources.map((list, state) => list.length + (state === 0 ? 1 : 0)),
  };
}

/** How many states lie in a loop or behind one: those that texts of every length can be in. */
export function countStatesAfterLoops({ edges }: { readonly edges: Edges }): number {
  const reversed: { to: number }[][] = edges.map(() => []);
  edges.forEach((list, from) => {
    for (const { to } of list) reversed[to]?.push({ to: from });
  });
  return orderStates({ edges: reversed }).looping.length;
}
