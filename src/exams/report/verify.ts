/** Checks a report without trusting it: all items made anew from the seed, all answers graded again, offline. */
import { isDeepStrictEqual } from 'node:util';
import { GradusError, toGradusError } from '../../kernel/errors.ts';
import { chooseFamilies, commit, describeGenerators } from '../exam-plan.ts';
import { hashMessages, type Family } from '../family.ts';
import { FamilyProgress } from '../family-progress.ts';
import type { ExamStart } from '../journal.ts';
import { buildReport } from './build-report.ts';
import { parseAttempt, type ItemReport, type Report } from './report.ts';

export interface Verification {
  readonly isValid: boolean;
  readonly items: number;
  readonly answers: number;
  /** At most 20, in plain words. */
  readonly faults: readonly string[];
}

export function verifyReport(report: Report, available: readonly Family[]): Verification {
  const faults: string[] = [];
  let answers = 0;
  const end = (): Verification => ({
    isValid: faults.length === 0,
    items: report.items.length,
    answers,
    faults: faults.slice(0, 20),
  });
  let families: readonly Family[];
  try {
    families = chooseFamilies(report.settings, available);
  } catch (thrown) {
    faults.push(toGradusError(thrown).message);
    return end();
  }
  const { subject, settings, seed } = report;
  const generators = describeGenerators(families, settings);
  if (!isDeepStrictEqual(generators, seed.generators)) {
    faults.push('the generators here make other items than those of the report');
    return end();
  }
  if (commit({ rootSeed: seed.root, generators, subject, settings }) !== seed.commitment) {
    faults.push('the commitment does not fit the seed, the subject and the settings');
  }
  const progress = families.map((family) => {
    const part = new FamilyProgress(family, settings, seed.root);
    const items = report.items
      .filter((item) => item.family === family.name)
      .toSorted((a, b) => a.index - b.index);
    items.forEach((item, index) => {
      if (item.index !== index) faults.push(`${family.name}: item ${index} is missing`);
      answers += recordItem(part, item, faults);
    });
    if (part.take() !== null && !hasBudget(report))
      faults.push(`${family.name} was stopped before its verdict`);
    return part;
  });
  const start: ExamStart = {
    kind: 'exam-started',
    version: 1,
    examId: report.examId,
    startedAtMs: Date.parse(report.startedAt),
    rootSeed: seed.root,
    commitment: seed.commitment,
    generators: seed.generators,
    subject,
    settings,
  };
  const again: unknown = JSON.parse(JSON.stringify(buildReport({ start, progress })));
  if (faults.length === 0 && !isDeepStrictEqual(again, report)) {
    faults.push(`numbers differ from those computed from the answers: ${findDifference(again, report)}`);
  }
  return end();
}

function recordItem(part: FamilyProgress, item: ItemReport, faults: string[]): number {
  let count = 0;
  item.samples.forEach((sample, number) => {
    count++;
    try {
      const grade = part.record(item.index, number, parseAttempt(sample));
      if (grade.correct !== sample.correct) {
        faults.push(`${item.id}: graded ${grade.correct ? 'right' : 'wrong'} here, not so in the report`);
      }
    } catch (thrown) {
      const cause = thrown instanceof GradusError ? thrown.message : 'an answer is not well-formed';
      faults.push(`${item.id}: ${cause}`);
    }
  });
  const made = part.items[item.index]?.item;
  if (made !== undefined && (made.id !== item.id || hashMessages(made.messages) !== item.promptHash)) {
    faults.push(`${item.id}: the seed makes another item`);
  }
  return count;
}

function hasBudget({ settings: { budget } }: Report): boolean {
  return Object.values(budget).some((limit) => limit !== undefined);
}

/** The path of the first field in which two JSON values differ. */
function findDifference(a: unknown, b: unknown, path = ''): string {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    if (!isDeepStrictEqual(left.get(key), right.get(key)))
      return findDifference(left.get(key), right.get(key), `${path}.${key}`);
  }
  return path;
}
