/**
 * The functions that a model's program may call without importing anything, because small models cannot
 * write them. They are ordinary functions here, tested as such; the sandbox gets their text.
 */
import * as calendar from './calendar.ts';
import * as combinatorics from './combinatorics.ts';
import * as fractions from './fractions.ts';
import * as graphs from './graphs.ts';
import * as integers from './integers.ts';
import * as primes from './primes.ts';
import * as search from './search.ts';
import * as text from './text.ts';

export interface LibraryEntry {
  readonly name: string;
  /** How it is called, as a prompt shows it. */
  readonly signature: string;
  /** One line of what it gives. */
  readonly purpose: string;
}

const entry = (signature: string, purpose: string): LibraryEntry => ({
  name: signature.slice(0, signature.indexOf('(')),
  signature,
  purpose,
});

/** What programs can call; everything else in these files serves it. */
export const libraryEntries: readonly LibraryEntry[] = [
  entry('fraction(a, b)', 'exact fraction with .add .sub .mul .div .pow .compare .equals .toNumber'),
  entry('solveLinear(rows, constants)', 'exact solution of a linear system as a list, or null'),
  entry('gcd(a, b, ...)', 'greatest common divisor'),
  entry('lcm(a, b, ...)', 'least common multiple'),
  entry('modPow(base, exponent, modulus)', 'base ** exponent % modulus, for numbers of any size'),
  entry('modInverse(a, modulus)', 'x with a * x % modulus === 1'),
  entry('isqrt(n)', 'whole part of the square root'),
  entry('digits(n, base)', 'list of the digits of n, base 10 if not given'),
  entry('isPrime(n)', 'true or false'),
  entry('nextPrime(n)', 'smallest prime above n'),
  entry('primesUpTo(n)', 'list of the primes up to n'),
  entry('factorize(n)', 'prime factors with repetition, factorize(12) is [2, 2, 3]'),
  entry('divisors(n)', 'list of all divisors of n'),
  entry('factorial(n)', 'n!'),
  entry('binomial(n, k)', 'n choose k'),
  entry('permutations(items, size)', 'list of orderings'),
  entry('combinations(items, size)', 'list of selections without order'),
  entry('product(list1, list2, ...)', 'list of all tuples, one item of each list'),
  entry('partitions(n)', 'list of all ways to write n as a sum'),
  entry(
    'searchExpression(numbers, target, {useAll: true})',
    'text of an expression with + - * / that equals target, or null',
  ),
  entry(
    'solveConstraints(domains, conditions)',
    'solveConstraints({x: [1, 2], y: [1, 2]}, [({x, y}) => x < y]) is {x: 1, y: 2}; null if none',
  ),
  entry('allSolutions(domains, conditions, limit)', 'list of all solutions'),
  entry('allDifferent(a, b, ...)', 'true if no two are equal'),
  entry('reverse(text)', 'the letters or items from last to first'),
  entry('countLetter(text, letter)', 'how often letter is in text, ignoring case'),
  entry('weekday(day)', 'weekday("2024-02-29") is "Thursday"'),
  entry('daysBetween(from, to)', 'days from one day to the other, days as "2024-02-29"'),
  entry('addDays(day, count)', 'the day so many days later, as "2024-02-29"'),
  entry('daysInMonth(year, month)', '28 to 31'),
  entry('isLeapYear(year)', 'true or false'),
  entry(
    'shortestPath(edges, from, to, {directed: false})',
    '{length, path} over edges [a, b, length], or null',
  ),
  entry(
    'bfs(start, goal, neighbors)',
    'shortest list of states from start to goal, or null; neighbors(state) lists the next states',
  ),
];

/** One line for each function, for a prompt; only the named ones when `names` is given. */
export function describeLibrary(names?: readonly string[]): string {
  return libraryEntries
    .filter((entry) => names === undefined || names.includes(entry.name))
    .map((entry) => `${entry.signature}: ${entry.purpose}`)
    .join('\n');
}

/** Texts of functions by name, and what each needs besides itself. */
export class LibrarySource {
  readonly #texts = new Map<string, string>();
  readonly #needs = new Map<string, readonly string[]>();

  constructor() {
    const files = [integers, primes, combinatorics, fractions, search, text, calendar, graphs];
    for (const [name, value] of files.flatMap((file) => Object.entries<unknown>({ ...file }))) {
      this.#texts.set(name, String(value));
    }
    for (const [name, text] of this.#texts) {
      this.#needs.set(
        name,
        [...wordsOf(text)].filter((word) => word !== name && this.#texts.has(word)),
      );
    }
  }

  /**
   * The text of an expression whose value is an object of those library functions that `program` mentions;
   * undefined when it mentions none. All of them would take the interpreter longer than most programs.
   */
  forProgram(program: string): string | undefined {
    const words = wordsOf(program);
    const called = libraryEntries.map((entry) => entry.name).filter((name) => words.has(name));
    if (called.length === 0) return undefined;
    const needed = new Set<string>(called);
    for (const name of needed) for (const other of this.#needs.get(name) ?? []) needed.add(other);
    const parts = Array.from(needed, (name) => this.#texts.get(name) ?? '');
    return `(() => {\n"use strict";\n${parts.join('\n')}\nreturn { ${called.join(', ')} };\n})()`;
  }
}

function wordsOf(source: string): Set<string> {
  return new Set(source.match(/[A-Za-z_$][\w$]*/g));
}
