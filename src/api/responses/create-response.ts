/** POST /v1/responses: one body in, one run, its answer as one object, as a stream of events, or later. */
import { GradusError } from '../../kernel/errors.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { parse } from '../../kernel/schema.ts';
import type { ServedModel } from '../../levels/level.ts';
import type { ResponseRuns, ResponseStart } from '../../runtime/response-runs.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { noteLabels, readJson, reply, requireStreamForOptions } from '../exchange.ts';
import { invalidField } from '../invalid-field.ts';
import { findModel } from '../models.ts';
import { DeltaBuffer } from '../streaming/delta-buffer.ts';
import { EventStream } from '../streaming/event-stream.ts';
import { onClientGone } from '../streaming/text-sink.ts';
import { responseRequest, type ResponseRequestBody } from '../wire/response-request.ts';
import { loadHistory } from './history.ts';
import { MemoryResponse } from './memory-response.ts';
import { isDelta, toEventText } from './response-event.ts';
import { toResponseObject } from './response-object.ts';
import { toEnvelope, toResponseRequest } from './response-request.ts';
import { endMark, headHoldMs, streamStored, toStoredError, waitForEnd } from './stored-stream.ts';
import { withResponseNames } from './response-names.ts';

export async function createResponse(c: ApiContext, api: Api): Promise<Response> {
  const body = parse(responseRequest, await readJson(c, api));
  requireStreamForOptions(body);
  noteLabels(c, body);
  const served = findModel(api.registry, body.model);
  const runs = toStore(body, api);
  const history = await loadHistory(c, api, body.previous_response_id);
  const request = toResponseRequest(body, { history, ids: api.ids });
  const owner = c.get('caller')?.label;
  const envelope = toEnvelope(body, { model: served.id, store: runs !== undefined, owner });
  const id = api.ids.create('resp');
  c.get('facts')['response'] = id;
  if (runs === undefined) return answerFromMemory(c, api, { id, served, request, envelope, body });
  const key = c.req.header('idempotency-key');
  return answerFromStore(c, api, {
    runs,
    stream: body.stream === true,
    start: {
      id,
      served: served.id,
      request,
      envelope,
      ...(typeof body.previous_response_id === 'string'
        ? { previousResponseId: body.previous_response_id }
        : {}),
      metadata: body.metadata ?? {},
      background: body.background ?? false,
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(owner === undefined ? {} : { keyLabel: owner }),
    },
  });
}

/** Where the response is kept; undefined when it is not. */
function toStore(body: ResponseRequestBody, api: Api): ResponseRuns | undefined {
  if (api.responses === undefined && body.store === true) {
    throw new GradusError('unsupported-parameter', {
      message: 'store: this server runs without a store; send store: false or leave it out',
      param: 'store',
    });
  }
  const runs = body.store === false ? undefined : api.responses;
  if (body.background === true && runs === undefined) {
    throw invalidField('background', 'needs store: true, on a server that stores');
  }
  return runs;
}

interface MemoryAnswer {
  readonly id: string;
  readonly served: ServedModel;
  readonly request: ResponseRequest;
  readonly envelope: ResponseStart['envelope'];
  readonly body: ResponseRequestBody;
}

async function answerFromMemory(c: ApiContext, api: Api, answer: MemoryAnswer): Promise<Response> {
  const { id, envelope } = answer;
  const run = api.registry.start(answer.served, answer.request);
  const common = { id, envelope, clock: api.clock, run };
  if (answer.body.stream !== true) {
    onClientGone(c, () => run.cancel());
    const state = await withResponseNames(new MemoryResponse(common).finish());
    return reply(c, api, toResponseObject(state));
  }
  const buffer = new DeltaBuffer();
  const stream = new EventStream(c, api, { buffer, onGone: () => run.cancel() });
  const response = new MemoryResponse({
    ...common,
    onEvent(numbered, state) {
      buffer.writeLast(toEventText(numbered, state));
      // The head waits for what comes next, so that a refusal can still be a status.
      if (numbered.sequence_number > 1) stream.changed(isDelta(numbered.event));
    },
  });
  const hold = new AbortController();
  api.clock.sleep(headHoldMs, hold.signal).then(
    () => stream.changed(false),
    () => undefined,
  );
  const finish = async (): Promise<void> => {
    try {
      await withResponseNames(response.finish());
    } catch (thrown) {
      // A stream that has begun ends with response.failed, which is written already.
      if (!stream.isCommitted) throw thrown;
    } finally {
      hold.abort();
    }
    buffer.writeLast(endMark);
  };
  return stream.respond(finish());
}

async function answerFromStore(
  c: ApiContext,
  api: Api,
  options: { readonly runs: ResponseRuns; readonly start: ResponseStart; readonly stream: boolean },
): Promise<Response> {
  const { runs, start } = options;
  const stored = await runs.start(start);
  c.get('facts')['response'] = stored.id;
  if (options.stream) return streamStored(c, api, { runs, stored, startingAfter: -1, isNew: true });
  if (start.background) return reply(c, api, toResponseObject(stored));
  const ended = await waitForEnd(c, runs, stored);
  if (ended.status === 'failed') throw toStoredError(ended);
  return reply(c, api, toResponseObject(ended));
}
