/** Small draws over a RandomSource that every generator needs: whole numbers, picks, shuffles. */
import type { RandomSource } from '../kernel/random.ts';

/** A uniform whole number from `low` to `high`, both included. */
export function integerBetween(random: RandomSource, low: number, high: number): number {
  return low + Math.floor(random.next01() * (high - low + 1));
}

/** One entry of a list that is not empty, each with the same chance. */
export function pickOne<T>(random: RandomSource, list: readonly T[]): T {
  return at(list, Math.floor(random.next01() * list.length));
}

/** A new list in random order (Fisher and Yates). */
export function shuffled<T>(random: RandomSource, list: readonly T[]): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random.next01() * (i + 1));
    const held = at(copy, i);
    copy[i] = at(copy, j);
    copy[j] = held;
  }
  return copy;
}

/** `count` different entries in random order. Throws when the list is shorter. */
export function pickSome<T>(random: RandomSource, list: readonly T[], count: number): T[] {
  if (count > list.length) throw new RangeError(`cannot pick ${count} of ${list.length}`);
  return shuffled(random, list).slice(0, count);
}

/** The entry at `index`, which the caller knows to exist. Throws when it does not: a bug in a generator. */
export function at<T>(list: readonly T[], index: number): T {
  if (!(index in list)) throw new RangeError(`no entry ${index} in a list of ${list.length}`);
  // The line above proves presence; an entry of T may itself be undefined, so no narrower check fits.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return list[index] as T;
}

/** A whole number with exactly `digits` decimal digits. */
export function integerOfDigits(random: RandomSource, digits: number): bigint {
  let text = String(integerBetween(random, 1, 9));
  while (text.length < digits) text += String(integerBetween(random, 0, 9));
  return BigInt(text);
}

/** 0, 1, ..., count - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
