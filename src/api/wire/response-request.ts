/** The body of POST /v1/responses and of its token count, as Open Responses and OpenAI define them. */
import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';
import type { ReasoningEffort } from '../../kernel/request.ts';
import { unsupported } from '../../kernel/schema.ts';
import {
  jsonObject,
  labelFields,
  optional,
  refused,
  samplingFields,
  type LabelBody,
  type SamplingBody,
} from './parameter.ts';
import { inputItem, type InputItemBody } from './response-item.ts';
import { responseToolFields, type ResponseToolsBody } from './response-tool.ts';

/** What the model is shown: the part of a request that has a size in tokens. */
export interface ResponseInputBody extends ResponseToolsBody {
  readonly model: string;
  readonly input?: string | readonly InputItemBody[] | null | undefined;
  readonly instructions?: string | null | undefined;
  readonly previous_response_id?: string | null | undefined;
  readonly reasoning?: { readonly effort?: ReasoningEffort | null | undefined } | null | undefined;
  readonly truncation?: 'auto' | 'disabled' | null | undefined;
}

export interface ResponseRequestBody extends ResponseInputBody, Omit<SamplingBody, 'n'>, LabelBody {
  readonly stream?: boolean | null | undefined;
  readonly background?: boolean | null | undefined;
  readonly store?: boolean | null | undefined;
  readonly include?: readonly IncludeName[] | null | undefined;
  readonly max_output_tokens?: number | null | undefined;
  readonly max_tool_calls?: number | null | undefined;
  readonly top_logprobs?: number | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly gradus?: JsonObject | null | undefined;
}

const includeNames = [
  'message.output_text.logprobs',
  'reasoning.encrypted_content',
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
] as const;
export type IncludeName = (typeof includeNames)[number];

/** Results of tools that are not here; everything else that can be asked for is in the answer anyway. */
const refusedIncludes: readonly IncludeName[] = [
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
];

const inputFields = {
  model: z
    .string()
    .min(1)
    .max(512)
    .describe('An id of GET /v1/models: `NAME`, or `NAME:reason` for a level.'),
  input: optional(
    z.union([z.string().max(10_485_760), z.array(inputItem)], {
      error: 'expected a text or a list of items',
    }),
    'What to answer: a text of the user, or items. May be left out after `previous_response_id`.',
  ),
  instructions: optional(
    z.string(),
    'A system message in front of the input. Not inherited from the previous response.',
  ),
  previous_response_id: optional(
    z.string().min(1).max(256),
    'Goes on from a stored response: its input and output come before this input.',
  ),
  ...responseToolFields,
  reasoning: optional(
    z.strictObject({
      effort: optional(
        z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']),
        'How long to think. The level of the model decides what it can honour; L1 takes `none`.',
      ),
      // A thinking model's thought comes whole, as the content of its reasoning item.
      summary: refused('thoughts are not summarised; they are the content of reasoning items', ['auto']),
      generate_summary: refused('deprecated by OpenAI and not supported'),
    }),
    'How to think before the answer.',
  ),
  truncation: optional(
    z.enum(['auto', 'disabled']),
    'With `auto` the oldest turns are dropped when the input does not fit; default: it is refused.',
  ),
  conversation: refused('conversations are not supported yet; use previous_response_id'),
};

const { n: _, ...responseSampling } = samplingFields;

export const responseRequest: z.ZodType<ResponseRequestBody> = z.strictObject({
  ...inputFields,
  stream: optional(z.boolean(), 'Send the events of the response as server-sent events while it grows.'),
  stream_options: optional(
    z.strictObject({ include_obfuscation: refused('padding of events is not supported', [false]) }),
    'Only with `stream: true`.',
  ),
  background: optional(
    z.boolean(),
    'Answer at once and go on in the background; read with GET /v1/responses/{id}. Needs `store`.',
  ),
  store: optional(
    z.boolean(),
    'Keep the response: it survives a restart, can be read again and continued. Default true where the server stores.',
  ),
  include: optional(
    z.array(z.enum(includeNames)).refine((names) => !names.some((name) => refusedIncludes.includes(name)), {
      message: `not supported: ${refusedIncludes.join(', ')}`,
      params: unsupported,
    }),
    'More to put into the answer. `reasoning.encrypted_content` adds nothing: thoughts are sent as text.',
  ),
  ...responseSampling,
  max_output_tokens: optional(
    z.int().min(1),
    'Upper limit for sampled tokens. Absent: what the context leaves.',
  ),
  max_tool_calls: optional(z.int().min(1), 'Limits tools that run on the server; functions are not counted.'),
  top_logprobs: optional(
    z.int().min(0).max(20),
    'How many alternatives to give beside the log probability of each token.',
  ),
  metadata: optional(
    z
      .record(z.string().max(64, 'expected a key of at most 64 characters'), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'expected at most 16 pairs'),
    'Up to 16 pairs of your own, kept with the response.',
  ),
  gradus: optional(jsonObject, "Options of the model's level; see its documentation."),
  ...labelFields,
  client_metadata: optional(z.record(z.string(), z.unknown()), 'Labels of a client; accepted, not kept.'),
  service_tier: refused('there is one tier here', ['auto', 'default']),
  prompt_cache_retention: refused('prompts are kept in memory only', ['in_memory']),
  prompt_cache_options: refused('prompt beginnings are always reused, without options'),
  prompt: refused('prompt templates are not supported; send the text'),
  context_management: refused('not supported; use truncation or shorten the input'),
  moderation: refused('moderation is not supported'),
});

/** The openai client names no more than this; what does not change the count is not taken. */
export const inputTokensRequest: z.ZodType<ResponseInputBody> = z.strictObject({
  ...inputFields,
  personality: refused('not supported; write it into the instructions'),
});

export const compactRequest: z.ZodType<ResponseInputBody> = z.strictObject({
  model: inputFields.model,
  input: inputFields.input,
  instructions: inputFields.instructions,
  previous_response_id: inputFields.previous_response_id,
  prompt_cache_key: labelFields.prompt_cache_key,
  prompt_cache_retention: refused('prompts are kept in memory only', ['in_memory']),
  prompt_cache_options: refused('prompt beginnings are always reused, without options'),
  service_tier: refused('there is one tier here', ['auto', 'default']),
});

export interface InputTokens {
  readonly object: 'response.input_tokens';
  readonly input_tokens: number;
}

export const inputTokens: z.ZodType<InputTokens> = z.object({
  object: z.literal('response.input_tokens'),
  input_tokens: z.int(),
});
