/**
 * A confidence sequence for the mean of anything in [0, 1] by betting (Waudby-Smith and Ramdas, JRSS B 2024):
 * the capital of a gambler who bets against a wrong mean grows, against the true one it does not.
 */
import type { Interval } from './rate.ts';

/** Steps of the grid of candidate means; the interval is widened by one step on both sides. */
const steps = 1000;

/**
 * The means against which hedged capital stays below 1/alpha after the values seen, in order. Valid at any
 * stop. Bets are predictable plug-ins: each uses only what came before.
 */
export function bettingInterval(values01: readonly number[], alpha = 0.05): Interval {
  const bets = planBets(values01, alpha);
  let low = 1;
  let high = 0;
  for (let step = 0; step <= steps; step++) {
    const mean = step / steps;
    if (hedgedLogCapital(values01, bets, mean) < Math.log(1 / alpha)) {
      low = Math.min(low, mean);
      high = Math.max(high, mean);
    }
  }
  // An empty set can only come from values that no mean explains at this alpha; the sample mean then stands alone.
  if (low > high) {
    const mean = values01.reduce((sum, value) => sum + value, 0) / values01.length;
    return [Math.max(0, mean - 1 / steps), Math.min(1, mean + 1 / steps)];
  }
  return [Math.max(0, low - 1 / steps), Math.min(1, high + 1 / steps)];
}

/** The size of each bet before truncation, from the values before it. */
function planBets(values01: readonly number[], alpha: number): number[] {
  let sum = 0.5;
  let squares = 0.25;
  return values01.map((value, index) => {
    const i = index + 1;
    const variance = squares / i;
    const bet = Math.sqrt((2 * Math.log(2 / alpha)) / (variance * i * Math.log(1 + i)));
    sum += value;
    const mean = sum / (i + 1);
    squares += (value - mean) ** 2;
    return bet;
  });
}

/** log max(K+ / 2, K- / 2), with bets cut at half of what could ruin the gambler. */
function hedgedLogCapital(values01: readonly number[], bets: readonly number[], mean: number): number {
  let up = 0;
  let down = 0;
  values01.forEach((value, index) => {
    const bet = bets[index] ?? 0;
    up += Math.log1p(Math.min(bet, 0.5 / mean) * (value - mean));
    down += Math.log1p(-Math.min(bet, 0.5 / (1 - mean)) * (value - mean));
  });
  return Math.max(up, down) - Math.log(2);
}
