/**
 * What an endpoint streams, read leniently: the fields that are used must have their type, all others are
 * ignored. Chunks of chat, of raw completions, and whole answers give the same pieces.
 */
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import type { TokenLogprob, TokenLogprobs } from '../../kernel/item.ts';

export interface CallPiece {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

export interface ChoicePiece {
  readonly choice: number;
  readonly text: string;
  readonly thought: string;
  /** The endpoint declined to answer; `text` says why. */
  readonly isRefusal: boolean;
  readonly logprobs: readonly TokenLogprobs[] | undefined;
  readonly tokenIds: readonly number[] | undefined;
  readonly calls: readonly CallPiece[];
  readonly finish: string | undefined;
}

export interface UsagePiece {
  readonly inputTokens: number;
  readonly outputTokens: number | undefined;
  readonly cachedTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
}

export interface StreamPiece {
  readonly choices: readonly ChoicePiece[];
  readonly usage: UsagePiece | undefined;
}

/** An error object that stands where a chunk should; the caller knows what to make of it. */
export interface StreamError {
  readonly error: unknown;
}

/** Reads the data of one server-sent event, or a whole answer. Throws `engine-failed` when it is not one. */
export function parseWireChunk(data: string): StreamPiece | StreamError {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch (cause) {
    throw new GradusError(
      'engine-failed',
      { message: `The endpoint sent something that is not JSON: ${data.slice(0, 120)}` },
      { cause },
    );
  }
  const chunk = readChunk(json);
  if (chunk.error !== undefined && chunk.error !== null) return { error: chunk.error };
  if (chunk.object === 'error') return { error: json };
  return {
    choices: (chunk.choices ?? []).map((choice, position) => toChoicePiece(choice, position)),
    usage: chunk.usage === undefined || chunk.usage === null ? undefined : toUsagePiece(chunk.usage),
  };
}

/** Whether a piece carries anything that a reader sees or must know; role-only chunks do not. */
export function isMeaningful(piece: StreamPiece): boolean {
  return piece.choices.some(
    (choice) =>
      choice.text !== '' || choice.thought !== '' || choice.calls.length > 0 || choice.finish !== undefined,
  );
}

const contentPart = z.object({
  type: z.string().nullish(),
  text: z.string().nullish(),
  /** Some endpoints put the thought into the content, as a part of parts. */
  thinking: z.union([z.string(), z.array(z.object({ text: z.string().nullish() }))]).nullish(),
});
const functionSchema = z.object({
  name: z.string().nullish(),
  /** Text by the standard; some endpoints send the object itself. */
  arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
});
const deltaSchema = z.object({
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z
    .array(
      z.object({ index: z.int().nullish(), id: z.string().nullish(), function: functionSchema.nullish() }),
    )
    .nullish(),
  function_call: functionSchema.nullish(),
});
const tokenSchema = z.object({
  token: z.string(),
  logprob: z.number().nullish(),
  bytes: z.array(z.int()).nullish(),
});
const logprobsSchema = z.object({
  content: z.array(tokenSchema.extend({ top_logprobs: z.array(tokenSchema).nullish() })).nullish(),
  tokens: z.array(z.string()).nullish(),
  token_logprobs: z.array(z.number().nullish()).nullish(),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullish()).nullish(),
});
const choiceSchema = z.object({
  index: z.int().nullish(),
  delta: deltaSchema.nullish(),
  message: deltaSchema.nullish(),
  text: z.string().nullish(),
  finish_reason: z.string().nullish(),
  logprobs: logprobsSchema.nullish(),
  token_ids: z.array(z.int()).nullish(),
});
const usageSchema = z.object({
  prompt_tokens: z.number().nullish(),
  completion_tokens: z.number().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
});
const chunkSchema = z.object({
  object: z.string().nullish(),
  choices: z.array(choiceSchema).nullish(),
  usage: usageSchema.nullish(),
  error: z.unknown().optional(),
});

function readChunk(json: unknown): z.output<typeof chunkSchema> {
  const result = chunkSchema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new GradusError(
    'engine-failed',
    {
      message: `The endpoint sent a chunk that is not as expected at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    },
    { cause: result.error },
  );
}

function toChoicePiece(choice: z.output<typeof choiceSchema>, position: number): ChoicePiece {
  const delta = choice.delta ?? choice.message ?? {};
  const content = readContent(delta.content);
  const refusal = delta.refusal ?? '';
  return {
    choice: choice.index ?? position,
    text: choice.text ?? (content.text === '' ? refusal : content.text),
    thought: delta.reasoning_content ?? delta.reasoning ?? content.thought,
    isRefusal: refusal !== '',
    logprobs: toLogprobs(choice.logprobs),
    tokenIds: choice.token_ids ?? undefined,
    calls: readCalls(delta),
    finish: choice.finish_reason ?? undefined,
  };
}

function readContent(content: z.output<typeof deltaSchema>['content']): { text: string; thought: string } {
  if (typeof content === 'string') return { text: content, thought: '' };
  let text = '';
  let thought = '';
  for (const part of content ?? []) {
    text += part.text ?? '';
    if (typeof part.thinking === 'string') thought += part.thinking;
    else for (const inner of part.thinking ?? []) thought += inner.text ?? '';
  }
  return { text, thought };
}

function readCalls(delta: z.output<typeof deltaSchema>): readonly CallPiece[] {
  const calls = delta.tool_calls ?? [];
  const legacy = delta.function_call;
  const all =
    calls.length === 0 && legacy !== undefined && legacy !== null
      ? [{ index: 0, id: undefined, function: legacy }]
      : calls;
  return all.map(({ index, id, function: called }) => ({
    index: index ?? undefined,
    id: id === '' ? undefined : (id ?? undefined),
    name: called?.name === '' ? undefined : (called?.name ?? undefined),
    arguments: typeof called?.arguments === 'string' ? called.arguments : toJsonText(called?.arguments),
  }));
}

function toJsonText(value: Readonly<Record<string, unknown>> | null | undefined): string {
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

/** Log-probabilities below any that matter: some endpoints send -Infinity as null or a huge number. */
const leastLogprob = -9999;
const encoder = new TextEncoder();

function toLogprobs(
  logprobs: z.output<typeof logprobsSchema> | null | undefined,
): readonly TokenLogprobs[] | undefined {
  if (logprobs?.content !== undefined && logprobs.content !== null) {
    return logprobs.content.map((entry) => ({
      ...toLogprob(entry.token, entry.logprob, entry.bytes),
      top_logprobs: (entry.top_logprobs ?? []).map((top) => toLogprob(top.token, top.logprob, top.bytes)),
    }));
  }
  const tokens = logprobs?.tokens;
  if (tokens === undefined || tokens === null) return undefined;
  return tokens.map((token, i) => ({
    ...toLogprob(token, logprobs?.token_logprobs?.[i]),
    top_logprobs: Object.entries(logprobs?.top_logprobs?.[i] ?? {})
      .map(([other, logprob]) => toLogprob(other, logprob))
      .sort((a, b) => b.logprob - a.logprob),
  }));
}

function toLogprob(
  token: string,
  logprob: number | null | undefined,
  bytes?: readonly number[] | null,
): TokenLogprob {
  return {
    token,
    logprob: Math.min(0, Math.max(leastLogprob, logprob ?? leastLogprob)),
    bytes: bytes ?? [...encoder.encode(token)],
  };
}

function toUsagePiece(usage: z.output<typeof usageSchema>): UsagePiece | undefined {
  if (usage.prompt_tokens === undefined || usage.prompt_tokens === null) return undefined;
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens ?? undefined,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? undefined,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? undefined,
  };
}
