/** POST /v1/chat/completions: one body in, one run, its answer as one object or as a stream of chunks. */
import { parse } from '../../kernel/schema.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { findModel } from '../models.ts';
import { noteLabels, readJson, reply, requireStreamForOptions } from '../exchange.ts';
import { DeltaBuffer } from '../streaming/delta-buffer.ts';
import { EventStream } from '../streaming/event-stream.ts';
import { onClientGone } from '../streaming/text-sink.ts';
import { chatCompletionRequest } from '../wire/chat-completion.ts';
import { toChatRequest } from './chat-request.ts';
import { ChatCollector, type CompletionHead } from './chat-result.ts';
import { ChatStream } from './chat-stream.ts';

export async function createChatCompletion(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(chatCompletionRequest, await readJson(c, api));
  requireStreamForOptions(body);
  noteLabels(c, body);
  const served = findModel(api.registry, body.model);
  const request = toChatRequest(body);
  const head: CompletionHead = {
    id: api.ids.create('chatcmpl'),
    createdMs: api.clock.nowMs(),
    model: served.id,
    fingerprint: `gradus-${api.version}`,
    hasServiceTier: body.service_tier != null,
    wantsLogprobs: request.topLogprobs !== undefined,
  };
  const run = api.registry.start(served, request);
  if (body.stream !== true) {
    const collector = new ChatCollector();
    run.subscribe((event) => collector.onEvent(event));
    onClientGone(c, () => run.cancel());
    return reply(c, api, collector.toChatCompletion(head, await run.result));
  }
  const buffer = new DeltaBuffer();
  const stream = new EventStream(c, api, { buffer, onGone: () => run.cancel() });
  const chunks = new ChatStream({
    head,
    buffer,
    includeUsage: body.stream_options?.include_usage === true,
    onChange: (isUrgent) => stream.changed(isUrgent),
  });
  run.subscribe((event) => chunks.onEvent(event));
  return stream.respond(run.result.then((result) => chunks.finish(result)));
}
