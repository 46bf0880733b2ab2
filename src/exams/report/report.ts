/** The exam report as data: the one source of the numbers in JSON, Markdown and HTML. */
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import type { Generator } from '../exam-plan.ts';
import { examSettingsSchema, type ExamSettings } from '../exam-settings.ts';
import type { ExamLanguage } from '../family.ts';
import type { Verdict } from '../family-progress.ts';
import { attemptSchema } from '../journal.ts';
import type { Rate } from '../statistics/rate.ts';
import type { Attempt, Outcome, Subject } from '../subject.ts';

export interface Report {
  readonly format: 'gradus-exam-report';
  readonly formatVersion: 1;
  readonly examId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly subject: Pick<Subject, 'model' | 'url' | 'settings'>;
  readonly settings: ExamSettings;
  readonly seed: {
    readonly commitment: string;
    readonly root: string;
    readonly generators: readonly Generator[];
  };
  readonly levels: readonly LevelReport[];
  readonly families: readonly FamilyReport[];
  readonly spend: SpendReport;
  readonly limits: readonly string[];
  readonly items: readonly ItemReport[];
}

export interface LevelReport {
  readonly level: number;
  /** By the families of this level that were asked. */
  readonly verdict: Verdict;
  /** The verdict together with all lower levels; null when a lower level was not examined. */
  readonly withLowerLevels: Verdict | null;
  readonly families: readonly string[];
  /** The family with the lowest upper bound: a level is passed by its weakest family, never by a mean. */
  readonly weakestFamily: string;
}

export interface FamilyReport {
  readonly name: string;
  readonly version: number;
  readonly level: number;
  readonly title: Readonly<Record<ExamLanguage, string>>;
  readonly isHeldOut: boolean;
  readonly verdict: Verdict;
  /** Everything that is not a full, right answer counts as wrong. */
  readonly rate: Rate;
  /** Only full answers are counted: what the rate would be if cut, empty and broken ones were left out. */
  readonly ofAnswered: Rate;
  /** If every answer that was not full had been right: no repair of the endpoint can do better. */
  readonly bestCase: Rate;
  readonly chance01: number;
  /** (rate - chance) / (1 - chance); null without items. */
  readonly aboveChance: number | null;
  /** About how many more items the verdict needs; null when decided, or when no number would do. */
  readonly itemsNeeded: number | null;
  readonly byRung: readonly { readonly rung: number; readonly size: number; readonly rate: Rate }[];
  readonly byLanguage: readonly { readonly language: ExamLanguage; readonly rate: Rate }[];
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** With several samples of each item only. */
  readonly samples: SamplesReport | null;
  readonly spend: SpendReport;
}

export interface SamplesReport {
  readonly k: number;
  /** Over all samples, clustered by item. */
  readonly rate: Rate;
  /** Items with at least one right sample of k. */
  readonly passAtK: Rate;
  /** Items with k right samples of k. */
  readonly passHatK: Rate;
  /** Of item rates; null below 10 items. */
  readonly betaFit: { readonly alpha: number; readonly beta: number } | null;
}

export interface CostReport {
  /** null: nothing was solved, so the cost has no upper end. */
  readonly value: number | null;
  readonly interval: readonly [low: number, high: number | null];
  readonly method: string;
  readonly n: number;
}

export interface SpendReport {
  readonly calls: number;
  readonly retries: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** False when some numbers of tokens are our estimate. */
  readonly areTokensReported: boolean;
  /** Sum of the times of all calls. */
  readonly answerSeconds: number;
  readonly medianFirstTokenMs: number | null;
  /** null when prices are unknown. */
  readonly money: number | null;
  readonly tokensPerSolved: CostReport;
  readonly moneyPerSolved: CostReport | null;
  /** Price of a task with the expected price of its errors; null without prices and error cost. */
  readonly taskCostWithErrors: number | null;
}

export interface ItemReport {
  readonly id: string;
  readonly family: string;
  readonly index: number;
  readonly language: ExamLanguage;
  readonly rung: number;
  readonly promptHash: string;
  readonly samples: readonly SampleReport[];
}

export interface SampleReport extends Attempt {
  readonly correct: boolean;
  readonly reading: string | null;
  readonly reason: string;
}

const itemSchema = z.object({
  id: z.string(),
  family: z.string(),
  index: z.number(),
  promptHash: z.string(),
  samples: z.array(z.looseObject({ correct: z.boolean() })),
});

const reportSchema = z.looseObject({
  format: z.literal('gradus-exam-report'),
  formatVersion: z.literal(1),
  examId: z.string(),
  startedAt: z.string(),
  subject: z.object({ model: z.string(), url: z.string(), settings: z.record(z.string(), z.unknown()) }),
  settings: examSettingsSchema,
  seed: z.object({
    commitment: z.string(),
    root: z.string(),
    generators: z.array(z.object({ name: z.string(), version: z.number(), fingerprint: z.string() })),
  }),
  families: z.array(z.looseObject({ name: z.string() })),
  levels: z.array(z.looseObject({ level: z.number() })),
  items: z.array(itemSchema),
});

/** Reads a report from JSON text. Throws `invalid-request` when it is not one, or of a newer format. */
export function parseReport(text: string): Report {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new GradusError('invalid-json', { message: 'The report is not well-formed JSON.' }, { cause });
  }
  const result = reportSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    const message = `Not a Gradus exam report: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new GradusError('invalid-request', { message });
  }
  // Only the fields above are relied on before they are computed again from the items.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return json as Report;
}

/** The JSON text of a report: two-space indent, one line end. Equal reports give equal bytes. */
export function toReportJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Checks one attempt as it stands in a report. */
export function parseAttempt(sample: SampleReport): Attempt {
  const { correct: _correct, reading: _reading, reason: _reason, ...attempt } = sample;
  return attemptSchema.parse(attempt);
}
