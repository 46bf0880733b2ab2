/** One HTTP request for one or more samples, from waiting for a slot to the count of its tokens. */
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { noUsage } from '../../kernel/usage.ts';
import type { GenerateRequest, GenerationEvent } from '../engine.ts';
import type { SlotQueue } from '../slot-queue.ts';
import { isFailure, type Connection } from './connection.ts';
import { reasonOf, toConnectionFailure, toStreamFailure, type Failure } from './provider-error.ts';
import { readPieces } from './reply-stream.ts';
import { SampleReader } from './sample-reader.ts';
import { countReply, type ReplyTokens } from './token-count.ts';
import {
  isMeaningful,
  type ChoicePiece,
  type StreamError,
  type StreamPiece,
  type UsagePiece,
} from './wire-chunk.ts';

export type CallEvent =
  | { readonly kind: 'opened'; readonly queueMs: number; readonly promptTokens: number }
  | { readonly kind: 'event'; readonly event: GenerationEvent }
  | {
      /** Last. `readers` without a reason were cancelled; those in `missing` the endpoint left out. */
      readonly kind: 'settled';
      readonly readers: readonly SampleReader[];
      readonly tokens: ReplyTokens;
      readonly missing: readonly number[];
    };

export interface CallOptions {
  readonly connection: Connection;
  readonly queue: SlotQueue;
  readonly clock: Clock;
  readonly request: GenerateRequest;
  readonly path: string;
  readonly body: JsonObject;
  /** Which samples of the request this call makes. */
  readonly samples: readonly number[];
  readonly usageIsWrongForN: boolean;
  readonly promptEstimate: number;
  /** The answer is the JSON of a call that was demanded by a schema. */
  readonly readsForcedCall: boolean;
  /** Whether to end the request when our own stop filter has ended all its samples. */
  readonly endsEarly: boolean;
}

/** Ends with `settled` also when the signal is aborted; throws for every other failure. */
export async function* runCall(options: CallOptions, signal: AbortSignal): AsyncGenerator<CallEvent> {
  const { connection, queue, request, samples } = options;
  const readers = samples.map(
    (sample) => new SampleReader({ sample, request, readsForcedCall: options.readsForcedCall }),
  );
  const seen: Seen = { usage: undefined, pieces: 0 };
  const slot = await orAborted(() => queue.acquire(signal), signal);
  let stream: PieceStream | undefined;
  try {
    const opened =
      slot === undefined
        ? undefined
        : await orAborted(() => connection.withRetries(() => open(options, signal), signal), signal);
    if (slot === undefined || opened === undefined) {
      yield { kind: 'settled', readers, missing: [], tokens: nothing(readers.length) };
      return;
    }
    ({ stream } = opened);
    const promptTokens = opened.usage?.inputTokens ?? options.promptEstimate;
    yield { kind: 'opened', queueMs: slot.queueMs, promptTokens };
    seen.usage = opened.usage;
    const isComplete = yield* readAll(options, { readers, seen, opened, signal });
    const missing = isComplete ? readers.filter((reader) => reader.isUntouched) : [];
    const counted = readers.filter((reader) => !missing.includes(reader));
    yield {
      kind: 'settled',
      readers: counted,
      missing: missing.map((reader) => reader.sample),
      tokens: countReply({
        traces: counted.map((reader) => reader.trace),
        usage: seen.usage,
        usageIsWrongForN: options.usageIsWrongForN,
        promptEstimate: options.promptEstimate,
      }),
    };
  } finally {
    slot?.release();
    await stream?.return(false);
  }
}

type PieceStream = ReturnType<typeof readPieces>;

interface Opened {
  readonly kind: 'done';
  readonly stream: PieceStream;
  readonly first: StreamPiece;
  readonly usage: UsagePiece | undefined;
}

interface Seen {
  usage: UsagePiece | undefined;
  pieces: number;
}

/** Undefined when the signal was aborted meanwhile. */
async function orAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function nothing(samples: number): ReplyTokens {
  return {
    samples: Array.from({ length: samples }, () => ({ sampledTokens: 0, thoughtTokens: 0 })),
    usage: noUsage,
    isEstimate: false,
  };
}

/** Sends the request and reads up to the first piece that matters; until then it may be sent again. */
async function open(
  { connection, clock, path, body }: CallOptions,
  signal: AbortSignal,
): Promise<Opened | Failure> {
  const reply = await connection.send({ method: 'POST', path, body }, signal);
  if (isFailure(reply)) return reply;
  const stream = readPieces(reply, clock);
  let usage: UsagePiece | undefined;
  try {
    for (;;) {
      const next = await stream.next();
      if (next.done === true) {
        const message = `The endpoint ${connection.endpoint.name} ended its answer before the first token.`;
        return {
          kind: 'failed',
          error: new GradusError('engine-failed', { message }),
          mayRetry: true,
          isOutage: false,
        };
      }
      if (isStreamError(next.value)) {
        await stream.return(false);
        return toStreamFailure(connection.endpoint, next.value.error);
      }
      usage = next.value.usage ?? usage;
      if (isMeaningful(next.value)) return { kind: 'done', stream, first: next.value, usage };
    }
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof GradusError)) return toConnectionFailure(connection.endpoint, thrown);
    return { kind: 'failed', error: thrown, mayRetry: true, isOutage: false };
  }
}

interface Reading {
  readonly readers: readonly SampleReader[];
  readonly seen: Seen;
  readonly opened: Opened;
  readonly signal: AbortSignal;
}

/** Returns whether the stream ran to its end, rather than being aborted or left. */
async function* readAll(
  options: CallOptions,
  { readers, seen, opened, signal }: Reading,
): AsyncGenerator<CallEvent, boolean> {
  let piece: StreamPiece = opened.first;
  for (;;) {
    seen.usage = piece.usage ?? seen.usage;
    seen.pieces += 1;
    for (const choice of piece.choices) {
      for (const event of take(readers, choice)) yield { kind: 'event', event };
    }
    if (options.endsEarly && readers.every((reader) => reader.reason !== undefined)) return false;
    if (signal.aborted) return false;
    let next: IteratorResult<StreamPiece | StreamError, boolean>;
    try {
      next = await opened.stream.next();
    } catch (thrown) {
      if (signal.aborted) return false;
      // All is here; only the count may be missing.
      if (readers.every((reader) => reader.reason !== undefined)) return true;
      throw brokenOff(options, { readers, seen, thrown });
    }
    if (next.done === true) {
      const cut = readers.filter((reader) => reader.reason === undefined && !reader.isUntouched);
      const isAllMissing = readers.every((reader) => reader.isUntouched);
      if (!next.value && (cut.length > 0 || isAllMissing)) {
        throw brokenOff(options, { readers, seen, thrown: undefined });
      }
      for (const reader of cut) {
        for (const event of reader.finishSilently()) yield { kind: 'event', event };
      }
      return true;
    }
    if (isStreamError(next.value)) throw toStreamFailure(options.connection.endpoint, next.value.error).error;
    piece = next.value;
  }
}

function take(readers: readonly SampleReader[], choice: ChoicePiece): readonly GenerationEvent[] {
  return readers[choice.choice]?.take(choice) ?? [];
}

function isStreamError(value: StreamPiece | StreamError): value is StreamError {
  return 'error' in value;
}

/** What arrived is told, so that nobody mistakes a part for the whole. */
function brokenOff(
  { connection }: CallOptions,
  { readers, seen, thrown }: { readers: readonly SampleReader[]; seen: Seen; thrown: unknown },
): GradusError {
  if (thrown instanceof GradusError) return thrown;
  const { name, timeoutMs } = connection.endpoint;
  const bytes = readers.reduce(
    (sum, { trace }) => sum + trace.textBytes + trace.thoughtBytes + trace.callBytes,
    0,
  );
  const arrived = `${seen.pieces} pieces with ${bytes} bytes of text had arrived`;
  const reason = thrown === undefined ? 'without an end mark' : reasonOf(thrown);
  const isSilence = reason === 'UND_ERR_BODY_TIMEOUT';
  return new GradusError(
    isSilence ? 'timed-out' : 'engine-failed',
    {
      message: isSilence
        ? `The endpoint ${name} fell silent for ${timeoutMs} ms in the middle of its answer; ${arrived}.`
        : `The stream of the endpoint ${name} broke off (${reason}); ${arrived}.`,
      data: { endpoint: name, pieces: seen.pieces, bytes },
    },
    { cause: thrown },
  );
}
