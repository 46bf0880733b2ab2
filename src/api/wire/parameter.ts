/**
 * How request fields are declared: `null` means absent, as the OpenAI clients send it, and what cannot be
 * honoured is refused by name instead of being ignored in silence.
 */
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../kernel/json.ts';
import { unsupported } from '../../kernel/schema.ts';

/** An optional field: absent and null are the same. */
export type Field<T> = z.ZodType<T | null | undefined>;

/** An optional field; its description goes into the API reference. */
export function optional<T>(schema: z.ZodType<T>, description: string): Field<T> {
  return schema.nullish().describe(description);
}

/**
 * A field that we know and cannot honour. It passes when it is absent, null, or one of `harmless`: the
 * values that ask for what happens anyway.
 */
export function refused(
  reason: string,
  harmless: readonly (string | number | boolean)[] = [],
): Field<unknown> {
  const isHarmless = (value: unknown): boolean =>
    value === undefined || value === null || harmless.some((each) => each === value);
  return z
    .unknown()
    .refine(isHarmless, { message: reason, params: unsupported })
    .optional()
    .meta({ enum: [null, ...harmless], description: `Refused with any other value: ${reason}` });
}

/** One schema per field of a body. */
export type FieldsOf<Body> = { readonly [Key in keyof Body]-?: z.ZodType<Body[Key]> };

/** An object whose keys are the caller's own, kept as it came. */
export const jsonObject: z.ZodType<JsonObject> = z
  .custom<JsonObject>(isJsonObject, { message: 'expected an object' })
  .meta({ type: 'object', additionalProperties: true });

/** A list with a stated upper bound, so that no request can ask for unbounded work. */
export function list<T>(
  schema: z.ZodType<T>,
  bounds: { readonly min: number; readonly max: number },
): z.ZodType<T[]> {
  return z
    .array(schema)
    .min(bounds.min, `expected at least ${bounds.min} ${bounds.min === 1 ? 'entry' : 'entries'}`)
    .max(bounds.max, `expected at most ${bounds.max} entries`);
}

export interface SamplingBody {
  readonly temperature?: number | null | undefined;
  readonly top_p?: number | null | undefined;
  readonly top_k?: number | null | undefined;
  readonly min_p?: number | null | undefined;
  readonly frequency_penalty?: number | null | undefined;
  readonly presence_penalty?: number | null | undefined;
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  readonly seed?: number | null | undefined;
  readonly stop?: string | readonly string[] | null | undefined;
  readonly n?: number | null | undefined;
}

/** The sampling fields that both completion dialects share. */
export const samplingFields: FieldsOf<SamplingBody> = {
  temperature: optional(
    z.number().min(0).max(2),
    'How freely to sample: 0 always takes the likeliest token; 1 is the model as trained (default).',
  ),
  top_p: optional(
    z.number().min(0).max(1),
    'Sample only from the likeliest tokens that together have this probability. Default 1: from all.',
  ),
  top_k: optional(
    z.int().min(0).max(1_000_000),
    'Sample only from this many likeliest tokens. 0 or absent: no such limit. (Beyond OpenAI.)',
  ),
  min_p: optional(
    z.number().min(0).max(1),
    'Leave out tokens less likely than this share of the likeliest one. (Beyond OpenAI.)',
  ),
  frequency_penalty: optional(
    z.number().min(-2).max(2),
    'Lowers the chance of a token for each time it occurred in the answer.',
  ),
  presence_penalty: optional(
    z.number().min(-2).max(2),
    'Lowers the chance of every token that occurred in the answer.',
  ),
  logit_bias: optional(
    z.record(z.string().regex(/^\d{1,9}$/, 'expected a token id'), z.number().min(-100).max(100)),
    'Token id to a number added to its logit before sampling; -100 bans, 100 forces.',
  ),
  seed: optional(z.int(), 'The same seed on the same model, level and input gives the same text.'),
  stop: optional(
    z.union([stopText(), list(stopText(), { min: 0, max: 32 })], {
      error: 'expected a text or a list of at most 32 texts, none of them empty',
    }),
    'Up to 32 texts before which sampling ends; the text that was met is not part of the answer.',
  ),
  n: optional(z.int().min(1).max(128), 'How many independent answers; the prompt is computed once for all.'),
};

export interface LabelBody {
  readonly user?: string | null | undefined;
  readonly safety_identifier?: string | null | undefined;
  readonly prompt_cache_key?: string | null | undefined;
}

/** Labels: they change nothing but the log line and, for the cache key, nothing at all: prefixes are always reused. */
export const labelFields: FieldsOf<LabelBody> = {
  user: optional(z.string().max(512), 'A label for the caller; it appears in the log of this server.'),
  safety_identifier: optional(z.string().max(512), 'As `user`.'),
  prompt_cache_key: optional(
    z.string().max(1024),
    'Accepted: equal prompt beginnings are reused with or without a key.',
  ),
};

export interface StreamOptionsBody {
  readonly include_usage?: boolean | null | undefined;
}

export const streamOptions: Field<StreamOptionsBody> = optional(
  z.strictObject({
    include_usage: optional(z.boolean(), 'One more chunk before the end carries the usage.'),
    include_obfuscation: refused('padding of chunks is not supported', [false]),
  }),
  'Only with `stream: true`.',
);

function stopText(): z.ZodString {
  return z.string().min(1, 'expected a text of at least one character').max(1024);
}
