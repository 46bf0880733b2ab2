/** What a solved task costs: total cost over tasks solved, with an interval by resampling items. */
import type { RandomSource } from '../../kernel/random.ts';
import { clopperPearson } from './rate.ts';

export interface Priced {
  readonly cost: number;
  readonly isSolved: boolean;
}

export interface CostPerSolved {
  /** null stands for infinite: nothing was solved. */
  readonly value: number | null;
  /** The upper end is null where resamples without any solved task are too common to bound it. */
  readonly interval: readonly [low: number, high: number | null];
  readonly method: 'bootstrap' | 'bound-from-rate';
}

/** Resamples items jointly on cost and success. With nothing solved only a lower bound is known. */
export function costPerSolved(
  items: readonly Priced[],
  random: RandomSource,
  draws = 1000,
  alpha = 0.05,
): CostPerSolved {
  const total = items.reduce((sum, item) => sum + item.cost, 0);
  const solved = items.filter((item) => item.isSolved).length;
  if (solved === 0) {
    const [, upper] = clopperPearson(0, items.length, alpha);
    return {
      value: null,
      interval: [items.length === 0 ? 0 : total / items.length / upper, null],
      method: 'bound-from-rate',
    };
  }
  const ratios = Array.from({ length: draws }, () => {
    let cost = 0;
    let count = 0;
    for (let i = 0; i < items.length; i++) {
      const item = items[Math.floor(random.next01() * items.length)];
      cost += item?.cost ?? 0;
      count += item?.isSolved === true ? 1 : 0;
    }
    return count === 0 ? Infinity : cost / count;
  }).toSorted((a, b) => a - b);
  const low = ratios[Math.floor((alpha / 2) * draws)] ?? 0;
  const high = ratios[Math.ceil((1 - alpha / 2) * draws) - 1] ?? Infinity;
  return { value: total / solved, interval: [low, Number.isFinite(high) ? high : null], method: 'bootstrap' };
}

/** What a task costs when an error costs `errorCost`: price of the answer plus the expected price of its errors. */
export function expectedTaskCost(meanCost: number, successRate01: number, errorCost: number): number {
  return meanCost + (1 - successRate01) * errorCost;
}

/**
 * The price of an error at which two settings cost the same; above it the more accurate one pays. null when
 * one is both cheaper and more accurate, or when they are equally accurate.
 */
export function breakEvenErrorCost(
  a: { readonly meanCost: number; readonly rate01: number },
  b: { readonly meanCost: number; readonly rate01: number },
): number | null {
  if (a.rate01 === b.rate01) return null;
  const value = (b.meanCost - a.meanCost) / (b.rate01 - a.rate01);
  return value >= 0 ? value : null;
}
