/** Many claims at once: p-values adjusted so that a table of comparisons keeps its promise as a whole. */

/** Holm's step-down method: bounds the chance of any false claim. Order is kept. */
export function adjustHolm(pValues: readonly number[]): number[] {
  let running = 0;
  return inOrder(pValues, (p, rank, count) => {
    running = Math.max(running, Math.min(1, (count - rank) * p));
    return running;
  });
}

/** Benjamini and Hochberg's method: bounds the expected share of false claims, for exploration. Order is kept. */
export function adjustBenjaminiHochberg(pValues: readonly number[]): number[] {
  let running = 1;
  const order = pValues.map((_, index) => index).toSorted((i, j) => (pValues[j] ?? 0) - (pValues[i] ?? 0));
  const adjusted: number[] = Array.from({ length: pValues.length });
  order.forEach((index, position) => {
    const rank = pValues.length - position;
    running = Math.min(running, ((pValues[index] ?? 1) * pValues.length) / rank);
    adjusted[index] = running;
  });
  return adjusted;
}

/** Applies a function to p-values from the least to the largest, with its 0-based rank, and keeps places. */
function inOrder(
  pValues: readonly number[],
  adjust: (p: number, rank: number, count: number) => number,
): number[] {
  const order = pValues.map((_, index) => index).toSorted((i, j) => (pValues[i] ?? 0) - (pValues[j] ?? 0));
  const adjusted: number[] = Array.from({ length: pValues.length });
  order.forEach((index, rank) => {
    adjusted[index] = adjust(pValues[index] ?? 1, rank, pValues.length);
  });
  return adjusted;
}
