/** Usage, log probabilities and finish reasons: what all completion answers share. */
import { z } from 'zod';
import type { TokenLogprobs } from '../../kernel/item.ts';
import type { Usage } from '../../kernel/usage.ts';

const tokenLogprob = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()),
});

export const tokenLogprobs: z.ZodType<TokenLogprobs> = tokenLogprob.extend({
  top_logprobs: z.array(tokenLogprob),
});

export type WireFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export const finishReason: z.ZodType<WireFinishReason> = z.enum([
  'stop',
  'length',
  'tool_calls',
  'content_filter',
]);

export interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

export const usage: z.ZodType<WireUsage> = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({ cached_tokens: z.int() }),
  completion_tokens_details: z.object({ reasoning_tokens: z.int() }),
});

export function toWireUsage(used: Usage): WireUsage {
  return {
    prompt_tokens: used.inputTokens,
    completion_tokens: used.outputTokens,
    total_tokens: used.inputTokens + used.outputTokens,
    prompt_tokens_details: { cached_tokens: used.cachedTokens },
    completion_tokens_details: { reasoning_tokens: used.reasoningTokens },
  };
}
