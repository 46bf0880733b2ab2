/** Finding stored responses: by id, of this caller only, and what a new one takes over from an earlier one. */
import { GradusError } from '../../kernel/errors.ts';
import type { Item } from '../../kernel/item.ts';
import type { ResponseRuns, StoredResponse } from '../../runtime/response-runs.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { invalidField } from '../invalid-field.ts';

/** Throws `not-found` when nothing is stored here at all. */
export function requireRuns(api: Api): ResponseRuns {
  if (api.responses !== undefined) return api.responses;
  throw new GradusError('not-found', {
    message: 'This server runs without a store, so it keeps no responses',
    param: 'response_id',
  });
}

/** Throws `not-found` for unknown, deleted and foreign ids alike: who may not read must not learn. */
export async function loadOwn(
  c: ApiContext,
  runs: ResponseRuns,
  options: { readonly id: string; readonly param: string },
): Promise<StoredResponse> {
  const stored = await runs.load(options.id);
  const caller = c.get('caller');
  if (stored === undefined || (caller !== undefined && stored.envelope['owner'] !== caller.label)) {
    throw new GradusError('not-found', {
      message: `${options.param}: there is no response with the id "${options.id.slice(0, 100)}"`,
      param: options.param,
    });
  }
  return stored;
}

/** Input and output of the response to go on from; instructions are not inherited. */
export async function loadHistory(
  c: ApiContext,
  api: Api,
  id: string | null | undefined,
): Promise<readonly Item[]> {
  if (id == null) return [];
  const param = 'previous_response_id';
  if (api.responses === undefined) {
    throw new GradusError('unsupported-parameter', {
      message: `${param}: this server runs without a store; send the whole conversation as input`,
      param,
    });
  }
  const stored = await loadOwn(c, api.responses, { id, param });
  if (stored.status === 'queued' || stored.status === 'in_progress') {
    throw new GradusError('conflict', {
      message: `${param}: the response "${id}" has not ended yet (${stored.status})`,
      param,
    });
  }
  if (stored.request.input.kind !== 'items') throw invalidField(param, 'it was not asked with items');
  return [...stored.request.input.items, ...stored.output];
}
