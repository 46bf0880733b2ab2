/** What an exam has used, and whether it may go on. Tokens are kept, money is computed: prices change. */
import type { ExamSettings, Prices } from './exam-settings.ts';
import type { TokenUsage } from './subject.ts';

export interface Spend {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of the prices; null without prices, which means unknown and never free. */
  readonly money: number | null;
}

export const noSpend: Spend = { calls: 0, inputTokens: 0, outputTokens: 0, money: null };

export function addSpend(spend: Spend, usage: TokenUsage, prices: Prices | null): Spend {
  const price = priceOf(usage, prices);
  return {
    calls: spend.calls + 1,
    inputTokens: spend.inputTokens + usage.inputTokens,
    outputTokens: spend.outputTokens + usage.outputTokens,
    money: price === null ? null : (spend.money ?? 0) + price,
  };
}

/** The price of one call, or null when prices are not known. */
export function priceOf(usage: TokenUsage, prices: Prices | null): number | null {
  if (prices === null) return null;
  return (usage.inputTokens * prices.inputPerMillion + usage.outputTokens * prices.outputPerMillion) / 1e6;
}

/** Whether another question may be asked. A question in flight may take the spend over the limit by itself. */
export function isWithinBudget(spend: Spend, elapsedMs: number, { budget }: ExamSettings): boolean {
  const { tokens = Infinity, seconds = Infinity, money = Infinity } = budget;
  return (
    spend.inputTokens + spend.outputTokens < tokens &&
    elapsedMs / 1000 < seconds &&
    (spend.money ?? 0) < money
  );
}
