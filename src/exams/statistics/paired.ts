/** Two settings on the same items: the difference of their rates, its interval, and what it could have missed. */
import { bettingInterval } from './betting.ts';
import { binomialCdf, normalQuantile } from './special-functions.ts';
import { clopperPearson, type Interval } from './rate.ts';

export interface PairedCount {
  readonly n: number;
  /** Items that only the first setting got right. */
  readonly onlyA: number;
  /** Items that only the second setting got right. */
  readonly onlyB: number;
}

/** The exact two-sided test of McNemar; 1 when no item tells the settings apart. */
export function mcnemarExact({ onlyA, onlyB }: PairedCount): number {
  const discordant = onlyA + onlyB;
  if (discordant === 0) return 1;
  return Math.min(1, 2 * binomialCdf(Math.min(onlyA, onlyB), discordant, 0.5));
}

/** Tango's score interval (Statistics in Medicine 1998) for rate A minus rate B, at a sample size fixed before. */
export function tangoInterval(count: PairedCount, alpha = 0.05): Interval {
  if (count.n === 0) return [-1, 1];
  const z = normalQuantile(1 - alpha / 2);
  const difference = (count.onlyA - count.onlyB) / count.n;
  const edge = (outer: number): number => {
    let inside = difference;
    let outside = outer;
    for (let i = 0; i < 60; i++) {
      const middle = (inside + outside) / 2;
      if (Math.abs(scoreStatistic(count, middle)) <= z) inside = middle;
      else outside = middle;
    }
    return outside;
  };
  return [edge(-1), edge(1)];
}

/** The same difference when the sample may have been stopped by what it showed: a confidence sequence by betting. */
export function pairedSequence(differences: readonly (-1 | 0 | 1)[], alpha = 0.05): Interval {
  const [low, high] = bettingInterval(
    differences.map((value) => (value + 1) / 2),
    alpha,
  );
  return [2 * low - 1, 2 * high - 1];
}

/**
 * The smallest true difference that a comparison of this size finds with chance `power`. Where no pair differed,
 * the upper bound of the share of differing pairs is used, so that the answer is never 0.
 */
export function minimumDetectableDifference(count: PairedCount, alpha = 0.05, power = 0.8): number {
  if (count.n === 0) return 1;
  const share = (count.onlyA + count.onlyB) / count.n;
  const [, upper] = clopperPearson(count.onlyA + count.onlyB, count.n, alpha);
  const difference = (count.onlyA - count.onlyB) / count.n;
  const variance = share === 0 ? upper : share - difference ** 2;
  const z = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.min(1, z * Math.sqrt(Math.max(variance, 1 / count.n) / count.n));
}

/** The score statistic at a supposed difference, with the nuisance rate at its restricted maximum likelihood. */
function scoreStatistic({ n, onlyA, onlyB }: PairedCount, difference: number): number {
  const a = 2 * n;
  const b = -onlyA - onlyB + (2 * n - onlyA + onlyB) * difference;
  const c = -onlyB * difference * (1 - difference);
  const nuisance = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = n * (2 * nuisance + difference * (1 - difference));
  const distance = onlyA - onlyB - n * difference;
  if (variance <= 0) return distance === 0 ? 0 : Infinity;
  return distance / Math.sqrt(variance);
}
