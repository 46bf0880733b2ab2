/** The body of POST /v1/embeddings and its answer, as OpenAI defines them. */
import { z } from 'zod';
import { labelFields, list, optional } from './parameter.ts';

const tokens = z.array(z.int().min(0)).min(1).max(1_000_000);
const text = z.string().min(1, 'expected a text of at least one character');
const maxInputs = 2048;

export interface EmbeddingBody {
  readonly model: string;
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  readonly encoding_format?: 'float' | 'base64' | null | undefined;
  readonly dimensions?: number | null | undefined;
  readonly user?: string | null | undefined;
}

export interface EmbeddingResponse {
  readonly object: 'list';
  readonly data: readonly {
    readonly object: 'embedding';
    readonly index: number;
    readonly embedding: readonly number[] | string;
  }[];
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

export const embeddingRequest: z.ZodType<EmbeddingBody> = z.strictObject({
  model: z.string().min(1).max(512).describe('An id of GET /v1/models.'),
  input: z
    .union([text, list(text, { min: 1, max: maxInputs }), tokens, list(tokens, { min: 1, max: maxInputs })], {
      error: `expected a text, a list of token ids, or a list of at most ${maxInputs} of either, none of them empty`,
    })
    .describe('What to embed.'),
  encoding_format: optional(
    z.enum(['float', 'base64']),
    'Numbers, or the base64 text of little-endian 32-bit floats. Default float.',
  ),
  dimensions: optional(z.int().min(1).max(65_536), 'Length of the vectors; shorter than the model’s own.'),
  user: labelFields.user,
});

export const embeddingResponse: z.ZodType<EmbeddingResponse> = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
});
