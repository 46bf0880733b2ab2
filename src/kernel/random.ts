/**
 * Chance as an argument. `hashRandom01` is a counter-based generator: the value depends on a seed and a
 * position only, not on how often it was asked before, so that a run that resumes after a crash draws
 * the same chance at the same place as one that never stopped.
 */

/** A source of uniform numbers in [0, 1). */
export interface RandomSource {
  next01(): number;
}

/**
 * A uniform number in [0, 1) with 32 bits from (seed, stream, position).
 * The state between is 64 bits wide (`low`, `high`): with 32, streams whose hashes differ in low bits only
 * would hold the same numbers in another order.
 * Mixing is the finaliser of MurmurHash3 (Austin Appleby, public domain), applied once per word.
 */
export function hashRandom01(seed: number, stream: number, position: number): number {
  const low = mix(mix(seed | 0, 0x9e3779b9) ^ stream, 0x85ebca6b);
  const high = mix(mix(stream | 0, 0x27d4eb2f) ^ seed, 0x165667b1);
  const h = mix(mix(low ^ position, 0xc2b2ae35) ^ high, 0x9e3779b9);
  return (h >>> 0) / 4294967296;
}

/** A sequential source over `hashRandom01`: the same seed gives the same numbers in the same order. */
export function createSeededRandom(seed: number, stream = 0): RandomSource {
  let position = 0;
  return { next01: () => hashRandom01(seed, stream, position++) };
}

/** A uniform whole number in [0, limit). */
export function randomInteger(random: RandomSource, limit: number): number {
  return Math.floor(random.next01() * limit);
}

function mix(value: number, salt: number): number {
  let h = (value + salt) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
