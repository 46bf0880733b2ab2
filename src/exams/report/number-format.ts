/** How numbers look in Markdown and HTML: made once here, so that both show the same. */
import type { CostReport } from './report.ts';
import type { Interval, Rate } from '../statistics/rate.ts';
import type { ReportWords } from './words.ts';

/** One decimal; only 0 and 1 look like 0% and 100%, so 0.9996 stays 99.9%. */
export function toPercent(value: number, round: (value: number) => number = Math.round): string {
  if (value === 0 || value === 1) return `${value * 100}%`;
  // The small shift keeps 0.35 from becoming 34.9% downward: it is 0.3499999 in binary.
  const shift = round === Math.floor ? 1e-9 : round === Math.ceil ? -1e-9 : 0;
  return `${Math.min(99.9, Math.max(0.1, round(value * 1000 + shift) / 10)).toFixed(1)}%`;
}

/** A setting as somebody chose it: 80%, 97.5%. */
export function toPlainPercent(value: number): string {
  return `${Number((value * 100).toPrecision(6))}%`;
}

/** Rounded outward: the interval shown holds the interval computed. */
export function toIntervalText([low, high]: Interval): string {
  return `${toPercent(low, Math.floor)} – ${toPercent(high, Math.ceil)}`;
}

/** `24 of 30 (80.0%) [61.1% – 92.3%]`: never a rate without its count and interval. */
export function toRateText(rate: Rate, words: ReportWords): string {
  if (rate.rate === null) return words.noItems;
  return `${words.rate(rate.successes, rate.n, toPercent(rate.rate))} [${toIntervalText(rate.interval)}]`;
}

/** Three significant digits at least, whole numbers in full. */
export function toNumberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export function toCostText({ value, interval: [low, high] }: CostReport, words: ReportWords): string {
  const upper = high === null ? words.unbounded : toNumberText(high);
  return `${value === null ? '∞' : toNumberText(value)} [${toNumberText(low)} – ${upper}]`;
}
