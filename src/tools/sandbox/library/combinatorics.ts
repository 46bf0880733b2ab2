/** Counting and listing: lists come in the order of the given items, as Python's itertools gives them. */
import { likeArguments, toBigInt, type Whole } from './integers.ts';

export function factorial(n: Whole): Whole {
  const last = toBigInt(n);
  if (last < 0n) throw new RangeError('no factorial of a negative number');
  let result = 1n;
  for (let i = 2n; i <= last; i++) result *= i;
  return likeArguments(result, n);
}

export function binomial(n: Whole, k: Whole): Whole {
  const [top, below] = [toBigInt(n), toBigInt(k)];
  if (top < 0n) throw new RangeError('binomial needs n of 0 or more');
  if (below < 0n || below > top) return likeArguments(0n, n, k);
  const steps = below < top - below ? below : top - below;
  let result = 1n;
  for (let i = 1n; i <= steps; i++) result = (result * (top - steps + i)) / i;
  return likeArguments(result, n, k);
}

/** Lists longer than a million entries are refused before they fill the memory. */
export function refuseLongList(count: Whole): void {
  if (count > 1_000_000)
    throw new RangeError(`a list of ${String(count)} entries is too long; count instead of listing`);
}

export function permutations<Item>(items: Iterable<Item>, size?: number): Item[][] {
  const pool = [...items];
  const length = size ?? pool.length;
  if (length < 0 || length > pool.length) return [];
  refuseLongList(toBigInt(factorial(pool.length)) / toBigInt(factorial(pool.length - length)));
  const found: Item[][] = [];
  const visit = (chosen: Item[], rest: readonly Item[]): void => {
    if (chosen.length === length) {
      found.push(chosen);
      return;
    }
    for (const [index, item] of rest.entries()) {
      visit([...chosen, item], [...rest.slice(0, index), ...rest.slice(index + 1)]);
    }
  };
  visit([], pool);
  return found;
}

export function combinations<Item>(items: Iterable<Item>, size: number): Item[][] {
  const pool = [...items];
  if (size < 0 || size > pool.length) return [];
  refuseLongList(binomial(pool.length, size));
  const found: Item[][] = [];
  const visit = (chosen: Item[], from: number): void => {
    if (chosen.length === size) {
      found.push(chosen);
      return;
    }
    for (const [index, item] of pool.entries()) if (index >= from) visit([...chosen, item], index + 1);
  };
  visit([], 0);
  return found;
}

export function product<Item>(...lists: readonly Iterable<Item>[]): Item[][] {
  const pools = lists.map((list) => [...list]);
  refuseLongList(pools.reduce((count, pool) => count * pool.length, 1));
  let rows: Item[][] = [[]];
  for (const pool of pools) rows = rows.flatMap((row) => pool.map((item) => [...row, item]));
  return rows;
}

export function partitions(n: number): number[][] {
  if (n > 60) throw new RangeError('partitions lists go to n = 60');
  const found: number[][] = [];
  const visit = (chosen: number[], rest: number, largest: number): void => {
    if (rest === 0) found.push(chosen);
    for (let part = Math.min(rest, largest); part >= 1; part--) visit([...chosen, part], rest - part, part);
  };
  visit([], n, n);
  return found;
}
