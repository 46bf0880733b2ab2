/** Levels name parameters as chat completions do; a caller of this dialect knows them by other names. */
import { GradusError, toGradusError } from '../../kernel/errors.ts';

const names: Readonly<Record<string, string>> = {
  reasoning_effort: 'reasoning.effort',
  response_format: 'text.format',
  max_completion_tokens: 'max_output_tokens',
};

/** Hands on what `work` gives; its failure names the parameter as this dialect does. */
export async function withResponseNames<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw toResponseNames(toGradusError(thrown));
  }
}

export function toResponseNames(error: GradusError): GradusError {
  const { param, message } = error.details;
  const name = param === undefined ? undefined : names[param];
  if (param === undefined || name === undefined) return error;
  return new GradusError(
    error.code,
    { ...error.details, param: name, message: message.replace(param, name) },
    { cause: error },
  );
}
