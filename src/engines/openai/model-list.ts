/** The endpoint's own list of models, read leniently: what servers add to it tells the context and the size. */
import { z } from 'zod';
import { parse } from '../../kernel/schema.ts';

export interface ListedModel {
  readonly id: string;
  readonly contextTokens: number | undefined;
  readonly parameters: number | undefined;
  readonly createdAtMs: number;
  readonly ownedBy: string | undefined;
}

/** Throws `engine-failed` when the text is no list of models. */
export function parseModelList(json: unknown): readonly ListedModel[] {
  return parse(listSchema, json, 'engine-failed').data.map((entry) => ({
    id: entry.id,
    // vLLM and SGLang, routers, llama-server.
    contextTokens:
      entry.max_model_len ??
      entry.context_length ??
      entry.meta?.n_ctx ??
      entry.meta?.n_ctx_train ??
      undefined,
    parameters: entry.meta?.n_params ?? undefined,
    createdAtMs: (entry.created ?? 0) * 1000,
    ownedBy: entry.owned_by ?? undefined,
  }));
}

const listSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      created: z.number().nullish(),
      owned_by: z.string().nullish(),
      max_model_len: z.number().nullish(),
      context_length: z.number().nullish(),
      meta: z
        .object({
          /** What one request may have; `n_ctx_train` is what the model could have. */
          n_ctx: z.number().nullish(),
          n_ctx_train: z.number().nullish(),
          n_params: z.number().nullish(),
        })
        .nullish(),
    }),
  ),
});
