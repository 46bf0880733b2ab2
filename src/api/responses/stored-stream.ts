/** The log of a stored response as a stream: from any number, then live, at the speed of its reader. */
import { errorKinds, GradusError, type ErrorCode } from '../../kernel/errors.ts';
import type { OutputItem } from '../../kernel/item.ts';
import type { NumberedEvent, ResponseRuns, StoredResponse } from '../../runtime/response-runs.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { DeltaBuffer } from '../streaming/delta-buffer.ts';
import { EventStream } from '../streaming/event-stream.ts';
import { onClientGone } from '../streaming/text-sink.ts';
import { isDelta, isTerminal, toEventText } from './response-event.ts';
import type { ResponseState } from './response-object.ts';
import { toResponseNames } from './response-names.ts';

/** Open Responses asks for it; OpenAI's clients stop here or have stopped at the terminal event. */
export const endMark = 'data: [DONE]\n\n';

/** How long the first events of a new response wait for a refusal, which then becomes a status. */
export const headHoldMs = 200;

/** The log is read on only while less than this waits for the reader. */
const readAheadCharacters = 256 * 1024;
const drainCheckMs = 5;

export interface StoredStreamOptions {
  readonly runs: ResponseRuns;
  readonly stored: StoredResponse;
  /** -1: from the beginning. */
  readonly startingAfter: number;
  /** Whether an early failure is the answer to the request that made the response. */
  readonly isNew?: boolean;
}

/** A client that goes away ends the stream, not the run. */
export function streamStored(c: ApiContext, api: Api, options: StoredStreamOptions): Promise<Response> {
  const { runs, stored } = options;
  const gone = new AbortController();
  const hold = new AbortController();
  const buffer = new DeltaBuffer();
  const stream = new EventStream(c, api, { buffer, onGone: () => gone.abort() });
  const isNew = options.isNew === true;
  const output = new Map<number, OutputItem>();
  /** The stored response once more where an event shows what has become of it. */
  const toState = async (event: NumberedEvent['event']): Promise<ResponseState> => {
    if (isTerminal(event)) return (await runs.load(stored.id)) ?? stored;
    if (event.type !== 'gradus.item_restarted') return stored;
    if (options.startingAfter < 0) return { ...stored, output: [...output.values()] };
    // Read from the middle, so that what came before is known from the store only.
    const now = (await runs.load(stored.id)) ?? stored;
    return { ...now, output: now.output.filter((item) => item.id !== event.item_id) };
  };
  const pump = async (): Promise<void> => {
    try {
      for await (const numbered of runs.events(stored.id, options.startingAfter, gone.signal)) {
        const { event } = numbered;
        if (event.type === 'response.output_item.done') output.set(event.output_index, event.item);
        const state = await toState(event);
        if (isNew && event.type === 'response.failed' && !stream.isCommitted) {
          throw toStoredError(event);
        }
        buffer.writeLast(toEventText(numbered, state));
        if (!isNew || numbered.sequence_number > 1) stream.changed(isDelta(event));
        while (buffer.pendingCharacters > readAheadCharacters)
          await api.clock.sleep(drainCheckMs, gone.signal);
        if (isTerminal(event)) break;
      }
    } finally {
      hold.abort();
    }
    buffer.writeLast(endMark);
  };
  if (isNew) {
    api.clock.sleep(headHoldMs, hold.signal).then(
      () => stream.changed(false),
      () => undefined,
    );
  }
  return stream.respond(pump());
}

/** The response when it has ended. A client that goes away ends the waiting, not the run. */
export async function waitForEnd(
  c: ApiContext,
  runs: ResponseRuns,
  stored: StoredResponse,
): Promise<StoredResponse> {
  const gone = new AbortController();
  onClientGone(c, () => gone.abort());
  for await (const { event } of runs.events(stored.id, -1, gone.signal)) {
    if (isTerminal(event)) break;
  }
  const ended = gone.signal.aborted ? undefined : await runs.load(stored.id);
  if (ended !== undefined) return ended;
  throw new GradusError('cancelled', { message: 'The answer is no longer here, or nobody waits for it.' });
}

/** The failure of a stored response, as it would have been thrown. */
export function toStoredError(stored: Pick<StoredResponse, 'error'>): GradusError {
  const message = stored.error?.message ?? 'The run failed without saying why.';
  const name = stored.error?.code.replaceAll('_', '-') ?? 'internal';
  const code = isErrorCode(name) ? name : 'internal';
  // Only code and message are stored; where a field is wrong, the message begins with its name.
  const isField = code === 'invalid-request' || code === 'unsupported-parameter' || code === 'invalid-schema';
  const param = isField ? /^([\w.[\]]+): /.exec(message)?.[1] : undefined;
  return toResponseNames(new GradusError(code, { message, ...(param === undefined ? {} : { param }) }));
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorKinds, code);
}
