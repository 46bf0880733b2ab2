/** How far one family of an exam is: its answers in order, its verdict, and whether it may ask for more. */
import type { ExamSettings } from './exam-settings.ts';
import { createPlannedItem } from './exam-plan.ts';
import type { Family, Grade, Item } from './family.ts';
import type { Attempt } from './subject.ts';
import { toFixedRate, toStoppedRate, type Rate } from './statistics/rate.ts';
import { isOpenWhatever, type Count } from './statistics/sequential.ts';

export type Verdict = 'shown' | 'not-shown' | 'undecided';

export interface Sample {
  readonly attempt: Attempt;
  readonly grade: Grade;
}

export interface AskedItem {
  readonly index: number;
  readonly item: Item;
  /** By sample number; all are there once the item is complete. */
  readonly samples: Sample[];
}

export interface Slot {
  readonly family: Family;
  readonly index: number;
  readonly sample: number;
  readonly item: Item;
}

/**
 * Answers may arrive in any order; verdicts are taken on the unbroken run from the first item on, so that the
 * order of arrival changes nothing.
 */
export class FamilyProgress {
  readonly family: Family;
  readonly #settings: ExamSettings;
  readonly #rootSeed: string;
  readonly #items: AskedItem[] = [];
  readonly #open = new Set<string>();
  #count: Count = { successes: 0, n: 0 };
  #verdict: Verdict = 'undecided';

  constructor(family: Family, settings: ExamSettings, rootSeed: string) {
    this.family = family;
    this.#settings = settings;
    this.#rootSeed = rootSeed;
  }

  /** Complete items from the first on. */
  get items(): readonly AskedItem[] {
    return this.#items.slice(0, this.#count.n);
  }

  get count(): Count {
    return this.#count;
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  /** The next question to ask, or null when none is certain to be needed now. Reserves it. */
  take(): Slot | null {
    const { samples, fixedItems, minItems, target01, alpha } = this.#settings;
    for (const { index, item } of this.#items) {
      for (let sample = 0; sample < samples; sample++) {
        if (this.#isMissing(index, sample))
          return this.#reserve({ family: this.family, index, sample, item });
      }
    }
    if (this.#verdict !== 'undecided' || this.#items.length >= this.#limit()) return null;
    const rule = { target01, alpha, minimumTrials: minItems };
    const inFlight = this.#items.length - this.#count.n;
    if (fixedItems === null && !isOpenWhatever(this.#count, inFlight, rule)) return null;
    const index = this.#items.length;
    const item = createPlannedItem(this.family, index, this.#settings, this.#rootSeed);
    this.#items.push({ index, item, samples: [] });
    return this.#reserve({ family: this.family, index, sample: 0, item });
  }

  /** Records an answer and moves the verdict. */
  record(index: number, sample: number, attempt: Attempt): Grade {
    while (this.#items.length <= index) {
      const next = this.#items.length;
      const item = createPlannedItem(this.family, next, this.#settings, this.#rootSeed);
      this.#items.push({ index: next, item, samples: [] });
    }
    const asked = this.#items[index];
    if (asked === undefined) throw new RangeError(`no item ${index}`);
    const grade = gradeAttempt(asked.item, attempt);
    asked.samples[sample] = { attempt, grade };
    this.#open.delete(`${index}/${sample}`);
    this.#advance();
    return grade;
  }

  /** Gives back a question that was not asked after all. */
  release(slot: Slot): void {
    this.#open.delete(`${slot.index}/${slot.sample}`);
  }

  /** The most items that this family is asked. */
  #limit(): number {
    const { maxItems, fixedItems } = this.#settings;
    return Math.min(fixedItems ?? maxItems, this.family.lineCount ?? Infinity);
  }

  #isMissing(index: number, sample: number): boolean {
    return this.#items[index]?.samples[sample] === undefined && !this.#open.has(`${index}/${sample}`);
  }

  #reserve(slot: Slot): Slot {
    this.#open.add(`${slot.index}/${slot.sample}`);
    return slot;
  }

  #advance(): void {
    const { samples, fixedItems, minItems, target01 } = this.#settings;
    const decisionFrom = Math.min(fixedItems ?? minItems, this.#limit());
    for (;;) {
      const next = this.#items[this.#count.n];
      if (next === undefined || !isComplete(next, samples)) return;
      const right = next.samples[0]?.grade.correct === true ? 1 : 0;
      this.#count = { successes: this.#count.successes + right, n: this.#count.n + 1 };
      if (this.#count.n < decisionFrom) continue;
      this.#verdict = toVerdict(rateOf(this.#count, this.#settings), target01);
    }
  }
}

/** The rate with the interval that fits how the sample ended: fixed before, or stopped by what it showed. */
export function rateOf({ successes, n }: Count, { fixedItems, alpha }: ExamSettings): Rate {
  return fixedItems === null ? toStoppedRate(successes, n, alpha) : toFixedRate(successes, n, alpha);
}

/** Decided when the whole interval lies on one side of the target. */
function toVerdict({ interval: [low, high] }: Rate, target01: number): Verdict {
  return low > target01 ? 'shown' : high < target01 ? 'not-shown' : 'undecided';
}

/** Only a full answer can be right; a cut one may hold a right line by luck of where it was cut. */
function gradeAttempt(item: Item, attempt: Attempt): Grade {
  if (attempt.outcome !== 'answered') return { correct: false, reading: null, reason: attempt.outcome };
  return item.grade(attempt.text);
}

function isComplete(asked: AskedItem, samples: number): boolean {
  for (let sample = 0; sample < samples; sample++) if (asked.samples[sample] === undefined) return false;
  return true;
}
