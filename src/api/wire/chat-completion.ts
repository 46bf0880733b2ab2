/** The body of POST /v1/chat/completions and its answers, as OpenAI defines them. */
import { z } from 'zod';
import type { TokenLogprobs } from '../../kernel/item.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { ReasoningEffort } from '../../kernel/request.ts';
import { unsupported } from '../../kernel/schema.ts';
import { chatMessage, type ChatMessageBody, type ToolCallBody } from './chat-message.ts';
import {
  jsonObject,
  labelFields,
  optional,
  refused,
  samplingFields,
  streamOptions,
  type LabelBody,
  type SamplingBody,
  type StreamOptionsBody,
} from './parameter.ts';
import { toolFields, type ToolsBody } from './tool.ts';
import { finishReason, tokenLogprobs, usage, type WireFinishReason, type WireUsage } from './usage.ts';

export interface ChatCompletionBody extends SamplingBody, LabelBody, ToolsBody {
  readonly model: string;
  readonly messages: readonly ChatMessageBody[];
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: StreamOptionsBody | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
  readonly max_tokens?: number | null | undefined;
  readonly logprobs?: boolean | null | undefined;
  readonly top_logprobs?: number | null | undefined;
  readonly reasoning_effort?: ReasoningEffort | null | undefined;
  readonly gradus?: JsonObject | null | undefined;
  readonly service_tier?: unknown;
}

export interface ChatChoice {
  readonly index: number;
  readonly message: {
    readonly role: 'assistant';
    readonly content: string | null;
    readonly refusal: string | null;
    readonly reasoning_content?: string | undefined;
    readonly reasoning?: string | undefined;
    readonly tool_calls?: readonly ToolCallBody[] | undefined;
  };
  readonly logprobs: ChoiceLogprobs | null;
  readonly finish_reason: WireFinishReason;
}

export interface ChoiceLogprobs {
  readonly content: readonly TokenLogprobs[] | null;
  readonly refusal: readonly TokenLogprobs[] | null;
}

export interface ChatCompletion {
  readonly id: string;
  readonly object: 'chat.completion';
  readonly created: number;
  readonly model: string;
  readonly choices: readonly ChatChoice[];
  readonly usage: WireUsage;
  readonly system_fingerprint: string;
  readonly service_tier?: 'default' | undefined;
  readonly gradus?: JsonObject | undefined;
}

export const chatCompletionRequest: z.ZodType<ChatCompletionBody> = z.strictObject({
  model: z
    .string()
    .min(1)
    .max(512)
    .describe('An id of GET /v1/models: `NAME`, or `NAME:reason` for a level.'),
  messages: z.array(chatMessage).min(1, 'expected at least one message'),
  stream: optional(z.boolean(), 'Send the answer as server-sent events while it grows.'),
  stream_options: streamOptions,
  ...samplingFields,
  ...toolFields,
  max_completion_tokens: optional(
    z.int().min(1),
    'Upper limit for sampled tokens per answer. Absent: what the context leaves.',
  ),
  max_tokens: optional(z.int().min(1), 'Older name of `max_completion_tokens`.'),
  logprobs: optional(z.boolean(), 'Whether to give the log probability of each token.'),
  top_logprobs: optional(z.int().min(0).max(20), 'How many alternatives to give; needs `logprobs: true`.'),
  reasoning_effort: optional(
    z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']),
    'How long to think. The level of the model decides what it can honour; L1 takes `none`.',
  ),
  gradus: optional(jsonObject, "Options of the model's level; see its documentation."),
  ...labelFields,
  service_tier: refused('there is one tier here', ['auto', 'default']),
  prompt_cache_retention: refused('prompts are kept in memory only', ['in_memory']),
  prompt_cache_options: refused('prompt beginnings are always reused, without options'),
  store: refused('stored completions come with durable runs', [false]),
  metadata: z
    .unknown()
    .refine((value) => value === undefined || value === null || isEmptyObject(value), {
      message:
        'metadata is only allowed when store is enabled, and stored completions come with durable runs',
      params: unsupported,
    })
    .optional()
    .meta({ type: 'object', description: 'Refused unless empty: it belongs to stored completions.' }),
  verbosity: refused('ask for the length that you want in the messages', ['medium']),
  modalities: z
    .unknown()
    .refine((value) => value === undefined || value === null || isTextOnly(value), {
      message: 'only ["text"] is supported',
      params: unsupported,
    })
    .optional()
    .meta({ const: ['text'], description: 'Only ["text"].' }),
  audio: refused('audio output is not supported'),
  prediction: refused('predicted output is not supported'),
  web_search_options: refused('web search is not supported in chat completions'),
  moderation: refused('moderation is not supported'),
  functions: refused('deprecated by OpenAI and not supported; use tools'),
  function_call: refused('deprecated by OpenAI and not supported; use tool_choice'),
});

const choiceLogprobs: z.ZodType<ChoiceLogprobs> = z.object({
  content: z.array(tokenLogprobs).nullable(),
  refusal: z.array(tokenLogprobs).nullable(),
});

export const chatCompletion: z.ZodType<ChatCompletion> = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int().describe('Seconds since 1970.'),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        reasoning_content: z.string().optional().describe('What the model thought, when it thought.'),
        reasoning: z.string().optional().describe('As `reasoning_content`.'),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              type: z.literal('function'),
              function: z.object({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
      logprobs: choiceLogprobs.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage,
  system_fingerprint: z.string(),
  service_tier: z.literal('default').optional(),
  gradus: jsonObject.optional().describe("Facts of the model's level."),
});

/** The stream writes chunks as text by hand (see chat-stream.ts); this is what they must be. */
export const chatCompletionChunk: z.ZodType = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().nullable().optional(),
        refusal: z.string().nullable().optional(),
        reasoning_content: z.string().optional(),
        reasoning: z.string().optional(),
        tool_calls: z
          .array(
            z.object({
              index: z.int(),
              id: z.string().optional(),
              type: z.literal('function').optional(),
              function: z.object({ name: z.string().optional(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
      logprobs: choiceLogprobs.nullable(),
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usage.nullable().optional(),
  service_tier: z.literal('default').optional(),
  gradus: jsonObject.optional(),
});

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isTextOnly(value: unknown): boolean {
  return Array.isArray(value) && value.length === 1 && value[0] === 'text';
}
