/** Shortest ways: over a list of edges with lengths, and over states that a function makes. */

export type GraphNode = string | number;
export type GraphEdge = readonly [from: GraphNode, to: GraphNode, length?: number];

/** Dijkstra's algorithm. */
export function shortestPath(
  edges: readonly GraphEdge[],
  from: GraphNode,
  to: GraphNode,
  options: { readonly directed?: boolean } = {},
): { length: number; path: GraphNode[] } | null {
  const ways = new Map<GraphNode, [GraphNode, number][]>();
  const addWay = (a: GraphNode, b: GraphNode, length: number): void => {
    if (!(length >= 0)) throw new RangeError('lengths must be 0 or more');
    ways.set(a, [...(ways.get(a) ?? []), [b, length]]);
  };
  for (const [a, b, length = 1] of edges) {
    addWay(a, b, length);
    if (options.directed !== true) addWay(b, a, length);
  }
  const open = new Map<GraphNode, { length: number; path: GraphNode[] }>([
    [from, { length: 0, path: [from] }],
  ]);
  const done = new Set<GraphNode>();
  for (;;) {
    let nearest: { length: number; path: GraphNode[] } | undefined;
    for (const way of open.values()) if (nearest === undefined || way.length < nearest.length) nearest = way;
    const node = nearest?.path.at(-1);
    if (nearest === undefined || node === undefined) return null;
    if (node === to) return nearest;
    open.delete(node);
    done.add(node);
    for (const [next, length] of ways.get(node) ?? []) {
      const known = open.get(next);
      const whole = nearest.length + length;
      if (done.has(next) || (known !== undefined && known.length <= whole)) continue;
      open.set(next, { length: whole, path: [...nearest.path, next] });
    }
  }
}

/** Breadth first, so the first path found has the fewest steps. States are told apart by their JSON. */
export function bfs<State>(
  start: State,
  goal: ((state: State) => unknown) | State,
  neighbors: (state: State) => Iterable<State>,
): State[] | null {
  const isGoal = (state: State): boolean =>
    typeof goal === 'function'
      ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a state is data, so a function is the test
        Boolean((goal as (state: State) => unknown)(state))
      : keyOf(state) === keyOf(goal);
  const parents = new Map<string, State | undefined>([[keyOf(start), undefined]]);
  let layer: State[] = [start];
  while (layer.length > 0) {
    const next: State[] = [];
    for (const state of layer) {
      if (isGoal(state)) {
        const path: State[] = [];
        for (let at: State | undefined = state; at !== undefined; at = parents.get(keyOf(at)))
          path.unshift(at);
        return path;
      }
      for (const other of neighbors(state)) {
        if (parents.has(keyOf(other))) continue;
        parents.set(keyOf(other), state);
        next.push(other);
      }
    }
    layer = next;
  }
  return null;
}

export function keyOf(state: unknown): string {
  return typeof state === 'bigint' ? `${state}n` : (JSON.stringify(state) ?? String(state));
}
