/** Primes and factors. Exact below 3.3 * 10^24; above that a composite passes as prime with negligible chance. */
import { gcdOf, likeArguments, modPowOf, toBigInt, type Whole } from './integers.ts';

/** Miller-Rabin to fixed bases; the first 13 primes decide all numbers below 3.3 * 10^24 (Sorenson, Webster 2015). */
export function isPrimeOf(n: bigint): boolean {
  const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n];
  if (n < 2n) return false;
  for (const base of bases) if (n % base === 0n) return n === base;
  if (n < 1849n) return true;
  let odd = n - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos += 1;
  }
  return bases.every((base) => {
    let x = modPowOf(base, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

export function isPrime(n: Whole): boolean {
  if (typeof n === 'bigint' || n > 10_000_000) return isPrimeOf(toBigInt(n));
  toBigInt(n);
  if (n < 4) return n > 1;
  if (n % 2 === 0 || n % 3 === 0) return false;
  for (let divisor = 5; divisor * divisor <= n; divisor += 6) {
    if (n % divisor === 0 || n % (divisor + 2) === 0) return false;
  }
  return true;
}

export function nextPrime(n: Whole): Whole {
  let candidate = toBigInt(n) + 1n;
  while (!isPrime(likeArguments(candidate))) candidate += 1n;
  return likeArguments(candidate, n);
}

export function primesUpTo(limit: number): number[] {
  if (limit > 20_000_000)
    throw new RangeError('primesUpTo goes to 20,000,000; test larger numbers with isPrime');
  const isComposite = new Uint8Array(Math.max(0, Math.floor(limit) + 1));
  const primes: number[] = [];
  for (let n = 2; n <= limit; n++) {
    if (isComposite[n] === 1) continue;
    primes.push(n);
    for (let multiple = n * n; multiple <= limit; multiple += n) isComposite[multiple] = 1;
  }
  return primes;
}

/** A factor of an odd composite number: Pollard's rho, with one more constant each time it goes round in vain. */
export function properFactor(n: bigint): bigint {
  for (let constant = 1n; ; constant++) {
    const step = (x: bigint): bigint => (x * x + constant) % n;
    let slow = 2n;
    let fast = 2n;
    let factor = 1n;
    while (factor === 1n) {
      slow = step(slow);
      fast = step(step(fast));
      factor = gcdOf(slow - fast, n);
    }
    if (factor !== n) return factor;
  }
}

export function factorize(n: Whole): Whole[] {
  let rest = toBigInt(n);
  if (rest < 1n) throw new RangeError('only positive whole numbers have prime factors');
  const factors: bigint[] = [];
  for (let divisor = 2n; divisor < 2000n && divisor * divisor <= rest; divisor += divisor === 2n ? 1n : 2n) {
    while (rest % divisor === 0n) {
      factors.push(divisor);
      rest /= divisor;
    }
  }
  const open = rest > 1n ? [rest] : [];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (isPrimeOf(part)) factors.push(part);
    else {
      const factor = properFactor(part);
      open.push(factor, part / factor);
    }
  }
  return factors.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((factor) => likeArguments(factor, n));
}

export function divisors(n: Whole): Whole[] {
  let found = [1n];
  let previous = 0n;
  let fresh: bigint[] = [];
  for (const factor of factorize(n).map(toBigInt)) {
    fresh = (factor === previous ? fresh : found).map((divisor) => divisor * factor);
    found = [...found, ...fresh];
    previous = factor;
  }
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((divisor) => likeArguments(divisor, n));
}
