/**
 * Whole numbers of any size. Like every function of the library these are also sent into the sandbox as
 * text, so they may use nothing but each other and the language.
 * A result is a Number while that is exact and no argument was a BigInt, and a BigInt otherwise.
 */
export type Whole = number | bigint;

export function toBigInt(value: Whole): bigint {
  if (typeof value === 'bigint') return value;
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(`expected a whole number up to 2^53 or a BigInt, found ${String(value)}`);
  }
  return BigInt(value);
}

/** The result as Number or BigInt, see above. */
export function likeArguments(result: bigint, ...values: readonly Whole[]): Whole {
  if (values.some((value) => typeof value === 'bigint')) return result;
  return Number.isSafeInteger(Number(result)) ? Number(result) : result;
}

export function gcdOf(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

export function gcd(...values: readonly Whole[]): Whole {
  return likeArguments(values.flat().map(toBigInt).reduce(gcdOf, 0n), ...values.flat());
}

export function lcm(...values: readonly Whole[]): Whole {
  let result = 1n;
  for (const value of values.flat().map(toBigInt)) {
    result = value === 0n ? 0n : result === 0n ? 0n : (result / gcdOf(result, value)) * value;
    if (result < 0n) result = -result;
  }
  return likeArguments(result, ...values.flat());
}

export function modPowOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus <= 0n) throw new RangeError('the modulus must be positive');
  if (exponent < 0n) return modPowOf(modInverseOf(base, modulus), -exponent, modulus);
  let result = 1n % modulus;
  let square = ((base % modulus) + modulus) % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

export function modPow(base: Whole, exponent: Whole, modulus: Whole): Whole {
  const result = modPowOf(toBigInt(base), toBigInt(exponent), toBigInt(modulus));
  return likeArguments(result, base, exponent, modulus);
}

export function modInverseOf(value: bigint, modulus: bigint): bigint {
  let [r, next] = [((value % modulus) + modulus) % modulus, modulus];
  let [x, nextX] = [1n, 0n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [x, nextX] = [nextX, x - quotient * nextX];
  }
  if (r !== 1n) throw new RangeError('no inverse: the number and the modulus share a factor');
  return ((x % modulus) + modulus) % modulus;
}

export function modInverse(value: Whole, modulus: Whole): Whole {
  return likeArguments(modInverseOf(toBigInt(value), toBigInt(modulus)), value, modulus);
}

export function isqrtOf(value: bigint): bigint {
  if (value < 0n) throw new RangeError('no whole square root of a negative number');
  if (value < 2n) return value;
  // Newton from above: the first guess has half the bits, rounded up, so the steps only go down.
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const better = (guess + value / guess) >> 1n;
    if (better >= guess) return guess;
    guess = better;
  }
}

export function isqrt(value: Whole): Whole {
  return likeArguments(isqrtOf(toBigInt(value)), value);
}

export function digits(value: Whole, base = 10): number[] {
  if (!Number.isInteger(base) || base < 2 || base > 36) throw new RangeError('the base must be from 2 to 36');
  const text = toBigInt(value).toString(base);
  return Array.from(text.startsWith('-') ? text.slice(1) : text, (digit) => Number.parseInt(digit, base));
}
