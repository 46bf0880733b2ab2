/** POST /v1/embeddings: texts or token ids to vectors, as numbers or as base64 (the default of the SDKs). */
import { GradusError } from '../kernel/errors.ts';
import { parse } from '../kernel/schema.ts';
import type { Api, ApiContext } from './api-context.ts';
import { noteLabels, readJson, reply } from './exchange.ts';
import { findModel } from './models.ts';
import { toInputs } from './prompt-list.ts';
import { onClientGone } from './streaming/text-sink.ts';
import { embeddingRequest, type EmbeddingResponse } from './wire/embedding.ts';

export async function createEmbeddings(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(embeddingRequest, await readJson(c, api));
  noteLabels(c, body);
  const served = findModel(api.registry, body.model);
  if (served.level.suffix !== '') {
    throw new GradusError('unsupported-parameter', {
      message: `model: levels do not embed; use "${served.model.id}"`,
      param: 'model',
    });
  }
  const abort = new AbortController();
  onClientGone(c, () => abort.abort());
  const result = await api.registry.embed(
    served,
    {
      inputs: toInputs(body.input),
      ...(typeof body.dimensions === 'number' ? { dimensions: body.dimensions } : {}),
    },
    abort.signal,
  );
  const encode = body.encoding_format === 'base64' ? toBase64 : toNumbers;
  const answer: EmbeddingResponse = {
    object: 'list',
    data: result.vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model: served.id,
    usage: { prompt_tokens: result.inputTokens, total_tokens: result.inputTokens },
  };
  return reply(c, api, answer);
}

function toNumbers(vector: Float32Array): readonly number[] {
  return Array.from(vector);
}

/** Little-endian 32-bit floats, whatever the byte order of this machine. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i] ?? 0, i * 4);
  return bytes.toString('base64');
}
