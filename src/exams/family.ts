/**
 * The contract of an exam family. A family makes items of a difficulty (rung) from a seed and grades
 * answers exactly: item = f(family, version, language, rung, seed), and nothing else goes in.
 */
import { createHash } from 'node:crypto';
import type { JsonValue } from '../kernel/json.ts';
import type { RandomSource } from '../kernel/random.ts';

export type ExamLanguage = 'en' | 'zh';

export interface ExamMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface Grade {
  readonly correct: boolean;
  /** What was read as the answer, in canonical form; null when nothing could be read. */
  readonly reading: string | null;
  /** `right`, or in a few words why not. */
  readonly reason: string;
}

/** What a generator makes: the question, and everything needed to grade and to test the grader. */
export interface Task {
  readonly messages: readonly ExamMessage[];
  /** The question as data, so that a second solver and other harnesses need not parse the prompt. */
  readonly puzzle: JsonValue;
  /** An answer by the reference solver; grade(witness) is correct. */
  readonly witness: string;
  /** Answers that look right and are wrong; grade says so for each. */
  readonly nearMisses: readonly string[];
  /** A random answer in a valid form, from somebody who understood the form but not the question. */
  guess(random: RandomSource): string;
  /** Grades the whole text of an answer, thinking included. Never throws. */
  grade(answerText: string): Grade;
}

export interface TaskRequest {
  readonly language: ExamLanguage;
  /** 1-based index into the family's rungs. */
  readonly rung: number;
  readonly random: RandomSource;
  /** The item's seed as text, for families that read their items from a file. */
  readonly seed: string;
}

export interface Rung {
  /** The family's own measure of difficulty (steps, entities, digits); grows from rung to rung. */
  readonly size: number;
  /** Upper bound on the success rate of the best null agent at this rung. */
  readonly chance01: number;
}

export interface Family {
  /** kebab-case, unique. */
  readonly name: string;
  /** Grows with every change that changes an item or a grade. */
  readonly version: number;
  /** The level that this family examines. */
  readonly level: number;
  readonly title: Readonly<Record<ExamLanguage, string>>;
  readonly languages: readonly ExamLanguage[];
  readonly rungs: readonly Rung[];
  /** `line`: the answer stands on a marked line; `whole`: the whole text is the answer. */
  readonly answerForm: 'line' | 'whole';
  /**
   * For a family that reads a finite list of questions: how many there are. Their seeds are `line-0`, `line-1`
   * and so on, each asked at most once, in an order drawn by the root seed.
   */
  readonly lineCount?: number;
  createTask(request: TaskRequest): Task;
}

export interface ItemKey {
  readonly language: ExamLanguage;
  readonly rung: number;
  /** Any text; the same text gives the same item for ever. */
  readonly seed: string;
}

export interface Item extends Task, ItemKey {
  /** `family@version/language/rung/seed` */
  readonly id: string;
  readonly family: string;
  readonly version: number;
}

/** Makes one item. Throws RangeError for a rung or language that the family does not have. */
export function createItem(family: Family, key: ItemKey): Item {
  if (family.rungs[key.rung - 1] === undefined) {
    throw new RangeError(`${family.name} has rungs 1 to ${family.rungs.length}, not ${key.rung}`);
  }
  if (!family.languages.includes(key.language)) {
    throw new RangeError(`${family.name} has no items in ${key.language}`);
  }
  const random = createNamedRandom(`${family.name}@${family.version}/${key.rung}/${key.seed}`);
  const task = family.createTask({ language: key.language, rung: key.rung, random, seed: key.seed });
  const id = `${family.name}@${family.version}/${key.language}/${key.rung}/${key.seed}`;
  return { ...task, ...key, id, family: family.name, version: family.version };
}

/**
 * A sequential random source from any text: SHA-256 of the text and a counter, 32 bits at a time. Exams keep a
 * source of their own, by a public standard: an item must stay the same for ever, whatever the kernel's becomes.
 */
export function createNamedRandom(name: string): RandomSource {
  let block = Buffer.alloc(0);
  let offset = 0;
  let counter = 0;
  return {
    next01() {
      if (offset === block.length) {
        block = createHash('sha256').update(`${name}\n${counter++}`, 'utf8').digest();
        offset = 0;
      }
      const value = block.readUInt32BE(offset) / 2 ** 32;
      offset += 4;
      return value;
    },
  };
}

/** The hash of what the examined sees; stored in reports so that a third party can compare items. */
export function hashMessages(messages: readonly ExamMessage[]): string {
  const text = messages.map((message) => `${message.role}\n${message.content}\n`).join('\n');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
