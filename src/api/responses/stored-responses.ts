/** What can be done with a stored response: read, follow, cancel, delete, list what it was asked with. */
import { z } from 'zod';
import { parse } from '../../kernel/schema.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { reply } from '../exchange.ts';
import { invalidField } from '../invalid-field.ts';
import { optional } from '../wire/parameter.ts';
import type { DeletedResponse } from '../wire/response.ts';
import { loadOwn, requireRuns } from './history.ts';
import { toResponseObject } from './response-object.ts';
import { streamStored } from './stored-stream.ts';

export async function getResponse(c: ApiContext, api: Api): Promise<Response> {
  const runs = requireRuns(api);
  const query = parse(readQuery, toQuery(c));
  const stored = await loadOwn(c, runs, toTarget(c));
  if (query.stream !== 'true') {
    if (query.starting_after != null)
      throw invalidField('starting_after', 'is only allowed with stream=true');
    return reply(c, api, toResponseObject(stored));
  }
  return streamStored(c, api, { runs, stored, startingAfter: query.starting_after ?? -1 });
}

export async function deleteResponse(c: ApiContext, api: Api): Promise<Response> {
  const runs = requireRuns(api);
  const { id } = await loadOwn(c, runs, toTarget(c));
  await runs.delete(id);
  return reply(c, api, { id, object: 'response', deleted: true } satisfies DeletedResponse);
}

/** A response that has ended is returned as it is: cancelling twice is no mistake. */
export async function cancelResponse(c: ApiContext, api: Api): Promise<Response> {
  const runs = requireRuns(api);
  const stored = await loadOwn(c, runs, toTarget(c));
  return reply(c, api, toResponseObject((await runs.cancel(stored.id)) ?? stored));
}

export async function listInputItems(c: ApiContext, api: Api): Promise<Response> {
  const runs = requireRuns(api);
  const query = parse(pageQuery, toQuery(c));
  const { id } = await loadOwn(c, runs, toTarget(c));
  const page = await runs.inputItems(id, {
    limit: query.limit ?? 20,
    order: query.order ?? 'desc',
    ...(query.after == null ? {} : { after: query.after }),
    ...(query.before == null ? {} : { before: query.before }),
  });
  return reply(c, api, {
    object: 'list',
    data: page.data,
    first_id: page.data[0]?.id ?? null,
    last_id: page.data.at(-1)?.id ?? null,
    has_more: page.hasMore,
  });
}

const include = {
  include: z.unknown().optional().describe('Accepted: everything that there is comes anyway.'),
  'include[]': z.unknown().optional(),
};

const readQuery = z.strictObject({
  ...include,
  stream: optional(z.enum(['true', 'false']), 'Send the events instead of the object.'),
  starting_after: optional(
    z
      .string()
      .regex(/^\d{1,15}$/, 'expected the sequence_number of an event')
      .transform(Number),
    'Only events after the one with this number.',
  ),
  include_obfuscation: optional(z.enum(['false']), 'Padding of events is not supported.'),
});

const pageQuery = z.strictObject({
  ...include,
  limit: optional(
    z
      .string()
      .regex(/^([1-9]\d?|100)$/, 'expected a number from 1 to 100')
      .transform(Number),
    'How many. Default 20.',
  ),
  order: optional(z.enum(['asc', 'desc']), 'Default desc: the latest first.'),
  after: optional(z.string(), 'The id of the item after which the page starts.'),
  before: optional(z.string(), 'The id of the item before which the page ends.'),
});

function toTarget(c: ApiContext): { readonly id: string; readonly param: string } {
  return { id: c.req.param('id') ?? '', param: 'response_id' };
}

function toQuery(c: ApiContext): Readonly<Record<string, string>> {
  return c.req.query();
}
