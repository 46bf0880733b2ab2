/** A rate as reports carry it: never without its counts, its interval and the method that made it. */
import { betaQuantile, normalQuantile, studentQuantile } from './special-functions.ts';
import { confidenceSequence } from './sequential.ts';

export type Interval = readonly [low: number, high: number];

export type RateMethod = 'clopper-pearson' | 'wilson' | 'confidence-sequence' | 'clopper-pearson-clustered';

export interface Rate {
  readonly successes: number;
  readonly n: number;
  /** successes / n; null when nothing was counted. */
  readonly rate: number | null;
  readonly interval: Interval;
  readonly method: RateMethod;
}

/**
 * The rate of a sample whose size was fixed before. Clopper-Pearson covers at least 1 - alpha for every n and
 * p; Wilson is shorter but falls to 0.89 near the ends (n = 18, p = 0.031), so it is not what we print.
 */
export function toFixedRate(successes: number, n: number, alpha = 0.05): Rate {
  return {
    successes,
    n,
    rate: n === 0 ? null : successes / n,
    interval: clopperPearson(successes, n, alpha),
    method: 'clopper-pearson',
  };
}

/** The rate of a sample that may have been stopped because of what it showed. */
export function toStoppedRate(successes: number, n: number, alpha = 0.05): Rate {
  return {
    successes,
    n,
    rate: n === 0 ? null : successes / n,
    interval: confidenceSequence({ successes, n }, alpha),
    method: 'confidence-sequence',
  };
}

/** Wilson's score interval. */
export function wilson(successes: number, n: number, alpha = 0.05): Interval {
  if (n === 0) return [0, 1];
  const z = normalQuantile(1 - alpha / 2);
  const p = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // At the ends the formula gives 0 or 1 up to rounding; the exact value is meant.
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === n ? 1 : Math.min(1, centre + half)];
}

/** The exact interval of Clopper and Pearson; `n` and `successes` may be fractions (effective sizes). */
export function clopperPearson(successes: number, n: number, alpha = 0.05): Interval {
  if (n === 0) return [0, 1];
  const low = successes <= 0 ? 0 : betaQuantile(alpha / 2, successes, n - successes + 1);
  const high = successes >= n ? 1 : betaQuantile(1 - alpha / 2, successes + 1, n - successes);
  return [low, high];
}

export interface Cluster {
  readonly successes: number;
  readonly n: number;
}

/**
 * The rate over clusters of related trials (samples of one item, questions on one dialogue), after Korn and
 * Graubard: the design effect from the cluster sums shrinks n, Student's t takes the place of the normal, and
 * the effective counts go into Clopper-Pearson. Where all trials agree nothing can be learnt about the design
 * effect, so each cluster counts once.
 */
export function toClusteredRate(clusters: readonly Cluster[], alpha = 0.05): Rate {
  const count = clusters.length;
  const n = clusters.reduce((sum, cluster) => sum + cluster.n, 0);
  const successes = clusters.reduce((sum, cluster) => sum + cluster.successes, 0);
  const base = {
    successes,
    n,
    rate: n === 0 ? null : successes / n,
    method: 'clopper-pearson-clustered',
  } as const;
  if (count < 2) return { ...base, interval: [0, 1] };
  const p = successes / n;
  const effective = effectiveSize(clusters, p, n);
  const t = studentQuantile(count - 1, 1 - alpha / 2);
  const adjusted = Math.max(1, effective * (normalQuantile(1 - alpha / 2) / t) ** 2);
  return { ...base, interval: clopperPearson(p * adjusted, adjusted, alpha) };
}

/** n over the design effect, kept between the number of clusters and n. */
function effectiveSize(clusters: readonly Cluster[], p: number, n: number): number {
  const count = clusters.length;
  if (p === 0 || p === 1) return count;
  const squares = clusters.reduce((sum, cluster) => sum + (cluster.successes - cluster.n * p) ** 2, 0);
  const clusteredVariance = ((count / (count - 1)) * squares) / (n * n);
  const designEffect = clusteredVariance / ((p * (1 - p)) / n);
  return Math.min(n, Math.max(count, n / designEffect));
}
