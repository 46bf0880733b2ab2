/**
 * Ranges of numbers as automata over their decimal digits. Integers are exact. Other numbers are written
 * with at most 15 significant digits and no exponent: no two such texts mean the same double, so a text
 * beyond a bound is also a double beyond it.
 */
import {
  intersectAutomata,
  multiplesAutomaton,
  trimAutomaton,
  type Automaton,
  type Edge,
  type WorkBudget,
} from './automaton.ts';
import type { NumberFacts } from './facts.ts';
import { integerDigits, numberDigits } from './json-text.ts';
import type { Bound } from './schema-node.ts';

export interface NumberAutomatonOptions {
  readonly isInteger: boolean;
  readonly budget: WorkBudget;
}

/** The texts of the numbers that `facts` allow. */
export function numberAutomaton(
  { min, max, divisors }: NumberFacts,
  { isInteger, budget }: NumberAutomatonOptions,
): Automaton {
  // A remainder is computed on the text, and a validator sees a double: they agree up to 15 digits.
  const mostDigits = isInteger && divisors.length === 0 ? integerDigits : numberDigits;
  const limits = [
    ...(min === undefined ? [] : [createLimit(min, { isInteger, direction: 1 })]),
    ...(max === undefined ? [] : [createLimit(max, { isInteger, direction: -1 })]),
  ];
  return [
    ...(limits.length === 0 ? [noLimit] : limits).map((limit) =>
      limitAutomaton(limit, { isInteger, mostDigits, budget }),
    ),
    ...divisors.map((divisor) => multiplesAutomaton(divisor, budget)),
  ].reduce((a, b) => intersectAutomata(a, b, budget));
}

/** How a number without its sign compares with a limit without its sign. */
type Order = -1 | 0 | 1;

interface Limit {
  readonly mayBeNegative: boolean;
  /** The limit's digits before the point. */
  readonly whole: string;
  /** The limit's digits after the point, without zeros at the end. */
  readonly fraction: string;
  allows(order: Order, isNegative: boolean): boolean;
}

const noLimit: Limit = { mayBeNegative: true, whole: '', fraction: '', allows: () => true };

type Direction = 1 | -1;

/** `direction` 1: at least the bound; -1: at most. */
function createLimit(
  bound: Bound,
  { isInteger, direction }: { readonly isInteger: boolean; readonly direction: Direction },
): Limit {
  const { value } = bound;
  const isStrict = bound.isExclusive && !isInteger;
  const integer = isInteger ? nextInteger(bound, direction) : undefined;
  const isBelowZero = integer === undefined ? value < 0 : integer < 0n;
  const { whole, fraction } =
    integer === undefined
      ? decimalOf(Math.abs(value))
      : { whole: String(isBelowZero ? -integer : integer), fraction: '' };
  const isZero = whole === '0' && fraction === '';
  return {
    mayBeNegative: direction === -1 || isBelowZero,
    whole,
    fraction,
    allows: (order, isNegative) => {
      const isSame = order === 0 && (isZero || isNegative === isBelowZero);
      if (isSame) return !isStrict;
      const isAbove = isNegative === isBelowZero ? order > 0 !== isNegative : !isNegative;
      return isAbove === (direction === 1);
    },
  };
}

/** Where in a number the automaton is. */
type Spot =
  | { readonly kind: 'start' | 'sign' }
  | { readonly kind: 'whole'; readonly isNegative: boolean; readonly digits: number; readonly order: Order }
  | {
      readonly kind: 'fraction';
      readonly isNegative: boolean;
      /** How many more digits there may be. */
      readonly left: number;
      /** How many digits of the fraction are known to equal the limit's; absent: the limit holds anyhow. */
      readonly place: number | undefined;
      /** Whether a digit must follow. */
      readonly isOpen: boolean;
    };

interface Shape {
  readonly isInteger: boolean;
  readonly mostDigits: number;
  readonly budget: WorkBudget;
}

function limitAutomaton(limit: Limit, shape: Shape): Automaton {
  const spots: Spot[] = [{ kind: 'start' }];
  const numbers = new Map([[JSON.stringify(spots[0]), 0]]);
  const edges: Edge[][] = [];
  const accepting: boolean[] = [];
  for (let i = 0; i < spots.length; i++) {
    const spot = spots[i] ?? { kind: 'start' };
    shape.budget.spend(15);
    accepting.push(canEnd(spot, limit));
    edges.push(
      stepsFrom(spot, limit, shape).map(([low, high, next]) => {
        const key = JSON.stringify(next);
        const to = numbers.get(key) ?? spots.length;
        if (to === spots.length) spots.push(next);
        numbers.set(key, to);
        return { set: [[low.charCodeAt(0), high.charCodeAt(0)]], to };
      }),
    );
  }
  return trimAutomaton(edges, accepting);
}

type Step = readonly [low: string, high: string, next: Spot];

function stepsFrom(spot: Spot, limit: Limit, shape: Shape): readonly Step[] {
  switch (spot.kind) {
    case 'start':
      return [
        ...(limit.mayBeNegative ? [['-', '-', { kind: 'sign' }] as const] : []),
        ...wholeSteps({ isNegative: false, digits: 0, order: 0 }, limit, { from: 0 }),
      ];
    case 'sign':
      return wholeSteps({ isNegative: true, digits: 0, order: 0 }, limit, { from: shape.isInteger ? 1 : 0 });
    case 'whole': {
      // A zero is the whole part of its number, and not a significant digit.
      const isZero = spot.digits === 0;
      const digits = isZero || spot.digits === shape.mostDigits ? [] : wholeSteps(spot, limit, { from: 0 });
      const left = shape.mostDigits - spot.digits;
      if (shape.isInteger || left === 0) return digits;
      return [...digits, ...pointSteps(spot, limit, left)];
    }
    case 'fraction':
      return spot.left === 0 ? [] : fractionSteps(spot, limit);
  }
}

interface WholePart {
  readonly isNegative: boolean;
  readonly digits: number;
  readonly order: Order;
}

function wholeSteps(part: WholePart, limit: Limit, { from }: { readonly from: number }): readonly Step[] {
  const { isNegative, digits, order } = part;
  return digitSteps(order, limit.whole[digits], from).map(([low, high, next]) => {
    // A leading zero has no digits after it; `digits` 0 marks it.
    const isZero = digits === 0 && high === '0';
    return [low, high, { kind: 'whole', isNegative, digits: isZero ? 0 : digits + 1, order: next }];
  });
}

function pointSteps(spot: Extract<Spot, { kind: 'whole' }>, limit: Limit, left: number): readonly Step[] {
  const order = wholeOrder(spot, limit);
  if (order !== 0 && !limit.allows(order, spot.isNegative)) return [];
  const { isNegative } = spot;
  const shared = { kind: 'fraction', left, isOpen: true } as const;
  return [
    [
      '.',
      '.',
      order === 0 ? { ...shared, isNegative, place: 0 } : { ...shared, isNegative: false, place: undefined },
    ],
  ];
}

function fractionSteps(spot: Extract<Spot, { kind: 'fraction' }>, limit: Limit): readonly Step[] {
  const { isNegative, place } = spot;
  const next = { kind: 'fraction', left: spot.left - 1, isOpen: false } as const;
  if (place === undefined) return [['0', '9', { ...next, isNegative: false, place }]];
  return digitSteps(0, limit.fraction[place] ?? '0', 0).flatMap(([low, high, order]): readonly Step[] => {
    if (order === 0) return [[low, high, { ...next, isNegative, place: place + 1 }]];
    return limit.allows(order, isNegative)
      ? [[low, high, { ...next, isNegative: false, place: undefined }]]
      : [];
  });
}

/** The digits from `from` to 9, by how they make the number compare with a limit that has `digit` there. */
function digitSteps(
  order: Order,
  digit: string | undefined,
  from: number,
): readonly (readonly [low: string, high: string, order: Order])[] {
  const limit = Number(digit ?? '0');
  const ranges: readonly (readonly [number, number, Order])[] =
    order !== 0 || digit === undefined
      ? [
          [from, 0, order],
          [Math.max(from, 1), 9, order],
        ]
      : [
          [from, Math.min(0, limit - 1), -1],
          [Math.max(from, 1), limit - 1, -1],
          [Math.max(from, limit), limit, 0],
          [Math.max(from, limit + 1), 9, 1],
        ];
  return ranges
    .filter(([low, high]) => low <= high)
    .map(([low, high, next]) => [String(low), String(high), next] as const);
}

function wholeOrder({ digits, order }: WholePart, limit: Limit): Order {
  const length = Math.max(1, digits);
  if (length !== limit.whole.length) return length < limit.whole.length ? -1 : 1;
  return order;
}

function canEnd(spot: Spot, limit: Limit): boolean {
  switch (spot.kind) {
    case 'start':
    case 'sign':
      return false;
    case 'whole': {
      const order = wholeOrder(spot, limit);
      return limit.allows(order === 0 && limit.fraction !== '' ? -1 : order, spot.isNegative);
    }
    case 'fraction':
      if (spot.isOpen) return false;
      return (
        spot.place === undefined || limit.allows(spot.place < limit.fraction.length ? -1 : 0, spot.isNegative)
      );
  }
}

/** The decimal digits of the shortest text that means `value`, which is not negative. */
function decimalOf(value: number): { readonly whole: string; readonly fraction: string } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [before = '0', after = ''] = mantissa.split('.');
  const shift = Number(exponent);
  const digits =
    shift < 0 ? before.padStart(before.length - shift, '0') + after : before + after.padEnd(shift, '0');
  const point = shift < 0 ? before.length : before.length + shift;
  return { whole: digits.slice(0, point), fraction: digits.slice(point).replace(/0+$/, '') };
}

/** The first integer in `direction` that a validator, which compares doubles, finds within the bound. */
function nextInteger({ value, isExclusive }: Bound, direction: Direction): bigint {
  if (!isExclusive || !Number.isInteger(value)) {
    return BigInt(direction === 1 ? Math.ceil(value) : Math.floor(value));
  }
  // Beyond 2^53 the next double is further away than the next integer.
  const step = Math.abs(value) < 2 ** 53 ? 1 : 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
  const next = value + direction * step;
  return Number.isFinite(next) ? BigInt(next) : BigInt(value) * 10n;
}
