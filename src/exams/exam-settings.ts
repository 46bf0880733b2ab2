/** What can be chosen about an exam, with defaults, as one schema that names a wrong field. */
import { z } from 'zod';
import type { ExamLanguage } from './family.ts';

export interface Prices {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  readonly currency: string;
  /** When these prices were in force, `YYYY-MM-DD`; a price without a date means nothing. */
  readonly date: string;
}

export interface ExamSettings {
  /** Names of families, in the order of the report. */
  readonly families: readonly string[];
  /** Each item is of one of these rungs, drawn by its seed with equal chance; the verdict is on their mean. */
  readonly rungs: readonly number[];
  readonly languages: readonly ExamLanguage[];
  readonly target01: number;
  readonly alpha: number;
  readonly minItems: number;
  readonly maxItems: number;
  /** A size fixed before: no early stop, and intervals for fixed samples. */
  readonly fixedItems: number | null;
  /** Samples of each item, for pass@k and pass^k; verdicts use the first one only. */
  readonly samples: number;
  readonly budget: {
    readonly tokens?: number | undefined;
    readonly seconds?: number | undefined;
    readonly money?: number | undefined;
  };
  readonly prices: Prices | null;
  /** What one wrong answer costs its user, in the currency of the prices. */
  readonly errorCost: number | null;
  /** Draws rungs and languages; null: the root seed does. Set alike to pair exams with different items. */
  readonly scheduleSeed: string | null;
}

export type ExamSettingsInput = Pick<ExamSettings, 'families'> & Partial<ExamSettings>;

const pricesSchema = z.strictObject({
  inputPerMillion: z.number().positive(),
  outputPerMillion: z.number().positive(),
  currency: z.string().min(1).max(12),
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/u),
});

export const examSettingsSchema: z.ZodType<ExamSettings> = z
  .strictObject({
    families: z.array(z.string()).min(1),
    rungs: z.array(z.int().positive()).min(1).default([1, 2, 3]),
    languages: z
      .array(z.enum(['en', 'zh']))
      .min(1)
      .default(['en']),
    target01: z.number().gt(0).lt(1).default(0.8),
    alpha: z.number().gt(0).lt(0.5).default(0.05),
    minItems: z.int().nonnegative().default(10),
    maxItems: z.int().positive().default(120),
    fixedItems: z.int().positive().nullable().default(null),
    samples: z.int().positive().max(100).default(1),
    budget: z
      .strictObject({
        tokens: z.number().positive().optional(),
        seconds: z.number().positive().optional(),
        money: z.number().positive().optional(),
      })
      .default({}),
    prices: pricesSchema.nullable().default(null),
    errorCost: z.number().nonnegative().nullable().default(null),
    scheduleSeed: z.string().nullable().default(null),
  })
  .refine((settings) => settings.budget.money === undefined || settings.prices !== null, {
    path: ['budget', 'money'],
    message: 'a budget in money needs prices',
  });
