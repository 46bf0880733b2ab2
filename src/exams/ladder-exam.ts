/**
 * Climbs one family's rungs adaptively: about two dozen items tell how hard a task may be for a subject to solve
 * it half of the time, or in four of five cases. Its items never enter a plain rate.
 */
import type { Family } from './family.ts';
import { createItem, type ExamLanguage } from './family.ts';
import type { Subject } from './subject.ts';
import { climb, difficultyAt, type LadderAnswer, type LadderState } from './statistics/ladder.ts';

export interface LadderResult {
  readonly family: string;
  readonly items: number;
  /** On the scale of rung numbers, which may lie below the first or above the last rung. */
  readonly ability: number;
  readonly standardError: number;
  /** The rung that is solved half of the time. */
  readonly rungAtHalf: number;
  /** The rung that is solved in four of five cases. */
  readonly rungAtFourFifths: number;
  readonly answers: readonly LadderAnswer[];
}

export interface LadderExamOptions {
  readonly family: Family;
  readonly subject: Subject;
  readonly language: ExamLanguage;
  readonly rootSeed: string;
  /** Default 25. */
  readonly maxItems?: number;
  /** Default 0.45 of a rung, at rungs one apart. */
  readonly standardError?: number;
  readonly signal?: AbortSignal;
  readonly onState?: (state: LadderState, answers: number) => void;
}

/** One step a rung on the ability scale; steepness 1.5 as in the simulations of the statistics' tests. */
export async function runLadder(options: LadderExamOptions): Promise<LadderResult> {
  const { family, subject, language, rootSeed, maxItems = 25, standardError = 0.45 } = options;
  const scale = {
    difficulties: family.rungs.map((_, index) => index + 1),
    chances01: family.rungs.map(({ chance01 }) => chance01),
  };
  const answers: LadderAnswer[] = [];
  let state = climb(scale, answers);
  while (answers.length < maxItems && state.standardError > standardError) {
    const index = answers.length;
    const item = createItem(family, { language, rung: state.nextRung, seed: `ladder/${rootSeed}/${index}` });
    const attempt = await subject.ask({
      messages: item.messages,
      idempotencyKey: `ladder/${rootSeed}/${family.name}/${index}`,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const isCorrect = attempt.outcome === 'answered' && item.grade(attempt.text).correct;
    answers.push({ rung: state.nextRung, isCorrect });
    state = climb(scale, answers);
    options.onState?.(state, answers.length);
  }
  return {
    family: family.name,
    items: answers.length,
    ability: state.ability,
    standardError: state.standardError,
    rungAtHalf: difficultyAt(state.ability, 0.5),
    rungAtFourFifths: difficultyAt(state.ability, 0.8),
    answers,
  };
}
