/**
 * The few special functions that the statistics need, from the Cephes library compiled to WebAssembly. The
 * module is ready when its import is: everything below is an ordinary synchronous function.
 */
import cephes from 'cephes';

await cephes.compiled;

/** The natural logarithm of the beta function. */
export function logBeta(a: number, b: number): number {
  return cephes.lgam(a) + cephes.lgam(b) - cephes.lgam(a + b);
}

/** The regularised incomplete beta function: the chance that a Beta(a, b) variable is at most `x`. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return cephes.incbet(a, b, x);
}

/** The `probability01` quantile of Beta(a, b). */
export function betaQuantile(probability01: number, a: number, b: number): number {
  return cephes.incbi(a, b, probability01);
}

/** The `probability01` quantile of the standard normal distribution. */
export function normalQuantile(probability01: number): number {
  return cephes.ndtri(probability01);
}

/** The `probability01` quantile of Student's t with `degrees` degrees of freedom. */
export function studentQuantile(degrees: number, probability01: number): number {
  return cephes.stdtri(degrees, probability01);
}

/** The chance of at least `successes` in `n` trials that succeed with `rate01` each. */
export function binomialUpperTail(successes: number, n: number, rate01: number): number {
  if (successes <= 0) return 1;
  return successes > n ? 0 : betaCdf(rate01, successes, n - successes + 1);
}

/** The chance of at most `successes` in `n` trials that succeed with `rate01` each. */
export function binomialCdf(successes: number, n: number, rate01: number): number {
  return successes >= n ? 1 : 1 - binomialUpperTail(successes + 1, n, rate01);
}
