/** Embeddings as endpoints send them: numbers or base64, in any order; given on in order and with length 1. */
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import { parse } from '../../kernel/schema.ts';

export interface EmbeddingReply {
  readonly vectors: readonly Float32Array[];
  /** Undefined when the endpoint does not say. */
  readonly inputTokens: number | undefined;
}

/** Throws `engine-failed` when the text is no list of `count` embeddings. */
export function parseEmbeddingReply(json: unknown, count: number): EmbeddingReply {
  const { data, usage } = parse(replySchema, json, 'engine-failed');
  const ordered = data
    .map((entry, position) => ({ index: entry.index ?? position, embedding: entry.embedding }))
    .toSorted((a, b) => a.index - b.index);
  if (ordered.length !== count || ordered.some((entry, position) => entry.index !== position)) {
    throw new GradusError('engine-failed', {
      message: `The endpoint sent ${ordered.length} embeddings for ${count} inputs.`,
    });
  }
  return {
    vectors: ordered.map(({ embedding }) => normalise(toVector(embedding))),
    inputTokens: usage?.prompt_tokens ?? usage?.total_tokens ?? undefined,
  };
}

const replySchema = z.object({
  data: z.array(
    z.object({ index: z.int().nullish(), embedding: z.union([z.string(), z.array(z.number()).min(1)]) }),
  ),
  usage: z.object({ prompt_tokens: z.number().nullish(), total_tokens: z.number().nullish() }).nullish(),
});

/** Base64 holds 32-bit numbers, lowest byte first. */
function toVector(embedding: string | readonly number[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  const bytes = Buffer.from(embedding, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readFloatLE(i * 4));
}

function normalise(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0))
    throw new GradusError('engine-failed', { message: 'The endpoint sent an empty embedding.' });
  return vector.map((value) => value / length);
}
