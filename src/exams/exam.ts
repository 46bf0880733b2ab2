/**
 * Runs an exam: asks fresh items until every family has its verdict or the budget is used, and remembers each
 * answer in a journal before it goes on.
 */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import { toCanonicalJson } from '../kernel/json.ts';
import { parse } from '../kernel/schema.ts';
import { chooseFamilies, commit, describeGenerators } from './exam-plan.ts';
import { examSettingsSchema, type ExamSettings, type ExamSettingsInput } from './exam-settings.ts';
import type { Family, Grade } from './family.ts';
import { FamilyProgress, type Slot, type Verdict } from './family-progress.ts';
import type { ExamStart, Journal } from './journal.ts';
import { addSpend, isWithinBudget, noSpend, type Spend } from './spend.ts';
import type { Attempt, Subject } from './subject.ts';

export type ExamEvent =
  | {
      readonly kind: 'exam-started';
      readonly commitment: string;
      readonly isResumed: boolean;
      readonly answers: number;
    }
  | {
      readonly kind: 'item-graded';
      readonly family: string;
      readonly itemId: string;
      readonly attempt: Attempt;
      readonly grade: Grade;
      readonly successes: number;
      readonly n: number;
      readonly verdict: Verdict;
      readonly spend: Spend;
    }
  | { readonly kind: 'budget-used'; readonly spend: Spend };

export interface ExamOptions {
  readonly settings: ExamSettingsInput;
  readonly families: readonly Family[];
  readonly subject: Subject;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Used for a new exam only; a journal that has begun brings its own. */
  readonly rootSeed: string;
  readonly examId: string;
  readonly concurrency?: number;
  readonly onEvent?: (event: ExamEvent) => void;
  readonly signal?: AbortSignal;
}

export interface ExamResult {
  readonly start: ExamStart;
  readonly progress: readonly FamilyProgress[];
  readonly families: readonly Family[];
}

/** After so many failed calls in a row the endpoint is broken, and a rate would be a lie. */
const failuresInARow = 5;

/**
 * Runs or resumes an exam to its end. Throws `conflict` when the journal belongs to another exam,
 * `engine-unreachable` when the endpoint only fails, and `cancelled` when the signal is aborted; in each case
 * the journal can be resumed.
 */
export async function runExam(options: ExamOptions): Promise<ExamResult> {
  const settings = parse(examSettingsSchema, options.settings);
  const families = chooseFamilies(settings, options.families);
  const start = openExam(options, settings, families);
  const progress = families.map((family) => new FamilyProgress(family, settings, start.rootSeed));
  const run = new ExamRun(options, settings, start, progress);
  await run.finish();
  return { start, progress, families };
}

/** Writes the start of a new exam, or checks that the journal's start is of this one. */
function openExam(options: ExamOptions, settings: ExamSettings, families: readonly Family[]): ExamStart {
  const { journal, subject } = options;
  const rootSeed = journal.start?.rootSeed ?? options.rootSeed;
  const generators = [...describeGenerators(families, settings)];
  const about = { model: subject.model, url: subject.url, settings: { ...subject.settings } };
  const commitment = commit({ rootSeed, generators, subject: about, settings });
  if (journal.start !== null) {
    if (journal.start.commitment !== commitment) {
      throw new GradusError('conflict', {
        message:
          'The journal belongs to an exam with another model, other settings or other generators; use a new file.',
        data: { expected: commitment, found: journal.start.commitment },
      });
    }
    return journal.start;
  }
  const start: ExamStart = {
    kind: 'exam-started',
    version: 1,
    examId: options.examId,
    startedAtMs: options.clock.nowMs(),
    rootSeed,
    commitment,
    generators,
    subject: about,
    settings,
  };
  journal.append(start);
  return start;
}

class ExamRun {
  readonly #options: ExamOptions;
  readonly #settings: ExamSettings;
  readonly #start: ExamStart;
  readonly #progress: readonly FamilyProgress[];
  readonly #startedMs: number;
  #spend: Spend = noSpend;
  #earlierMs = 0;
  #nextFamily = 0;
  #failures: { slot: Slot; attempt: Attempt }[] = [];
  #isBudgetTold = false;

  constructor(
    options: ExamOptions,
    settings: ExamSettings,
    start: ExamStart,
    progress: readonly FamilyProgress[],
  ) {
    this.#options = options;
    this.#settings = settings;
    this.#start = start;
    this.#progress = progress;
    this.#startedMs = options.clock.monotonicMs();
    this.#replay();
  }

  /** Keeps `concurrency` questions in flight until there is nothing more to ask. */
  async finish(): Promise<void> {
    const { concurrency = 1 } = this.#options;
    const stop = new AbortController();
    const signal =
      this.#options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, this.#options.signal]);
    const flying = new Set<Promise<void>>();
    try {
      for (;;) {
        if (this.#options.signal?.aborted === true) {
          throw new GradusError('cancelled', { message: 'The exam was cancelled.' });
        }
        for (let slot = flying.size < concurrency ? this.#take() : null; slot !== null;) {
          const flight: Promise<void> = this.#ask(slot, signal).finally(() => flying.delete(flight));
          flying.add(flight);
          slot = flying.size < concurrency ? this.#take() : null;
        }
        if (flying.size === 0) break;
        await Promise.race(flying);
      }
      this.#settleFailures();
    } finally {
      stop.abort();
      await Promise.allSettled(flying);
    }
  }

  /** Takes families in turn, so that a small budget tells something about each of them. */
  #take(): Slot | null {
    if (!isWithinBudget(this.#spend, this.#elapsedMs(), this.#settings)) {
      if (!this.#isBudgetTold) this.#options.onEvent?.({ kind: 'budget-used', spend: this.#spend });
      this.#isBudgetTold = true;
      return null;
    }
    for (let tried = 0; tried < this.#progress.length; tried++) {
      const family = this.#progress[this.#nextFamily];
      this.#nextFamily = (this.#nextFamily + 1) % this.#progress.length;
      const slot = family?.take() ?? null;
      if (slot !== null) return slot;
    }
    return null;
  }

  async #ask(slot: Slot, signal: AbortSignal): Promise<void> {
    const key = `${this.#start.examId}/${slot.family.name}/${slot.index}/${slot.sample}`;
    const { messages } = slot.item;
    const attempt = await this.#options.subject.ask({ messages, idempotencyKey: key, signal });
    if (attempt.outcome !== 'failed') {
      this.#settleFailures();
      this.#keep(slot, attempt);
      return;
    }
    // Failures are kept back until the endpoint answers again: an outage is no result.
    this.#failures.push({ slot, attempt });
    if (this.#failures.length >= failuresInARow) {
      throw new GradusError('engine-unreachable', {
        message: `The endpoint failed ${failuresInARow} times in a row; the last time: ${attempt.fault ?? 'no reason given'}.`,
      });
    }
  }

  #settleFailures(): void {
    const failures = this.#failures;
    this.#failures = [];
    for (const { slot, attempt } of failures) this.#keep(slot, attempt);
  }

  /** Journal first, then memory: what is counted is on disk. */
  #keep({ family, index, sample, item }: Slot, attempt: Attempt): void {
    const elapsedMs = Math.round(this.#elapsedMs());
    this.#options.journal.append({
      kind: 'answered',
      family: family.name,
      index,
      sample,
      elapsedMs,
      attempt,
    });
    const progress = this.#progress.find((candidate) => candidate.family === family);
    if (progress === undefined) throw new Error(`no progress for ${family.name}`);
    const grade = progress.record(index, sample, attempt);
    this.#spend = addSpend(this.#spend, attempt.usage, this.#settings.prices);
    const { count, verdict } = progress;
    this.#options.onEvent?.({
      kind: 'item-graded',
      family: family.name,
      itemId: item.id,
      attempt,
      grade,
      ...count,
      verdict,
      spend: this.#spend,
    });
  }

  #replay(): void {
    const { journal, onEvent } = this.#options;
    const seen = new Set<string>();
    for (const { family, index, sample, elapsedMs, attempt } of journal.answers) {
      const key = toCanonicalJson([family, index, sample]);
      const progress = this.#progress.find((candidate) => candidate.family.name === family);
      if (progress === undefined || seen.has(key)) continue;
      seen.add(key);
      progress.record(index, sample, attempt);
      this.#spend = addSpend(this.#spend, attempt.usage, this.#settings.prices);
      this.#earlierMs = Math.max(this.#earlierMs, elapsedMs);
    }
    onEvent?.({
      kind: 'exam-started',
      commitment: this.#start.commitment,
      isResumed: journal.start !== null,
      answers: seen.size,
    });
  }

  #elapsedMs(): number {
    return this.#earlierMs + this.#options.clock.monotonicMs() - this.#startedMs;
  }
}
