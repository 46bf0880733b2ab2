/**
 * Sets of characters as sorted ranges of code points. Patterns, automata and grammar classes all speak
 * of them, so that `[^a-z]` or `.` never has to be listed character by character.
 */

/** Inclusive ranges, ascending, neither overlapping nor touching. */
export type CharSet = readonly (readonly [low: number, high: number])[];

/** Every Unicode scalar value. Lone surrogates are left out: they are not characters in UTF-8. */
export const anyChar: CharSet = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** What a JSON string cannot hold as it is: control characters, the quote and the backslash. */
export const escapedChars: CharSet = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
];

/** The set of the characters of `text`. */
export function charsOf(text: string): CharSet {
  return uniteChars(
    Array.from(text, (character): CharSet => {
      const code = character.codePointAt(0) ?? 0;
      return [[code, code]];
    }),
  );
}

export function uniteChars(sets: readonly CharSet[]): CharSet {
  const [only] = sets;
  if (only !== undefined && sets.length === 1) return only;
  const ranges = sets.flat().sort((a, b) => a[0] - b[0]);
  const united: [number, number][] = [];
  for (const [low, high] of ranges) {
    const last = united.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else united.push([low, high]);
  }
  return united;
}

export function intersectChars(a: CharSet, b: CharSet): CharSet {
  if (!mayOverlap(a, b)) return none;
  const common: [number, number][] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return common;
    const low = Math.max(left[0], right[0]);
    const high = Math.min(left[1], right[1]);
    if (low <= high) common.push([low, high]);
    if (left[1] < right[1]) i++;
    else j++;
  }
}

/** The characters of `a` that are not in `b`. */
export function subtractChars(a: CharSet, b: CharSet): CharSet {
  if (!mayOverlap(a, b)) return a;
  const rest: [number, number][] = [];
  let j = 0;
  for (const [low, high] of a) {
    let start = low;
    for (; j < b.length; j++) {
      const hole = b[j];
      if (hole === undefined || hole[0] > high) break;
      if (hole[0] > start) rest.push([start, hole[0] - 1]);
      start = Math.max(start, hole[1] + 1);
      if (hole[1] > high) break;
    }
    if (start <= high) rest.push([start, high]);
  }
  return rest;
}

export function hasChar(set: CharSet, code: number): boolean {
  return set.some(([low, high]) => low <= code && code <= high);
}

const none: CharSet = [];

/** A quick look at the ends: most sets that automata compare lie apart. */
function mayOverlap(a: CharSet, b: CharSet): boolean {
  const [firstA, lastA, firstB, lastB] = [a[0], a.at(-1), b[0], b.at(-1)];
  if (firstA === undefined || lastA === undefined || firstB === undefined || lastB === undefined)
    return false;
  return firstA[0] <= lastB[1] && firstB[0] <= lastA[1];
}
