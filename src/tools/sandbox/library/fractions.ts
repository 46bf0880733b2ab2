/** Exact fractions and linear systems over them. A fraction never turns into a rounded number by itself. */
import { gcdOf, likeArguments, toBigInt, type Whole } from './integers.ts';

export type FractionLike = Fraction | Whole | string;

export class Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator: bigint) {
    if (denominator === 0n) throw new RangeError('a fraction with denominator 0');
    const common = gcdOf(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    this.numerator = numerator / common;
    this.denominator = denominator / common;
  }

  add(value: FractionLike): Fraction {
    const other = toFraction(value);
    return new Fraction(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  sub(value: FractionLike): Fraction {
    return this.add(toFraction(value).neg());
  }

  mul(value: FractionLike): Fraction {
    const other = toFraction(value);
    return new Fraction(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  div(value: FractionLike): Fraction {
    const other = toFraction(value);
    return new Fraction(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  neg(): Fraction {
    return new Fraction(-this.numerator, this.denominator);
  }

  abs(): Fraction {
    return this.numerator < 0n ? this.neg() : this;
  }

  /** A whole power, also a negative one. */
  pow(exponent: Whole): Fraction {
    const power = toBigInt(exponent);
    if (power < 0n) return new Fraction(this.denominator ** -power, this.numerator ** -power);
    return new Fraction(this.numerator ** power, this.denominator ** power);
  }

  /** -1, 0 or 1. */
  compare(value: FractionLike): number {
    const difference = this.sub(value).numerator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  equals(value: FractionLike): boolean {
    return this.compare(value) === 0;
  }

  toNumber(): number {
    return Number(this.numerator) / Number(this.denominator);
  }

  toString(): string {
    return this.denominator === 1n ? String(this.numerator) : `${this.numerator}/${this.denominator}`;
  }

  toJSON(): Whole | string {
    return this.denominator === 1n ? likeArguments(this.numerator) : this.toString();
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new TypeError(
      'fractions do not mix with + - * / or <; use add, sub, mul, div, compare, or toNumber()',
    );
  }
}

/** Reads a number by its decimal digits, so that 0.1 is a tenth and not the nearest binary number. */
export function toFraction(value: FractionLike): Fraction {
  if (value instanceof Fraction) return value;
  if (typeof value === 'bigint') return new Fraction(value, 1n);
  const text = String(value).trim();
  const match = /^([+-]?\d*)(?:\.(\d*))?(?:e([+-]?\d+))?(?:\s*\/\s*(\d+))?$/i.exec(text);
  const [, whole = '', decimals = '', exponent = '0', below = '1'] = match ?? [];
  if (match === null || !/\d/.test(whole + decimals)) throw new TypeError(`not a fraction: ${text}`);
  const shift = BigInt(exponent) - BigInt(decimals.length);
  const digits = BigInt((whole + decimals).replace('+', ''));
  const scale = 10n ** (shift < 0n ? -shift : shift);
  return shift < 0n
    ? new Fraction(digits, scale * BigInt(below))
    : new Fraction(digits * scale, BigInt(below));
}

export function fraction(numerator: FractionLike, denominator: FractionLike = 1): Fraction {
  return toFraction(numerator).div(denominator);
}

/** Gauss-Jordan over fractions. Null when there is no solution or more than one. */
export function solveLinear(
  rows: readonly (readonly FractionLike[])[],
  constants: readonly FractionLike[],
): Fraction[] | null {
  const width = rows[0]?.length ?? 0;
  if (rows.length !== constants.length || rows.some((row) => row.length !== width)) {
    throw new RangeError('solveLinear needs rows of one length and one constant for each row');
  }
  const open = rows.map((row, index) => [...row, constants[index] ?? 0].map(toFraction));
  const solved: Fraction[][] = [];
  for (let column = 0; column < width; column++) {
    const index = open.findIndex((row) => row[column]?.numerator !== 0n);
    const [pivot] = index === -1 ? [] : open.splice(index, 1);
    const head = pivot?.[column];
    if (pivot === undefined || head === undefined) return null;
    const unit = pivot.map((entry) => entry.div(head));
    for (const row of [...open, ...solved]) {
      const factor = row[column] ?? toFraction(0);
      for (const [at, entry] of unit.entries()) row[at] = (row[at] ?? toFraction(0)).sub(factor.mul(entry));
    }
    solved.push(unit);
  }
  if (open.some((row) => row[width]?.numerator !== 0n)) return null;
  return solved.map((row) => row[width] ?? toFraction(0));
}
