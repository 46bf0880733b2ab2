/** Solves zebra puzzles by domains and backtracking; used to prove that a puzzle has exactly one solution. */
import { at, range } from '../dice.ts';

/** A thing is a number: attribute · houses + value. Positions are houses, from 0. */
export type Clue =
  | { readonly kind: 'at'; readonly a: number; readonly house: number }
  | { readonly kind: 'same'; readonly a: number; readonly b: number }
  | { readonly kind: 'apart'; readonly a: number; readonly b: number }
  | { readonly kind: 'next'; readonly a: number; readonly b: number }
  | { readonly kind: 'right-after'; readonly a: number; readonly b: number }
  | { readonly kind: 'left-of'; readonly a: number; readonly b: number };

export interface Zebra {
  readonly houses: number;
  readonly attributes: number;
  readonly clues: readonly Clue[];
}

/** Whether a clue holds when things stand at `positions`. */
export function clueHolds(clue: Clue, positions: readonly number[]): boolean {
  if (clue.kind === 'at') return at(positions, clue.a) === clue.house;
  return pairHolds(clue.kind, at(positions, clue.a), at(positions, clue.b));
}

/** A solution other than `known` (positions by thing), or null when there is none. */
export function findOtherSolution(zebra: Zebra, known: readonly number[]): readonly number[] | null {
  const things = zebra.houses * zebra.attributes;
  const full = 2 ** zebra.houses - 1;
  const domains = range(things).map((thing) =>
    zebra.clues.reduce(
      (mask, clue) => (clue.kind === 'at' && clue.a === thing ? mask & (1 << clue.house) : mask),
      full,
    ),
  );
  return search(zebra, domains, known);
}

function search(zebra: Zebra, start: readonly number[], known: readonly number[]): readonly number[] | null {
  const domains = propagate(zebra, [...start]);
  if (domains === null) return null;
  const open = range(domains.length)
    .filter((thing) => bitCount(at(domains, thing)) > 1)
    .toSorted((a, b) => bitCount(at(domains, a)) - bitCount(at(domains, b)));
  const [thing] = open;
  if (thing === undefined) {
    const positions = domains.map((mask) => 31 - Math.clz32(mask));
    return positions.every((position, index) => position === known[index]) ? null : positions;
  }
  for (const house of range(zebra.houses)) {
    if (((at(domains, thing) >> house) & 1) === 0) continue;
    const found = search(zebra, domains.with(thing, 1 << house), known);
    if (found !== null) return found;
  }
  return null;
}

/** Narrows domains until nothing changes; null when one is empty. */
function propagate(zebra: Zebra, domains: number[]): number[] | null {
  for (let changed = true; changed;) {
    changed = false;
    const narrow = (thing: number, mask: number): boolean => {
      const next = at(domains, thing) & mask;
      if (next !== domains[thing]) changed = true;
      domains[thing] = next;
      return next !== 0;
    };
    for (const clue of zebra.clues) {
      if (clue.kind === 'at') continue;
      const { a, b, kind } = clue;
      const [maskA, maskB] = supports(kind, at(domains, a), at(domains, b), zebra.houses);
      if (!narrow(a, maskA) || !narrow(b, maskB)) return null;
    }
    for (const attribute of range(zebra.attributes)) {
      const row = range(zebra.houses).map((value) => attribute * zebra.houses + value);
      for (const thing of row) {
        const mask = at(domains, thing);
        if (bitCount(mask) === 1) {
          for (const other of row) if (other !== thing && !narrow(other, ~mask)) return null;
        }
        const only = row.reduce((rest, other) => (other === thing ? rest : rest & ~at(domains, other)), mask);
        if (bitCount(only) === 1 && !narrow(thing, only)) return null;
      }
    }
  }
  return domains;
}

/** The positions of a and of b that have a partner in the other's domain. */
function supports(
  kind: Exclude<Clue['kind'], 'at'>,
  a: number,
  b: number,
  houses: number,
): readonly [number, number] {
  let keepA = 0;
  let keepB = 0;
  for (let i = 0; i < houses; i++) {
    if (((a >> i) & 1) === 0) continue;
    for (let j = 0; j < houses; j++) {
      if (((b >> j) & 1) === 0 || !pairHolds(kind, i, j)) continue;
      keepA |= 1 << i;
      keepB |= 1 << j;
    }
  }
  return [keepA, keepB];
}

function pairHolds(kind: Exclude<Clue['kind'], 'at'>, a: number, b: number): boolean {
  switch (kind) {
    case 'same':
      return a === b;
    case 'apart':
      return a !== b;
    case 'next':
      return Math.abs(a - b) === 1;
    case 'right-after':
      return a + 1 === b;
    case 'left-of':
      return a < b;
  }
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
