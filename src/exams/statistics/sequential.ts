/**
 * Stopping early, honestly. The beta mixture of likelihood ratios is a martingale when the true rate is q, so
 * by Ville's inequality it reaches 1/alpha with chance at most alpha, however often one looks.
 */
import { logBeta } from './special-functions.ts';
import type { Interval } from './rate.ts';

export interface Count {
  readonly successes: number;
  readonly n: number;
}

export type Decision = 'above' | 'below' | 'open';

/** The logarithm of the evidence against the true rate being `rate01`, after any number of trials. */
export function logEvidence({ successes, n }: Count, rate01: number): number {
  const failures = n - successes;
  const mixture = logBeta(successes + 0.5, failures + 0.5) - logBeta(0.5, 0.5);
  return mixture - times(successes, Math.log(rate01)) - times(failures, Math.log1p(-rate01));
}

/** Whether the true rate is shown to lie above or below the target; wrong with chance at most `alpha`. */
export function decide(count: Count, target01: number, alpha: number): Decision {
  if (logEvidence(count, target01) < Math.log(1 / alpha)) return 'open';
  return count.successes / count.n > target01 ? 'above' : 'below';
}

/** All rates against which the evidence is below 1/alpha: covers the true rate at every moment at once. */
export function confidenceSequence(count: Count, alpha: number): Interval {
  if (count.n === 0) return [0, 1];
  const centre = count.successes / count.n;
  const limit = Math.log(1 / alpha);
  // The log evidence is convex in the rate with its least value at the centre.
  const edge = (outer: number): number => {
    let inside = centre;
    let outside = outer;
    for (let i = 0; i < 60; i++) {
      const middle = (inside + outside) / 2;
      if (logEvidence(count, middle) < limit) inside = middle;
      else outside = middle;
    }
    return outside;
  };
  return [count.successes === 0 ? 0 : edge(0), count.successes === count.n ? 1 : edge(1)];
}

export interface StoppingRule {
  readonly target01: number;
  readonly alpha: number;
  /** No decision is taken before so many trials. */
  readonly minimumTrials: number;
}

/**
 * Whether one more trial is certain to be needed, whatever the trials still in flight will show. An exam that
 * asks only then never pays for an answer that comes after the verdict.
 */
export function isOpenWhatever(count: Count, inFlight: number, rule: StoppingRule): boolean {
  for (let more = 0; more <= inFlight; more++) {
    if (count.n + more < rule.minimumTrials) continue;
    for (let right = 0; right <= more; right++) {
      const next = { successes: count.successes + right, n: count.n + more };
      if (decide(next, rule.target01, rule.alpha) !== 'open') return false;
    }
  }
  return true;
}

/**
 * About how many more trials a decision needs when the rate seen so far goes on; null when it lies so near
 * the target that 10,000 would not do.
 */
export function estimateTrialsToDecision(count: Count, target01: number, alpha: number): number | null {
  const rate = (count.successes + 0.5) / (count.n + 1);
  const isDecided = (more: number): boolean => {
    const next = { successes: count.successes + rate * more, n: count.n + more };
    return logEvidence(next, target01) >= Math.log(1 / alpha);
  };
  if (isDecided(0)) return 0;
  if (!isDecided(10_000)) return null;
  let low = 0;
  let high = 10_000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isDecided(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** 0 · log 0 is 0 here. */
function times(count: number, logarithm: number): number {
  return count === 0 ? 0 : count * logarithm;
}
