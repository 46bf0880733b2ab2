/** The finish reasons of a run that came to its end. A cancelled choice is a failure, not an answer. */
import { GradusError } from '../kernel/errors.ts';
import type { LevelResult } from '../kernel/event.ts';
import type { WireFinishReason } from './wire/usage.ts';

export function requireFinished(result: LevelResult): readonly WireFinishReason[] {
  return result.finishReasons.map((reason) => {
    if (reason === 'cancelled') {
      throw new GradusError('cancelled', { message: 'The answer was cancelled before its end.' });
    }
    return reason;
  });
}
