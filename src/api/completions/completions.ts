/** POST /v1/completions: raw prompts that a model goes on with, without any chat format around them. */
import { parse } from '../../kernel/schema.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { noteLabels, readJson, reply, requireStreamForOptions } from '../exchange.ts';
import { findModel } from '../models.ts';
import { DeltaBuffer } from '../streaming/delta-buffer.ts';
import { EventStream } from '../streaming/event-stream.ts';
import { onClientGone } from '../streaming/text-sink.ts';
import { completionRequest } from '../wire/completion.ts';
import { toCompletionRequests, toEchoes } from './completion-request.ts';
import { CompletionCollector, CompletionStream, type CompletionTextOptions } from './completion-text.ts';
import { startPromptRuns } from './prompt-runs.ts';

export async function createCompletion(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(completionRequest, await readJson(c, api));
  requireStreamForOptions(body);
  noteLabels(c, body);
  const served = findModel(api.registry, body.model);
  const requests = toCompletionRequests(body);
  const start = (request: (typeof requests)[number]) => api.registry.start(served, request);
  const options: CompletionTextOptions = {
    id: api.ids.create('cmpl'),
    createdMs: api.clock.nowMs(),
    model: served.id,
    fingerprint: `gradus-${api.version}`,
    echoes: toEchoes(body),
    choicesPerPrompt: body.n ?? 1,
    wantsLogprobs: body.logprobs != null,
  };
  if (body.stream !== true) {
    const collector = new CompletionCollector(options);
    const runs = startPromptRuns(requests, {
      start,
      onEvent: (promptIndex, event) => collector.onEvent(promptIndex, event),
    });
    onClientGone(c, () => runs.cancel());
    return reply(c, api, collector.toCompletion(await runs.result));
  }
  const buffer = new DeltaBuffer();
  const stream = new EventStream(c, api, { buffer, onGone: () => runs.cancel() });
  const chunks = new CompletionStream({
    ...options,
    buffer,
    includeUsage: body.stream_options?.include_usage === true,
    onChange: (isUrgent) => stream.changed(isUrgent),
  });
  const runs = startPromptRuns(requests, {
    start,
    onEvent: (promptIndex, event) => chunks.onEvent(promptIndex, event),
  });
  return stream.respond(runs.result.then((result) => chunks.finish(result)));
}
