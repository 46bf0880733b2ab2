/** A field that is of the right type and still wrong, because of what stands beside it. */
import { GradusError } from '../kernel/errors.ts';

export function invalidField(param: string, text: string): GradusError {
  return new GradusError('invalid-request', { message: `${param}: ${text}`, param });
}
