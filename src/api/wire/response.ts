/** The response object and the events of its stream: what the answers of /v1/responses must be. */
import { z } from 'zod';
import { jsonObject } from './parameter.ts';
import { tokenLogprobs } from './usage.ts';

const itemStatus = z.enum(['in_progress', 'completed', 'incomplete']);

const contentPart = z.union([
  z.object({ type: z.literal('input_text'), text: z.string() }),
  z.object({
    type: z.literal('input_image'),
    image_url: z.string(),
    detail: z.enum(['low', 'high', 'auto']),
  }),
  z.object({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.never()),
    logprobs: z.array(tokenLogprobs),
  }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);

const responseItem: z.ZodType = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('message'),
    id: z.string(),
    status: itemStatus,
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.array(contentPart),
  }),
  z.strictObject({
    type: z.literal('reasoning'),
    id: z.string(),
    status: itemStatus,
    summary: z.array(z.object({ type: z.literal('summary_text'), text: z.string() })),
    content: z.array(z.object({ type: z.literal('reasoning_text'), text: z.string() })),
  }),
  z.strictObject({
    type: z.literal('function_call'),
    id: z.string(),
    status: itemStatus,
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.strictObject({
    type: z.literal('function_call_output'),
    id: z.string(),
    status: itemStatus,
    call_id: z.string(),
    output: z.string(),
  }),
]);

const responseStatus: z.ZodType<ResponseStatus> = z.enum([
  'queued',
  'in_progress',
  'completed',
  'incomplete',
  'failed',
  'cancelled',
]);
export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

const responseUsage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
  total_tokens: z.int(),
});

/** All keys are always there; what is not known yet is null. */
export const responseObject: z.ZodType = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int().describe('Seconds since 1970.'),
  completed_at: z.int().nullable(),
  status: responseStatus,
  incomplete_details: z.object({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(responseItem),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(jsonObject),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), jsonObject]),
  truncation: z.enum(['auto', 'disabled']),
  parallel_tool_calls: z.boolean(),
  text: z.object({ format: jsonObject }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.null() }),
  usage: responseUsage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.literal('default'),
  metadata: z.record(z.string(), z.string()),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  user: z.string().optional(),
  gradus: jsonObject.optional().describe("Facts of the model's level."),
});

const numbered = { sequence_number: z.int().min(0) };
const atItem = { ...numbered, item_id: z.string(), output_index: z.int() };
const atPart = { ...atItem, content_index: z.int() };
const atSummary = { ...atItem, summary_index: z.int() };
const summaryPart = z.object({ type: z.literal('summary_text'), text: z.string() });

export const responseStreamEvent: z.ZodType = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum([
      'response.created',
      'response.queued',
      'response.in_progress',
      'response.completed',
      'response.incomplete',
      'response.failed',
    ]),
    ...numbered,
    response: responseObject,
  }),
  z.strictObject({
    type: z.enum(['response.output_item.added', 'response.output_item.done']),
    ...numbered,
    output_index: z.int(),
    item: responseItem,
  }),
  z.strictObject({
    type: z.enum(['response.content_part.added', 'response.content_part.done']),
    ...atPart,
    part: contentPart,
  }),
  z.strictObject({
    type: z.literal('response.output_text.delta'),
    ...atPart,
    delta: z.string(),
    logprobs: z.array(tokenLogprobs),
  }),
  z.strictObject({
    type: z.literal('response.output_text.done'),
    ...atPart,
    text: z.string(),
    logprobs: z.array(tokenLogprobs),
  }),
  z.strictObject({
    type: z.enum(['response.refusal.delta', 'response.reasoning_text.delta']),
    ...atPart,
    delta: z.string(),
  }),
  z.strictObject({ type: z.literal('response.refusal.done'), ...atPart, refusal: z.string() }),
  z.strictObject({ type: z.literal('response.reasoning_text.done'), ...atPart, text: z.string() }),
  z.strictObject({
    type: z.enum(['response.reasoning_summary_part.added', 'response.reasoning_summary_part.done']),
    ...atSummary,
    part: summaryPart,
  }),
  z.strictObject({
    type: z.literal('response.reasoning_summary_text.delta'),
    ...atSummary,
    delta: z.string(),
  }),
  z.strictObject({ type: z.literal('response.reasoning_summary_text.done'), ...atSummary, text: z.string() }),
  z.strictObject({
    type: z.literal('response.function_call_arguments.delta'),
    ...atItem,
    delta: z.string(),
  }),
  z.strictObject({
    type: z.literal('response.function_call_arguments.done'),
    ...atItem,
    name: z.string(),
    arguments: z.string(),
  }),
]);

export const compactedResponse: z.ZodType = z.object({
  id: z.string(),
  object: z.literal('response.compaction'),
  created_at: z.int().describe('Seconds since 1970.'),
  output: z.array(
    z.union([
      responseItem,
      z.object({ type: z.literal('compaction'), id: z.string(), encrypted_content: z.string() }),
    ]),
  ),
  usage: responseUsage,
});

export interface DeletedResponse {
  readonly id: string;
  readonly object: 'response';
  readonly deleted: true;
}

export const deletedResponse: z.ZodType<DeletedResponse> = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});

export const responseItemList: z.ZodType = z.object({
  object: z.literal('list'),
  data: z.array(responseItem),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
