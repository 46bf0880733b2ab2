/**
 * Ranges of numbers as patterns over their decimal digits. Integers are exact. Other numbers are written
 * with at most 15 significant digits and no exponent: no two such texts mean the same double, so a text
 * beyond a bound is also a double beyond it.
 */
import type { NumberFacts } from './facts.ts';
import { integerDigits, numberDigits } from './json-text.ts';
import { choice, literal, nothing, repeat, sequence, setOf, type Pattern } from './pattern.ts';
import type { Bound } from './schema-node.ts';

/** The canonical texts of the integers between the bounds, without regard to divisors. */
export function integerPattern({ min, max, divisors }: NumberFacts): Pattern {
  // A remainder is computed on the text, and a validator sees a double: they agree up to 15 digits.
  const limit = powerOfTen(divisors.length > 0 ? numberDigits : integerDigits) - 1n;
  const low = min === undefined ? -limit : larger(-limit, lowestInteger(min));
  const high = max === undefined ? limit : -larger(-limit, lowestInteger(negate(max)));
  const options: Pattern[] = [];
  if (low <= 0n && high >= 0n) options.push(literal('0'));
  if (high > 0n) options.push(wholeTexts(larger(low, 1n), high));
  if (low < 0n) options.push(sequence(literal('-'), wholeTexts(larger(-high, 1n), -low)));
  return choice(options);
}

/** One pattern for each bound, over the texts of numbers of at most 15 digits; all must match. */
export function numberPatterns({ min, max }: NumberFacts): readonly Pattern[] {
  const patterns: Pattern[] = [];
  if (min !== undefined) patterns.push(atLeast(min, ''));
  if (max !== undefined) patterns.push(atLeast(negate(max), '-'));
  return patterns;
}

const anyMagnitude: Bound = { value: 0, isExclusive: false };

/** Numbers of at least `bound`, with the signs of all of them turned when `sign` is '-'. */
function atLeast(bound: Bound, sign: '' | '-'): Pattern {
  const own = literal(sign);
  // Zero is written without a sign where that is possible.
  const isZeroOwn = bound.value === 0 && (bound.isExclusive || sign === '');
  if (bound.value > 0 || isZeroOwn) return sequence(own, magnitudesFrom(bound));
  const opposite = literal(sign === '' ? '-' : '');
  const withOwn = sequence(own, magnitudesFrom(anyMagnitude));
  const withOpposite = sequence(opposite, magnitudesUpTo({ ...bound, value: -bound.value }));
  return choice([withOwn, withOpposite]);
}

function magnitudesFrom(bound: Bound): Pattern {
  const { whole, fraction } = decimalOf(bound.value);
  const cap = powerOfTen(numberDigits) - 1n;
  if (whole > cap) return choice([]);
  return choice([
    sequence(literal(String(whole)), fractionsFrom(fraction, bound.isExclusive, fractionDigits(whole))),
    withAnyFraction(whole + 1n, cap),
  ]);
}

function magnitudesUpTo(bound: Bound): Pattern {
  const { whole, fraction } = decimalOf(bound.value);
  const cap = powerOfTen(numberDigits) - 1n;
  if (whole > cap) return withAnyFraction(0n, cap);
  return choice([
    withAnyFraction(0n, whole - 1n),
    sequence(literal(String(whole)), fractionsUpTo(fraction, bound.isExclusive, fractionDigits(whole))),
  ]);
}

function withAnyFraction(low: bigint, high: bigint): Pattern {
  const options: Pattern[] = [];
  if (low <= 0n && high >= 0n) options.push(sequence(literal('0'), anyFraction(fractionDigits(0n))));
  for (let length = 1; length <= numberDigits; length++) {
    const first = larger(low, powerOfTen(length - 1));
    const last = smaller(high, powerOfTen(length) - 1n);
    if (first <= last) options.push(sequence(wholeTexts(first, last), anyFraction(fractionDigits(last))));
  }
  return choice(options);
}

function fractionDigits(whole: bigint): number {
  return whole === 0n ? numberDigits : numberDigits - String(whole).length;
}

function anyFraction(digits: number): Pattern {
  if (digits === 0) return nothing;
  return optional(sequence(literal('.'), repeat(digitsFrom(0, 9), 1, digits)));
}

/** Fractions of at least 0.`bound`, of at most `digits` digits; `bound` does not end in 0. */
function fractionsFrom(bound: string, isStrict: boolean, digits: number): Pattern {
  if (bound === '' && !isStrict) return anyFraction(digits);
  const above = (rest: string, left: number): Pattern => {
    if (rest === '' && !isStrict) return repeat(digitsFrom(0, 9), 0, left);
    if (left === 0) return choice([]);
    const first = Number(rest[0] ?? '0');
    return choice([
      sequence(digitsFrom(first + 1, 9), repeat(digitsFrom(0, 9), 0, left - 1)),
      sequence(digitsFrom(first, first), above(rest.slice(1), left - 1)),
    ]);
  };
  return sequence(literal('.'), above(bound, digits));
}

/** Fractions of at most 0.`bound`, none included, of at most `digits` digits. */
function fractionsUpTo(bound: string, isStrict: boolean, digits: number): Pattern {
  const below = (rest: string, left: number): Pattern => {
    const canEnd = rest !== '' || !isStrict;
    const options: Pattern[] = canEnd ? [nothing] : [];
    const first = Number(rest[0] ?? '0');
    if (left > 0) {
      options.push(
        sequence(digitsFrom(0, first - 1), repeat(digitsFrom(0, 9), 0, left - 1)),
        sequence(digitsFrom(first, first), below(rest.slice(1), left - 1)),
      );
    }
    return choice(options);
  };
  const canBeWhole = bound !== '' || !isStrict;
  const withPoint = sequence(literal('.'), atLeastOne(below(bound, digits)));
  return choice([...(canBeWhole ? [nothing] : []), ...(digits > 0 ? [withPoint] : [])]);
}

/** Takes the choice to end at once out of what `fractionsUpTo` made. */
function atLeastOne(pattern: Pattern): Pattern {
  return pattern.kind === 'choice' ? choice(pattern.options.filter((option) => option !== nothing)) : pattern;
}

/** The texts of the whole numbers from `low` to `high`, both above 0. */
function wholeTexts(low: bigint, high: bigint): Pattern {
  const options: Pattern[] = [];
  if (low > high) return choice([]);
  const longest = String(high).length;
  for (let length = String(low).length; length <= longest; length++) {
    const first = larger(low, powerOfTen(length - 1));
    const last = smaller(high, powerOfTen(length) - 1n);
    options.push(sameLength(String(first), String(last)));
  }
  return choice(options);
}

function sameLength(low: string, high: string): Pattern {
  if (/^0*$/.test(low) && /^9*$/.test(high)) return repeat(digitsFrom(0, 9), low.length, low.length);
  const [first, last] = [Number(low[0]), Number(high[0])];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (first === last) return sequence(digitsFrom(first, first), sameLength(lowRest, highRest));
  const any = repeat(digitsFrom(0, 9), lowRest.length, lowRest.length);
  return choice([
    sequence(digitsFrom(first, first), sameLength(lowRest, '9'.repeat(lowRest.length))),
    sequence(digitsFrom(first + 1, last - 1), any),
    sequence(digitsFrom(last, last), sameLength('0'.repeat(highRest.length), highRest)),
  ]);
}

function digitsFrom(low: number, high: number): Pattern {
  return low > high ? choice([]) : setOf([[0x30 + low, 0x30 + high]]);
}

function optional(pattern: Pattern): Pattern {
  return repeat(pattern, 0, 1);
}

/** The decimal digits of the shortest text that means `value`, which is not negative. */
function decimalOf(value: number): { readonly whole: bigint; readonly fraction: string } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [before = '0', after = ''] = mantissa.split('.');
  const shift = Number(exponent);
  const digits =
    shift < 0 ? before.padStart(before.length - shift, '0') + after : before + after.padEnd(shift, '0');
  const point = shift < 0 ? before.length : before.length + shift;
  return { whole: BigInt(digits.slice(0, point)), fraction: digits.slice(point).replace(/0+$/, '') };
}

/** The smallest integer that a validator, which compares doubles, finds within the bound. */
function lowestInteger({ value, isExclusive }: Bound): bigint {
  if (Math.abs(value) > 1e20) return powerOfTen(20) * (value > 0 ? 1n : -1n);
  if (!isExclusive || !Number.isInteger(value)) return BigInt(Math.ceil(value));
  // Beyond 2^53 the next double is further away than the next integer.
  const step = Math.abs(value) < 2 ** 53 ? 1 : 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
  return BigInt(value + step);
}

function negate(bound: Bound): Bound {
  return { ...bound, value: -bound.value };
}

function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
