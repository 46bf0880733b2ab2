/** From the parsed body of a raw completion to one request per prompt. */
import { GradusError } from '../../kernel/errors.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { toInputs } from '../prompt-list.ts';
import { toSampling, toStop } from '../sampling-request.ts';
import type { CompletionBody } from '../wire/completion.ts';

/** OpenAI's default for this endpoint; clients of it count on short answers. */
const defaultMaxTokens = 16;

/** Throws `unsupported-parameter` for combinations that cannot be honoured. */
export function toCompletionRequests(body: CompletionBody): readonly ResponseRequest[] {
  const choices = body.n ?? 1;
  if (body.best_of != null && body.best_of !== choices) {
    throw unsupported('best_of', 'must equal n, because answers are not ranked');
  }
  const prompts = toInputs(body.prompt);
  if (body.echo === true) {
    if (body.logprobs != null) throw unsupported('echo', 'log probabilities of the prompt are not supported');
    if (prompts.some((prompt) => typeof prompt !== 'string')) {
      throw unsupported('echo', 'prompts of token ids cannot be echoed; send texts');
    }
  }
  return prompts.map((prompt) => ({
    model: body.model,
    input: { kind: 'raw', prompt },
    tools: [],
    toolChoice: { kind: 'none' },
    parallelToolCalls: false,
    textFormat: { kind: 'text' },
    sampling: toSampling(body),
    stop: toStop(body.stop),
    maxOutputTokens: body.max_tokens ?? defaultMaxTokens,
    choices,
    ...(body.logprobs == null ? {} : { topLogprobs: body.logprobs }),
    reasoning: {},
    truncation: 'disabled',
    metadata: {},
  }));
}

/** What each choice's text starts with: its prompt when it is echoed. */
export function toEchoes(body: CompletionBody): readonly string[] {
  return toInputs(body.prompt).flatMap((prompt) =>
    Array.from({ length: body.n ?? 1 }, () =>
      body.echo === true && typeof prompt === 'string' ? prompt : '',
    ),
  );
}

function unsupported(param: string, text: string): GradusError {
  return new GradusError('unsupported-parameter', { message: `${param}: ${text}`, param });
}
