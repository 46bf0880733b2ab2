/** The answers of GET /v1/models and /v1/models/{id}: OpenAI's fields, and ours under `gradus`. */
import { z } from 'zod';

export interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
  readonly gradus: {
    readonly level: number;
    readonly summary: string;
    readonly context_tokens: number | null;
    readonly parameters: number | null;
    readonly licence: string | null;
    readonly state: 'available' | 'loading' | 'loaded';
    readonly capabilities: Readonly<Record<string, boolean>>;
  };
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly ModelEntry[];
}

export interface Health {
  readonly status: 'ok';
  readonly version: string;
  readonly models: number;
  readonly loads: readonly {
    readonly model: string;
    readonly waiting: number;
    readonly running: number;
    readonly memory_bytes: number | null;
  }[];
}

export const modelEntry: z.ZodType<ModelEntry> = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int().describe('Seconds since 1970.'),
  owned_by: z.string(),
  gradus: z.object({
    level: z.int(),
    summary: z.string(),
    context_tokens: z.int().nullable(),
    parameters: z.number().nullable(),
    licence: z.string().nullable(),
    state: z.enum(['available', 'loading', 'loaded']),
    capabilities: z.record(z.string(), z.boolean()),
  }),
});

export const modelList: z.ZodType<ModelList> = z.object({
  object: z.literal('list'),
  data: z.array(modelEntry),
});

export const health: z.ZodType<Health> = z.object({
  status: z.literal('ok'),
  version: z.string(),
  models: z.int(),
  loads: z.array(
    z.object({
      model: z.string(),
      waiting: z.int(),
      running: z.int(),
      memory_bytes: z.number().nullable(),
    }),
  ),
});
