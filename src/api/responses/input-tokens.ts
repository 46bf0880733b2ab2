/** POST /v1/responses/input_tokens: how many tokens the model would read, without asking it. */
import { GradusError } from '../../kernel/errors.ts';
import { parse } from '../../kernel/schema.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { readJson, reply } from '../exchange.ts';
import { findModel } from '../models.ts';
import { inputTokensRequest, type InputTokens } from '../wire/response-request.ts';
import { loadHistory } from './history.ts';
import { toInputRequest } from './response-request.ts';

export async function countInputTokens(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(inputTokensRequest, await readJson(c, api));
  const served = findModel(api.registry, body.model);
  const history = await loadHistory(c, api, body.previous_response_id);
  const request = toInputRequest(body, { history, ids: api.ids });
  const count = await api.countInputTokens?.(served, request);
  if (count === undefined) {
    throw new GradusError('unsupported-parameter', {
      message: `model: the tokens of ${served.id} cannot be counted without asking it`,
      param: 'model',
    });
  }
  return reply(c, api, { object: 'response.input_tokens', input_tokens: count } satisfies InputTokens);
}
