/** Bounded search that small models cannot write themselves: arithmetic puzzles and constraint problems. */
/* oxlint-disable typescript/no-unsafe-type-assertion -- domains and conditions have whatever types a program gives them */

export interface Term {
  readonly numerator: number;
  readonly denominator: number;
  readonly text: string;
}

/**
 * Joins numbers by + - * / to reach a target: depth-first over pairs, exact fractions in between, and no
 * multiset of values twice.
 */
export function searchExpression(
  numbers: readonly number[],
  target: number,
  options: { readonly useAll?: boolean } = {},
): string | null {
  if (numbers.length > 7) throw new RangeError('searchExpression takes at most 7 numbers');
  const useAll = options.useAll ?? true;
  const seen = new Set<string>();
  const visit = (terms: readonly Term[]): string | null => {
    const hit = terms.find((term) => term.numerator === target * term.denominator);
    if (hit !== undefined && (terms.length === 1 || !useAll)) return hit.text;
    if (terms.length === 1) return null;
    const key = terms
      .map((term) => `${term.numerator}/${term.denominator}`)
      .sort()
      .join(' ');
    if (seen.has(key)) return null;
    seen.add(key);
    for (const [i, a] of terms.entries()) {
      for (const [j, b] of terms.entries()) {
        if (i === j) continue;
        const rest = terms.filter((_, index) => index !== i && index !== j);
        for (const joined of joinTerms(a, b, i < j)) {
          const found = visit([...rest, joined]);
          if (found !== null) return found;
        }
      }
    }
    return null;
  };
  const found = visit(numbers.map((value) => ({ numerator: value, denominator: 1, text: String(value) })));
  return found === null ? null : found.replace(/^\((.*)\)$/s, '$1');
}

/** What two numbers can become; sums and products once for each pair, differences and quotients both ways. */
export function joinTerms(a: Term, b: Term, isFirstOrder: boolean): Term[] {
  const below = a.denominator * b.denominator;
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  const make = (numerator: number, denominator: number, sign: string): Term[] => {
    let [x, y] = [Math.abs(numerator), Math.abs(denominator)];
    while (y !== 0) [x, y] = [y, x % y];
    const common = denominator < 0 ? -x : x;
    const term = {
      numerator: numerator / common,
      denominator: denominator / common,
      text: `(${a.text} ${sign} ${b.text})`,
    };
    return Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator) ? [term] : [];
  };
  return [
    ...(isFirstOrder
      ? [...make(left + right, below, '+'), ...make(a.numerator * b.numerator, below, '*')]
      : []),
    ...make(left - right, below, '-'),
    ...(b.numerator === 0 ? [] : make(left, right, '/')),
  ];
}

type Domains<Value> = { readonly [name: string]: readonly Value[] } | readonly (readonly Value[])[];
type Assignment<Value> = { [name: string]: Value } | Value[];
// oxlint-disable-next-line typescript/no-explicit-any -- programs pass functions of whatever shape their domains have
type Predicate = (assignment: any) => unknown;

export function solveConstraints<Value>(
  domains: Domains<Value>,
  predicates: readonly Predicate[] | Predicate,
): Assignment<Value> | null {
  return allSolutions(domains, predicates, 1)[0] ?? null;
}

/**
 * Backtracking. A condition is asked as soon as all variables that it looks at have a value: it gets a view
 * of the assignment that breaks off where it reads one that has none yet. What the first open
 * condition waits for is assigned next; where none waits for one variable, the one with the fewest values.
 */
export function allSolutions<Value>(
  domains: Domains<Value>,
  predicates: readonly Predicate[] | Predicate,
  limit = 1000,
): Assignment<Value>[] {
  const given = new Map(Object.entries<readonly Value[]>(Object.assign({}, domains)));
  const names = [...given.keys()].sort((a, b) => (given.get(a)?.length ?? 0) - (given.get(b)?.length ?? 0));
  let waitingFor: string | undefined;
  const isList = Array.isArray(domains);
  const values = new Map<string, Value>();
  const tooEarly = new Error('this variable has no value yet');
  const needAll = (): void => {
    if (values.size < names.length) throw tooEarly;
  };
  const collect = (): Assignment<Value> => {
    if (isList) return Array.from(given.keys(), (name) => values.get(name) as Value);
    return Object.fromEntries(Array.from(given.keys(), (name) => [name, values.get(name) as Value]));
  };
  const view = new Proxy(isList ? [] : {}, {
    get(target, name, receiver) {
      if (isList && name === 'length') return names.length;
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, receiver) as unknown;
      if (!given.has(name)) throw new Error(`no variable is called "${name}"`);
      if (!values.has(name)) {
        waitingFor = name;
        throw tooEarly;
      }
      return values.get(name);
    },
    has: (target, name) => (typeof name === 'string' && given.has(name)) || name in target,
    ownKeys() {
      needAll();
      return isList ? [...given.keys(), 'length'] : [...given.keys()];
    },
    getOwnPropertyDescriptor(target, name) {
      if (isList && name === 'length') return Reflect.getOwnPropertyDescriptor(target, name);
      if (typeof name !== 'string' || !given.has(name)) return undefined;
      needAll();
      return { value: values.get(name), writable: true, enumerable: true, configurable: true };
    },
  });
  const found: Assignment<Value>[] = [];
  const visit = (open: readonly Predicate[]): void => {
    const still: Predicate[] = [];
    let wanted: string | undefined;
    for (const predicate of open) {
      waitingFor = undefined;
      try {
        const holds = Boolean(predicate(view));
        if (!holds) return;
      } catch (error) {
        if (error !== tooEarly) throw error;
        still.push(predicate);
        wanted ??= waitingFor;
      }
    }
    const name = wanted ?? names.find((candidate) => !values.has(candidate));
    if (name === undefined) {
      found.push(collect());
      return;
    }
    for (const value of given.get(name) ?? []) {
      values.set(name, value);
      visit(still);
      if (found.length >= limit) break;
    }
    values.delete(name);
  };
  visit(typeof predicates === 'function' ? [predicates] : predicates);
  return found;
}

export function allDifferent(...values: readonly unknown[]): boolean {
  const flat = values.flat();
  return new Set(flat).size === flat.length;
}
