/** An exam from a file of one's own questions: JSONL or CSV, each with a checker. Each question is asked once. */
import { z } from 'zod';
import { GradusError } from '../kernel/errors.ts';
import { parseCsv } from './csv.ts';
import { at, pickOne } from './dice.ts';
import type { ExamMessage, Family, Grade, Task } from './family.ts';
import { readAnswerArea, readInteger } from './reading.ts';
import { readWholeAnswer } from './whole-answer.ts';

const messageSchema: z.ZodType<ExamMessage> = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});

const lineSchema = z
  .strictObject({
    prompt: z.string().min(1).optional(),
    messages: z.array(messageSchema).min(1).optional(),
    answer: z.union([z.string(), z.number(), z.array(z.string()).min(1)]),
    /** How the answer is read and compared; default `text`. */
    checker: z.enum(['integer', 'number', 'text', 'choice', 'contains', 'regex', 'json']).default('text'),
    /** For `choice`: all options, the right one among them. */
    options: z.array(z.string()).min(2).optional(),
    /** For `number`: allowed distance; default 0. */
    tolerance: z.number().nonnegative().optional(),
    language: z.enum(['en', 'zh']).default('en'),
  })
  .refine((line) => (line.prompt === undefined) !== (line.messages === undefined), {
    message: 'give either prompt or messages',
  })
  .refine((line) => line.checker !== 'choice' || (line.options ?? []).includes(String(line.answer)), {
    path: ['options'],
    message: 'a choice needs options with the right answer among them',
  });

type Line = z.output<typeof lineSchema>;

/** A family of one rung from a file's text. `kind` is the file's ending. Throws `invalid-request` with the line. */
export function createCustomFamily(
  text: string,
  about: { readonly name: string; readonly kind: 'jsonl' | 'csv'; readonly level?: number },
): Family {
  const raw = about.kind === 'jsonl' ? readJsonLines(text) : readCsvLines(text);
  const lines = raw.map(({ value, number }) => {
    const parsed = lineSchema.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new GradusError('invalid-request', {
      message:
        `Line ${number}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.replaceAll(
          /\s+/gu,
          ' ',
        ),
    });
  });
  const [first] = lines;
  if (first === undefined)
    throw new GradusError('invalid-request', { message: 'The file has no questions.' });
  return {
    name: about.name,
    version: 1,
    level: about.level ?? 1,
    title: { en: about.name, zh: about.name },
    // The file decides the language of each question, so the family answers to any.
    languages: ['en', 'zh'],
    answerForm: 'whole',
    rungs: [{ size: 1, chance01: chanceOf(lines) }],
    lineCount: lines.length,
    createTask: ({ seed }) =>
      createLineTask(at(lines, Number(/^line-(\d+)$/u.exec(seed)?.[1] ?? '0') % lines.length)),
  };
}

/** What guessing gives: the mean over questions of one over the number of options. */
function chanceOf(lines: readonly Line[]): number {
  return (
    lines.reduce((sum, { options }) => sum + (options === undefined ? 0 : 1 / options.length), 0) /
    lines.length
  );
}

function createLineTask(line: Line): Task {
  const { prompt, messages, answer, options } = line;
  const witness = Array.isArray(answer) ? answer.join(' ') : String(answer);
  return {
    messages: messages ?? [{ role: 'user', content: prompt ?? '' }],
    puzzle: { answer, checker: line.checker },
    witness,
    nearMisses: options?.filter((option) => option !== answer) ?? [],
    guess: (random) => (options === undefined ? '' : pickOne(random, options)),
    grade: (text) => gradeLine(line, text),
  };
}

function gradeLine(line: Line, text: string): Grade {
  const { checker, answer } = line;
  const area = readAnswerArea(text);
  const compare = (reading: string | null, isRight: boolean): Grade =>
    reading === null || reading === ''
      ? { correct: false, reading: null, reason: 'no answer could be read' }
      : { correct: isRight, reading, reason: isRight ? 'right' : 'another value' };
  switch (checker) {
    case 'integer': {
      const value = readInteger(area);
      return compare(value === null ? null : String(value), String(value) === String(answer));
    }
    case 'number': {
      const found = area.replaceAll(',', '').match(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/giu) ?? [];
      const [only] = new Set(found);
      if (only === undefined || new Set(found).size !== 1) return compare(null, false);
      return compare(only, Math.abs(Number(only) - Number(answer)) <= (line.tolerance ?? 0));
    }
    case 'choice': {
      const named = (line.options ?? []).filter(
        (option) => toPlain(area) === toPlain(option) || containsWord(area, option),
      );
      return compare(named.length === 1 ? at(named, 0) : null, named[0] === answer);
    }
    case 'text':
      return compare(
        area,
        [answer].flat().some((right) => toPlain(area) === toPlain(String(right))),
      );
    case 'contains': {
      const whole = readWholeAnswer(text);
      return compare(
        whole.slice(0, 2000),
        [answer].flat().every((part) => whole.toLowerCase().includes(String(part).toLowerCase())),
      );
    }
    case 'regex': {
      const whole = readWholeAnswer(text).slice(0, 20_000);
      return compare(whole.slice(0, 2000), new RegExp(String(answer), 'u').test(whole));
    }
    case 'json':
      return compareJson(readWholeAnswer(text), String(answer), compare);
  }
}

function compareJson(
  text: string,
  answer: string,
  compare: (reading: string | null, isRight: boolean) => Grade,
): Grade {
  try {
    const reading = JSON.stringify(sortKeys(JSON.parse(text)));
    return compare(reading, reading === JSON.stringify(sortKeys(JSON.parse(answer))));
  } catch {
    return compare(null, false);
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sortKeys(entry)]),
  );
}

function toPlain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s"'“”‘’]+/gu, ' ')
    .replace(/[.。!！]+\s*$/u, '')
    .trim();
}

function containsWord(area: string, option: string): boolean {
  const [text, word] = [toPlain(area), toPlain(option)];
  const index = text.indexOf(word);
  if (index === -1) return false;
  if (/\p{Script=Han}/u.test(word)) return true;
  return !/\w/u.test(text[index - 1] ?? ' ') && !/\w/u.test(text[index + word.length] ?? ' ');
}

interface Raw {
  readonly value: unknown;
  readonly number: number;
}

function readJsonLines(text: string): Raw[] {
  return text.split('\n').flatMap((line, index): Raw[] => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      return [{ value, number: index + 1 }];
    } catch (cause) {
      throw new GradusError(
        'invalid-json',
        { message: `Line ${index + 1} is not well-formed JSON.` },
        { cause },
      );
    }
  });
}

/** The header names the fields; `options` holds them separated by `|`, empty cells are absent. */
function readCsvLines(text: string): Raw[] {
  const [header = [], ...rows] = parseCsv(text);
  return rows.map((cells, index) => {
    const entries = header.flatMap((key, column): [string, unknown][] => {
      const cell = cells[column] ?? '';
      if (cell === '') return [];
      if (key === 'options') return [[key, cell.split('|').map((option) => option.trim())]];
      return [[key, key === 'tolerance' ? Number(cell) : cell]];
    });
    return { value: Object.fromEntries(entries), number: index + 2 };
  });
}
