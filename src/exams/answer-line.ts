/** Tasks whose answer stands on one marked line: the sentence that asks for it, and graders for each kind. */
import type { JsonValue } from '../kernel/json.ts';
import type { RandomSource } from '../kernel/random.ts';
import type { ExamLanguage, Grade, Task } from './family.ts';
import { readAnswerArea, readDate, readInteger, readIntegerList, readSpelling } from './reading.ts';

/** The last sentence of a prompt, which asks for a marked answer of the given form. */
function askForLine(language: ExamLanguage, form: string): string {
  return language === 'en'
    ? `Finish with one line of this form: Answer: ${form}`
    : `最后请单独用一行写出结果，格式为：答案：${form}`;
}

/** A marked answer line. */
export function toAnswerLine(language: ExamLanguage, value: string | number | bigint): string {
  return language === 'en' ? `Answer: ${value}` : `答案：${value}`;
}

interface Question {
  readonly language: ExamLanguage;
  /** The question without the sentence that asks for the form. */
  readonly question: string;
  readonly puzzle: JsonValue;
}

export interface IntegerQuestion extends Question {
  readonly value: bigint;
  /** Wrong values that a careless solver would give; the neighbours of `value` are always added. */
  readonly slips?: readonly bigint[];
  readonly guess: (random: RandomSource) => bigint | number;
}

/** A task whose answer is one whole number. */
export function createIntegerTask(asked: IntegerQuestion): Task {
  const { language, value } = asked;
  const slips = [value + 1n, value - 1n, value * 10n + 1n, ...(asked.slips ?? [])];
  return createLineTask({
    ...asked,
    form: language === 'en' ? '<whole number>' : '<整数>',
    value: String(value),
    slips: slips.filter((slip) => slip !== value).map(String),
    guess: (random) => String(asked.guess(random)),
    read: (area) => {
      const reading = readInteger(area);
      return reading === null ? null : String(reading);
    },
  });
}

export interface DateQuestion extends Question {
  /** `YYYY-MM-DD` */
  readonly value: string;
  readonly slips: readonly string[];
  readonly guess: (random: RandomSource) => string;
}

/** A task whose answer is one calendar date. */
export function createDateTask(asked: DateQuestion): Task {
  return createLineTask({
    ...asked,
    form: asked.language === 'en' ? '<YYYY-MM-DD>' : '<年-月-日>',
    read: readDate,
  });
}

/** A task whose answer is a spelling; letter case and separators do not count. */
export function createSpellingTask(asked: DateQuestion): Task {
  return createLineTask({
    ...asked,
    form: asked.language === 'en' ? '<letters>' : '<文字>',
    read: readSpelling,
  });
}

export interface ListQuestion extends Question {
  readonly value: readonly number[];
  readonly slips: readonly (readonly number[])[];
  readonly guess: (random: RandomSource) => readonly number[];
}

/** A task whose answer is a list of whole numbers. */
export function createListTask(asked: ListQuestion): Task {
  const write = (list: readonly number[]): string => `[${list.join(', ')}]`;
  const value = write(asked.value);
  return createLineTask({
    ...asked,
    form: asked.language === 'en' ? '[<numbers>]' : '[<若干整数>]',
    value,
    slips: asked.slips.map(write).filter((slip) => slip !== value),
    guess: (random) => write(asked.guess(random)),
    read: (area) => {
      const list = readIntegerList(area);
      return list === null ? null : write(list);
    },
  });
}

export interface LineQuestion extends Question {
  /** The form as the prompt shows it, with a placeholder in angle brackets. */
  readonly form: string;
  /** The canonical right answer, or with `check` one right answer of several. */
  readonly value: string;
  readonly slips: readonly string[];
  readonly guess: (random: RandomSource) => string;
  /** Reads the answer area into canonical form; null when there is no answer in it. */
  readonly read: (area: string) => string | null;
  /** Says why a reading is wrong, or null when it is right; absent means equality with `value`. */
  readonly check?: (reading: string) => string | null;
}

/** A task with a marked answer line of any kind. */
export function createLineTask(asked: LineQuestion): Task {
  const { language, value } = asked;
  const check = asked.check ?? ((reading: string) => (reading === value ? null : 'another value'));
  return {
    messages: [{ role: 'user', content: `${asked.question}\n\n${askForLine(language, asked.form)}` }],
    puzzle: asked.puzzle,
    witness: toAnswerLine(language, value),
    nearMisses: asked.slips.map((slip) => toAnswerLine(language, slip)),
    guess: (random) => toAnswerLine(language, asked.guess(random)),
    grade: (answerText) => toGrade(asked.read(readAnswerArea(answerText)), check),
  };
}

function toGrade(reading: string | null, check: (reading: string) => string | null): Grade {
  if (reading === null) return { correct: false, reading, reason: 'no answer could be read' };
  const fault = check(reading);
  return { correct: fault === null, reading, reason: fault ?? 'right' };
}
