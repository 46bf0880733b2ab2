/**
 * POST /v1/responses/compact: a long conversation as its user messages and one summary, made by the model
 * itself. What stands in `encrypted_content` is not secret, only opaque: the model's owner holds both.
 */
import { GradusError } from '../../kernel/errors.ts';
import type { MessageItem, OutputItem } from '../../kernel/item.ts';
import { parse } from '../../kernel/schema.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { readJson, reply } from '../exchange.ts';
import { requireFinished } from '../finish-reason.ts';
import { findModel } from '../models.ts';
import { onClientGone } from '../streaming/text-sink.ts';
import { compactRequest } from '../wire/response-request.ts';
import { loadHistory } from './history.ts';
import { toResponseUsage } from './response-object.ts';
import { toInputRequest } from './response-request.ts';
import { packSummary } from './summary-item.ts';

const task =
  'Summarize the conversation above for somebody who will go on with it and cannot see it. Keep every fact, ' +
  'name, number, decision and open question that may matter later. Write the summary and nothing else.';

export async function compactResponse(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(compactRequest, await readJson(c, api));
  const served = findModel(api.registry, body.model);
  const history = await loadHistory(c, api, body.previous_response_id);
  const request = toInputRequest(body, { history, ids: api.ids });
  if (request.input.kind !== 'items') throw new Error('a Responses request has items');
  const { items } = request.input;
  const createdAtMs = api.clock.nowMs();
  const order: MessageItem = {
    type: 'message',
    id: api.ids.create('msg'),
    status: 'completed',
    role: 'user',
    content: [{ type: 'input_text', text: task }],
  };
  const run = api.registry.start(served, {
    ...request,
    input: { ...request.input, items: [...items, order] },
  });
  const said: OutputItem[] = [];
  run.subscribe((event) => {
    if (event.type === 'response.output_item.done') said.push(event.item);
  });
  onClientGone(c, () => run.cancel());
  const result = await run.result;
  const [reason] = requireFinished(result);
  const summary = said
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map(toText)
    .join('');
  if (reason !== 'stop' || summary.trim() === '') {
    throw new GradusError('engine-failed', { message: `The model gave no whole summary (${reason})` });
  }
  return reply(c, api, {
    id: api.ids.create('resp'),
    object: 'response.compaction',
    created_at: Math.trunc(createdAtMs / 1000),
    output: [
      ...items.filter((item) => item.type === 'message' && item.role === 'user'),
      { type: 'compaction', id: api.ids.create('msg'), encrypted_content: packSummary(summary) },
    ],
    usage: toResponseUsage(result.usage),
  });
}

function toText(part: MessageItem['content'][number]): string {
  return part.type === 'output_text' ? part.text : '';
}
