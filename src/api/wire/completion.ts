/** The body of POST /v1/completions (raw prompts) and its answers, as OpenAI defines them. */
import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';
import {
  jsonObject,
  labelFields,
  list,
  optional,
  refused,
  samplingFields,
  streamOptions,
  type LabelBody,
  type SamplingBody,
  type StreamOptionsBody,
} from './parameter.ts';
import { finishReason, usage, type WireFinishReason, type WireUsage } from './usage.ts';

const tokens = z.array(z.int().min(0)).min(1).max(1_000_000);

/** More prompts in one body than this would wait for one another anyway. */
const maxPrompts = 128;

export interface CompletionBody extends SamplingBody, LabelBody {
  readonly model: string;
  readonly prompt: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: StreamOptionsBody | null | undefined;
  readonly max_tokens?: number | null | undefined;
  readonly echo?: boolean | null | undefined;
  readonly logprobs?: number | null | undefined;
  readonly best_of?: number | null | undefined;
}

export interface LegacyLogprobs {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
  readonly text_offset: readonly number[];
}

export interface Completion {
  readonly id: string;
  readonly object: 'text_completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text: string;
    readonly logprobs: LegacyLogprobs | null;
    readonly finish_reason: WireFinishReason | null;
  }[];
  readonly usage?: WireUsage | null | undefined;
  readonly system_fingerprint: string;
  readonly gradus?: JsonObject | undefined;
}

export const completionRequest: z.ZodType<CompletionBody> = z.strictObject({
  model: z.string().min(1).max(512).describe('An id of GET /v1/models.'),
  prompt: z
    .union(
      [
        z.string(),
        list(z.string(), { min: 1, max: maxPrompts }),
        tokens,
        list(tokens, { min: 1, max: maxPrompts }),
      ],
      {
        error: `expected a text, a list of token ids, or a list of at most ${maxPrompts} of either`,
      },
    )
    .describe('What the model goes on with.'),
  stream: optional(z.boolean(), 'Send the answer as server-sent events while it grows.'),
  stream_options: streamOptions,
  ...samplingFields,
  max_tokens: optional(z.int().min(1), 'Upper limit for sampled tokens per answer. Default 16.'),
  echo: optional(z.boolean(), 'Put the prompt before the answer. Texts only, and not with logprobs.'),
  logprobs: optional(
    z.int().min(0).max(20),
    'How many alternatives to give beside the log probability of each token.',
  ),
  best_of: optional(z.int().min(1).max(128), 'Must equal `n`: answers are not ranked.'),
  suffix: refused('insertion before a suffix is not supported'),
  ...labelFields,
});

const legacyLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.int()),
});

export const completion: z.ZodType<Completion> = z.object({
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      text: z.string(),
      logprobs: legacyLogprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usage.nullable().optional(),
  system_fingerprint: z.string(),
  gradus: jsonObject.optional(),
});
