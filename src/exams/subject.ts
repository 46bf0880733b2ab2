/** The contract of what is examined: something that answers messages. Exams know nothing else about it. */
import type { ExamMessage } from './family.ts';

/** Each is counted for itself; only `answered` can be right. */
export type Outcome = 'answered' | 'truncated' | 'empty' | 'refused' | 'failed' | 'timed-out';

export const outcomes: readonly Outcome[] = [
  'answered',
  'truncated',
  'empty',
  'refused',
  'failed',
  'timed-out',
];

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `outputTokens`; 0 when the endpoint does not say. */
  readonly reasoningTokens: number;
  /** False when the endpoint reported nothing and the numbers are our own estimate from the text. */
  readonly isReported: boolean;
}

export interface Attempt {
  readonly outcome: Outcome;
  readonly text: string;
  readonly usage: TokenUsage;
  readonly totalMs: number;
  /** Time to the first piece of text or thought; null when none came. */
  readonly firstTokenMs: number | null;
  /** Calls that the endpoint turned away (429, 503, no connection) before this one was taken. */
  readonly retries: number;
  /** For `failed`, `refused` and `timed-out`: what happened, in one line without secrets. */
  readonly fault: string | null;
}

export interface Question {
  readonly messages: readonly ExamMessage[];
  /** The same key for the same question of the same exam, so that an endpoint can recognise a repeat. */
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

export interface Subject {
  readonly model: string;
  /** Where it answers, without credentials. */
  readonly url: string;
  /** Everything that may change an answer, for the commitment and the report. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Never throws for what an endpoint does; throws `cancelled` when the signal is aborted. */
  ask(question: Question): Promise<Attempt>;
}
