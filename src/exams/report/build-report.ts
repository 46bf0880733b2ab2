/** Computes a report from what an exam asked and got. Pure: the same answers give the same report. */
import { chanceOf, rungsOf } from '../exam-plan.ts';
import type { ExamSettings } from '../exam-settings.ts';
import { createNamedRandom, hashMessages } from '../family.ts';
import {
  rateOf,
  type AskedItem,
  type FamilyProgress,
  type Sample,
  type Verdict,
} from '../family-progress.ts';
import type { ExamStart } from '../journal.ts';
import { heldOutFamilies } from '../registry.ts';
import { priceOf } from '../spend.ts';
import { costPerSolved, expectedTaskCost } from '../statistics/cost.ts';
import { toClusteredRate, type Rate } from '../statistics/rate.ts';
import { fitBetaBinomial } from '../statistics/repeats.ts';
import { estimateTrialsToDecision } from '../statistics/sequential.ts';
import { outcomes, type Outcome } from '../subject.ts';
import type {
  CostReport,
  FamilyReport,
  ItemReport,
  LevelReport,
  Report,
  SamplesReport,
  SpendReport,
} from './report.ts';

export interface ReportSource {
  readonly start: ExamStart;
  readonly progress: readonly Pick<FamilyProgress, 'family' | 'items' | 'count' | 'verdict'>[];
}

export function buildReport({ start, progress }: ReportSource): Report {
  const families = progress.map((part) => describeFamily(part, start.settings));
  return {
    format: 'gradus-exam-report',
    formatVersion: 1,
    examId: start.examId,
    startedAt: new Date(start.startedAtMs).toISOString(),
    subject: start.subject,
    settings: start.settings,
    seed: { commitment: start.commitment, root: start.rootSeed, generators: start.generators },
    levels: describeLevels(families),
    families,
    spend: describeSpend(
      progress.flatMap(({ items }) => items),
      start.settings,
    ),
    limits: limitsOf(start.settings),
    items: progress.flatMap(({ items }) => items.map(describeItem)),
  };
}

function describeFamily(
  { family, items, count, verdict }: ReportSource['progress'][number],
  settings: ExamSettings,
): FamilyReport {
  const firsts = items.flatMap(({ samples }) => samples.slice(0, 1));
  const answered = firsts.filter(({ attempt }) => attempt.outcome === 'answered');
  const rate = rateOf(count, settings);
  const chance01 = round(chanceOf(family, settings), 6);
  const needed =
    verdict === 'undecided' ? estimateTrialsToDecision(count, settings.target01, settings.alpha) : null;
  const countOf = (list: readonly AskedItem[]): Rate =>
    rateOf({ successes: list.filter(isRight).length, n: list.length }, settings);
  return {
    name: family.name,
    version: family.version,
    level: family.level,
    title: family.title,
    isHeldOut: heldOutFamilies.includes(family.name),
    verdict,
    rate,
    ofAnswered: rateOf({ successes: count.successes, n: answered.length }, settings),
    bestCase: rateOf({ successes: count.successes + count.n - answered.length, n: count.n }, settings),
    chance01,
    aboveChance: rate.rate === null ? null : round((rate.rate - chance01) / (1 - chance01), 6),
    itemsNeeded: needed,
    byRung: rungsOf(family, settings).map((rung) => ({
      rung,
      size: round(family.rungs[rung - 1]?.size ?? 0, 3),
      rate: countOf(items.filter(({ item }) => item.rung === rung)),
    })),
    byLanguage: settings.languages
      .filter((language) => family.languages.includes(language))
      .map((language) => ({
        language,
        rate: countOf(items.filter(({ item }) => item.language === language)),
      })),
    outcomes: countOutcomes(firsts),
    samples: describeSamples(items, settings),
    spend: describeSpend(items, settings),
  };
}

function isRight({ samples }: AskedItem): boolean {
  return samples[0]?.grade.correct === true;
}

function countOutcomes(samples: readonly Sample[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = {
    answered: 0,
    truncated: 0,
    empty: 0,
    refused: 0,
    failed: 0,
    'timed-out': 0,
  };
  for (const outcome of outcomes) {
    counts[outcome] = samples.filter(({ attempt }) => attempt.outcome === outcome).length;
  }
  return counts;
}

function describeSamples(items: readonly AskedItem[], settings: ExamSettings): SamplesReport | null {
  const k = settings.samples;
  if (k === 1 || items.length === 0) return null;
  const clusters = items.map(({ samples }) => ({
    successes: samples.filter(({ grade }) => grade.correct).length,
    n: samples.length,
  }));
  return {
    k,
    rate: toClusteredRate(clusters, settings.alpha),
    // With k samples drawn the unbiased estimators are shares of items, so they have intervals of their own.
    passAtK: rateOf(
      { successes: clusters.filter(({ successes }) => successes > 0).length, n: items.length },
      settings,
    ),
    passHatK: rateOf(
      { successes: clusters.filter(({ successes }) => successes === k).length, n: items.length },
      settings,
    ),
    betaFit: items.length < 10 ? null : fitBetaBinomial(clusters),
  };
}

/** A level is shown when each of its families is; it is not shown when one is not. */
function describeLevels(families: readonly FamilyReport[]): LevelReport[] {
  const levels = [...new Set(families.map(({ level }) => level))].toSorted((a, b) => a - b);
  const own = new Map<number, Verdict>();
  return levels.map((level) => {
    const members = families.filter((family) => family.level === level);
    const verdict = joinVerdicts(members.map((family) => family.verdict));
    own.set(level, verdict);
    const below = Array.from({ length: level }, (_, index) => own.get(index + 1));
    const weakest = members.reduce((a, b) => (b.rate.interval[1] < a.rate.interval[1] ? b : a));
    return {
      level,
      verdict,
      withLowerLevels: below.every((entry) => entry !== undefined) ? joinVerdicts(below) : null,
      families: members.map(({ name }) => name),
      weakestFamily: weakest.name,
    };
  });
}

function joinVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('not-shown')) return 'not-shown';
  return verdicts.every((verdict) => verdict === 'shown') ? 'shown' : 'undecided';
}

function describeSpend(items: readonly AskedItem[], settings: ExamSettings): SpendReport {
  const samples = items.flatMap((item) => item.samples);
  const attempts = samples.map(({ attempt }) => attempt);
  const sum = (value: (attempt: Sample['attempt']) => number): number =>
    attempts.reduce((total, attempt) => total + value(attempt), 0);
  const firsts = attempts.flatMap(({ firstTokenMs }) => (firstTokenMs === null ? [] : [firstTokenMs]));
  const money = settings.prices === null ? null : sum(({ usage }) => priceOf(usage, settings.prices) ?? 0);
  const rate = items.length === 0 ? 0 : items.filter(isRight).length / items.length;
  const { errorCost } = settings;
  return {
    calls: attempts.length,
    retries: sum(({ retries }) => retries),
    inputTokens: sum(({ usage }) => usage.inputTokens),
    outputTokens: sum(({ usage }) => usage.outputTokens),
    reasoningTokens: sum(({ usage }) => usage.reasoningTokens),
    areTokensReported: attempts.every(({ usage }) => usage.isReported),
    answerSeconds: round(sum(({ totalMs }) => totalMs) / 1000, 3),
    medianFirstTokenMs: median(firsts),
    money: money === null ? null : round(money, 9),
    tokensPerSolved: describeCost(samples, ({ usage }) => usage.inputTokens + usage.outputTokens),
    moneyPerSolved:
      money === null ? null : describeCost(samples, ({ usage }) => priceOf(usage, settings.prices) ?? 0),
    taskCostWithErrors:
      money === null || errorCost === null || attempts.length === 0
        ? null
        : round(expectedTaskCost(money / attempts.length, rate, errorCost), 9),
  };
}

function describeCost(
  samples: readonly Sample[],
  costOf: (attempt: Sample['attempt']) => number,
): CostReport {
  const priced = samples.map(({ attempt, grade }) => ({ cost: costOf(attempt), isSolved: grade.correct }));
  const { value, interval, method } = costPerSolved(priced, createNamedRandom(`bootstrap/${priced.length}`));
  const [low, high] = interval;
  return {
    value: value === null ? null : round(value, 9),
    interval: [round(low, 9), high === null ? null : round(high, 9)],
    method,
    n: samples.length,
  };
}

function describeItem({ index, item, samples }: AskedItem): ItemReport {
  return {
    id: item.id,
    family: item.family,
    index,
    language: item.language,
    rung: item.rung,
    promptHash: hashMessages(item.messages),
    samples: samples.map(({ attempt, grade }) => ({ ...attempt, ...grade })),
  };
}

/** The families of an exam that the report's reader should know the limits of. Keys of the report's words. */
function limitsOf(settings: ExamSettings): readonly string[] {
  return [
    'synthetic',
    'rungs',
    'not-memorised',
    ...(settings.fixedItems === null ? ['stopped'] : []),
    'no-human-baseline',
    'date',
  ];
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
