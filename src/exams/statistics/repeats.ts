/**
 * Several samples of each item: the chance that at least one of k is right (pass@k, coverage) and that all k
 * are (pass^k, reliability), and the spread of difficulty behind them as a beta-binomial fit.
 */
import type { Cluster } from './rate.ts';
import { logBeta } from './special-functions.ts';

/** The unbiased mean over items of the chance that at least one of `k` samples is right. */
export function passAtK(items: readonly Cluster[], k: number): number {
  return meanOver(items, k, ({ n, successes }) => 1 - chooseRatio(n - successes, n, k));
}

/** The unbiased mean over items of the chance that all of `k` samples are right. */
export function passHatK(items: readonly Cluster[], k: number): number {
  return meanOver(items, k, ({ n, successes }) => chooseRatio(successes, n, k));
}

export interface BetaFit {
  readonly alpha: number;
  readonly beta: number;
}

/** The Beta(alpha, beta) of item rates that makes the counts most likely. Needs at least one item. */
export function fitBetaBinomial(items: readonly Cluster[]): BetaFit {
  const toFit = (logSize: number, logit: number): BetaFit => {
    const size = Math.exp(logSize);
    const mean = 1 / (1 + Math.exp(-logit));
    return { alpha: size * mean, beta: size * (1 - mean) };
  };
  const bestLogit = (logSize: number): number =>
    maximise((logit) => logLikelihood(items, toFit(logSize, logit)), -12, 12);
  const logSize = maximise((value) => logLikelihood(items, toFit(value, bestLogit(value))), -6, 12);
  return toFit(logSize, bestLogit(logSize));
}

/** pass@k for any k by the fitted spread, also beyond the samples drawn. */
export function passAtKOfFit({ alpha, beta }: BetaFit, k: number): number {
  return -Math.expm1(logBeta(alpha, beta + k) - logBeta(alpha, beta));
}

/** pass^k for any k by the fitted spread. */
export function passHatKOfFit({ alpha, beta }: BetaFit, k: number): number {
  return Math.exp(logBeta(alpha + k, beta) - logBeta(alpha, beta));
}

function meanOver(items: readonly Cluster[], k: number, of: (item: Cluster) => number): number {
  if (items.some((item) => item.n < k)) throw new RangeError(`every item needs at least ${k} samples`);
  return items.reduce((sum, item) => sum + of(item), 0) / items.length;
}

/** choose(part, k) / choose(whole, k) without large numbers. */
function chooseRatio(part: number, whole: number, k: number): number {
  let ratio = 1;
  for (let i = 0; i < k; i++) ratio *= Math.max(0, part - i) / (whole - i);
  return ratio;
}

function logLikelihood(items: readonly Cluster[], { alpha, beta }: BetaFit): number {
  const norm = logBeta(alpha, beta);
  return items.reduce(
    (sum, { n, successes }) => sum + logBeta(successes + alpha, n - successes + beta) - norm,
    0,
  );
}

/** Golden-section search for the place of the maximum of a function with one peak. */
function maximise(of: (x: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = from;
  let high = to;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let [atLeft, atRight] = [of(left), of(right)];
  for (let i = 0; i < 60; i++) {
    if (atLeft > atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = of(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = of(right);
    }
  }
  return (low + high) / 2;
}
