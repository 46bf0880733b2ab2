/**
 * The exam's memory on disk: one JSON line for each answer, on disk before the exam goes on. After kill -9 the
 * exam reads it and asks only what is not in it. A half line at the end, from a crash while writing, is cut off.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { GradusError } from '../kernel/errors.ts';
import type { Generator } from './exam-plan.ts';
import { examSettingsSchema, type ExamSettings } from './exam-settings.ts';
import type { Attempt, Subject } from './subject.ts';

export interface ExamStart {
  readonly kind: 'exam-started';
  readonly version: 1;
  readonly examId: string;
  readonly startedAtMs: number;
  readonly rootSeed: string;
  readonly commitment: string;
  readonly generators: readonly Generator[];
  readonly subject: Pick<Subject, 'model' | 'url' | 'settings'>;
  readonly settings: ExamSettings;
}

export interface JournalAnswer {
  readonly kind: 'answered';
  readonly family: string;
  readonly index: number;
  readonly sample: number;
  /** Wall time in ms that the exam has used so far, over all its processes. */
  readonly elapsedMs: number;
  readonly attempt: Attempt;
}

export const attemptSchema: z.ZodType<Attempt> = z.strictObject({
  outcome: z.enum(['answered', 'truncated', 'empty', 'refused', 'failed', 'timed-out']),
  text: z.string(),
  usage: z.strictObject({
    inputTokens: z.number(),
    outputTokens: z.number(),
    reasoningTokens: z.number(),
    isReported: z.boolean(),
  }),
  totalMs: z.number(),
  firstTokenMs: z.number().nullable(),
  retries: z.number(),
  fault: z.string().nullable(),
});

const startSchema: z.ZodType<ExamStart> = z.strictObject({
  kind: z.literal('exam-started'),
  version: z.literal(1),
  examId: z.string(),
  startedAtMs: z.number(),
  rootSeed: z.string(),
  commitment: z.string(),
  generators: z.array(z.strictObject({ name: z.string(), version: z.number(), fingerprint: z.string() })),
  subject: z.strictObject({
    model: z.string(),
    url: z.string(),
    settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
  settings: examSettingsSchema,
});

const answerSchema: z.ZodType<JournalAnswer> = z.strictObject({
  kind: z.literal('answered'),
  family: z.string(),
  index: z.number(),
  sample: z.number(),
  elapsedMs: z.number(),
  attempt: attemptSchema,
});

export interface Journal extends Disposable {
  /** What was in the file when it was opened. */
  readonly start: ExamStart | null;
  readonly answers: readonly JournalAnswer[];
  /** Returns when the line is on disk. */
  append(record: ExamStart | JournalAnswer): void;
}

/** Opens or creates a journal file. Throws `conflict` when a line in the middle is damaged. */
export function openJournal(path: string): Journal {
  const isNew = !existsSync(path);
  const text = isNew ? '' : readFileSync(path, 'utf8');
  const { start, answers, keptBytes } = readLines(text, path);
  const file = openSync(path, 'a');
  if (keptBytes < Buffer.byteLength(text)) ftruncateSync(file, keptBytes);
  if (isNew) syncFolder(dirname(path));
  return {
    start,
    answers,
    append(record) {
      const bytes = Buffer.from(`${JSON.stringify(record)}\n`, 'utf8');
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      fsyncSync(file);
    },
    [Symbol.dispose]() {
      closeSync(file);
    },
  };
}

function readLines(text: string, path: string): Pick<Journal, 'start' | 'answers'> & { keptBytes: number } {
  let start: ExamStart | null = null;
  const answers: JournalAnswer[] = [];
  let keptBytes = 0;
  // A line counts only with its line end: what comes after the last one was never finished.
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  lines.forEach((line, index) => {
    try {
      const json: unknown = JSON.parse(line);
      if (index === 0) start = startSchema.parse(json);
      else answers.push(answerSchema.parse(json));
    } catch (cause) {
      const message = `Line ${index + 1} of the journal ${path} is damaged.`;
      throw new GradusError('conflict', { message }, { cause });
    }
    keptBytes += Buffer.byteLength(line) + 1;
  });
  return { start, answers, keptBytes };
}

/** A new file's name is safe only when its folder is. Not every platform can sync a folder. */
function syncFolder(folder: string): void {
  let handle: number | null = null;
  try {
    handle = openSync(folder, 'r');
    fsyncSync(handle);
  } catch {
    // Windows opens no folders; its file system journals names itself.
  } finally {
    if (handle !== null) closeSync(handle);
  }
}
