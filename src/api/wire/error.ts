/** The body of every failure, as OpenAI's clients read it, with our codes in snake case. */
import { z } from 'zod';
import type { GradusError } from '../../kernel/errors.ts';

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

export const errorBody: z.ZodType<ErrorBody> = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
});

/** The message with its advice. Codes become snake case: clients compare with `context_length_exceeded`. */
export function toErrorBody(error: GradusError): ErrorBody {
  return {
    error: {
      message: `${error.message.replace(/([^.!?])$/, '$1.')} ${error.kind.advice}`,
      type: error.kind.type,
      param: error.details.param ?? null,
      code: error.code.replaceAll('-', '_'),
    },
  };
}
