/** One sample as it arrives: turns pieces into events, puts tool calls together, and keeps what was seen for counting. */
import { GradusError } from '../../kernel/errors.ts';
import type { FinishReason, TokenLogprobs } from '../../kernel/item.ts';
import type { GenerateRequest, GenerationEvent } from '../engine.ts';
import { createStopFilter, type StopFilter } from '../stop-filter.ts';
import { demandsCall, parseForcedCall } from './forced-call.ts';
import type { SampleTrace } from './token-count.ts';
import type { CallPiece, ChoicePiece } from './wire-chunk.ts';

interface OpenCall {
  /** What the endpoint called it; kept apart from our position, for endpoints count with gaps. */
  readonly wireIndex: number | undefined;
  id: string | undefined;
  name: string | undefined;
  /** Our position, given when the name is known. */
  index: number | undefined;
  hasArguments: boolean;
  /** Arguments that came before the name. */
  early: string;
}

interface HeldEntry {
  readonly end: number;
  readonly logprob?: TokenLogprobs;
  readonly tokenId?: number;
}

export interface SampleReaderOptions {
  readonly sample: number;
  readonly request: GenerateRequest;
  /** The text is the JSON of a call that was demanded by a schema. */
  readonly readsForcedCall?: boolean;
}

export class SampleReader {
  readonly sample: number;
  readonly #request: GenerateRequest;
  readonly #filter: StopFilter;
  readonly #calls: OpenCall[] = [];
  #trace: SampleTrace = {
    textDeltas: 0,
    thoughtDeltas: 0,
    callDeltas: 0,
    textBytes: 0,
    thoughtBytes: 0,
    callBytes: 0,
    logprobEntries: 0,
    tokenIds: 0,
  };
  #held: HeldEntry[] = [];
  #taken = 0;
  #shown = 0;
  #startedCalls = 0;
  #reason: FinishReason | undefined;
  #isRefusal = false;
  /** The JSON of a forced call so far. */
  #forced: string | undefined;

  constructor({ sample, request, readsForcedCall = false }: SampleReaderOptions) {
    this.sample = sample;
    this.#request = request;
    this.#forced = readsForcedCall ? '' : undefined;
    this.#filter = createStopFilter(request.stop);
  }

  /** Undefined while the sample goes on. */
  get reason(): FinishReason | undefined {
    return this.#reason;
  }

  get trace(): SampleTrace {
    return this.#trace;
  }

  /** Whether anything of this sample ever came. */
  get isUntouched(): boolean {
    const { textDeltas, thoughtDeltas, callDeltas, tokenIds } = this.#trace;
    return this.#reason === undefined && textDeltas + thoughtDeltas + callDeltas + tokenIds === 0;
  }

  /** Throws `engine-failed` when the endpoint ended the sample for a failure of its own. */
  take(piece: ChoicePiece): readonly GenerationEvent[] {
    if (this.#reason !== undefined) return [];
    this.#note(piece);
    const { sample } = this;
    const events: GenerationEvent[] = [];
    if (piece.thought !== '') events.push({ kind: 'thought-delta', sample, text: piece.thought });
    if (piece.text !== '' || piece.logprobs !== undefined || piece.tokenIds !== undefined) {
      events.push(...this.#takeText(piece));
    }
    for (const call of piece.calls) events.push(...this.#takeCall(call));
    this.#isRefusal ||= piece.isRefusal;
    if (this.#filter.isStopped) this.#reason = 'stop';
    else if (piece.finish !== undefined) events.push(...this.#finish(piece.finish));
    return events;
  }

  #note(piece: ChoicePiece): void {
    const old = this.#trace;
    this.#trace = {
      textDeltas: old.textDeltas + (piece.text === '' ? 0 : 1),
      thoughtDeltas: old.thoughtDeltas + (piece.thought === '' ? 0 : 1),
      callDeltas: old.callDeltas + piece.calls.length,
      textBytes: old.textBytes + Buffer.byteLength(piece.text),
      thoughtBytes: old.thoughtBytes + Buffer.byteLength(piece.thought),
      callBytes: piece.calls.reduce(
        (sum, call) => sum + Buffer.byteLength(call.arguments) + Buffer.byteLength(call.name ?? ''),
        old.callBytes,
      ),
      logprobEntries: old.logprobEntries + (piece.logprobs?.length ?? 0),
      tokenIds: old.tokenIds + (piece.tokenIds?.length ?? 0),
    };
  }

  #takeText(piece: ChoicePiece): readonly GenerationEvent[] {
    if (this.#forced !== undefined) {
      this.#forced += piece.text;
      return [];
    }
    const logprobs = this.#request.topLogprobs === undefined ? [] : (piece.logprobs ?? []);
    const tokenIds = this.#request.wantTokenIds === true ? (piece.tokenIds ?? []) : [];
    let end = this.#taken;
    for (const entry of logprobs) {
      end += entry.token.length;
      const top = entry.top_logprobs.slice(0, this.#request.topLogprobs);
      this.#held.push({ end, logprob: { ...entry, top_logprobs: top } });
    }
    this.#taken += piece.text.length;
    for (const tokenId of tokenIds) this.#held.push({ end: this.#taken, tokenId });
    return this.#show(this.#filter.push(piece.text));
  }

  #show(text: string): readonly GenerationEvent[] {
    if (text === '') return [];
    this.#shown += text.length;
    // Token texts need not add up to the text (characters in parts); when all is shown, so are they.
    const isAllShown = this.#shown >= this.#taken;
    const ready = this.#held.filter((entry) => isAllShown || entry.end <= this.#shown);
    this.#held = this.#held.filter((entry) => !ready.includes(entry));
    return [
      {
        kind: 'text-delta',
        sample: this.sample,
        text,
        ...(this.#request.topLogprobs === undefined
          ? {}
          : { logprobs: ready.flatMap((entry) => entry.logprob ?? []) }),
        ...(this.#request.wantTokenIds === true
          ? { tokenIds: ready.flatMap((entry) => entry.tokenId ?? []) }
          : {}),
      },
    ];
  }

  #takeCall(piece: CallPiece): readonly GenerationEvent[] {
    const call = this.#findCall(piece);
    call.id ??= piece.id;
    call.name ??= piece.name;
    if (call.name === undefined) {
      call.early += piece.arguments;
      return [];
    }
    const { sample } = this;
    const events: GenerationEvent[] = [];
    const index = call.index ?? this.#startedCalls;
    if (call.index === undefined) {
      call.index = index;
      this.#startedCalls += 1;
      events.push({ kind: 'tool-call-started', sample, index, name: call.name });
    }
    const text = call.early + piece.arguments;
    call.early = '';
    if (text !== '') {
      call.hasArguments = true;
      events.push({ kind: 'tool-call-delta', sample, index, text });
    }
    return events;
  }

  /**
   * Which call a piece belongs to. Endpoints number with gaps, leave the number out, or give one number to
   * all parallel calls; then another id with another name begins another call.
   */
  #findCall({ index, id, name }: CallPiece): OpenCall {
    const byId = id === undefined ? undefined : this.#calls.find((call) => call.id === id);
    if (byId !== undefined) return byId;
    const known =
      index === undefined ? this.#calls.at(-1) : this.#calls.findLast((call) => call.wireIndex === index);
    const isNamedAnew = name !== undefined && known?.name !== undefined;
    const isOther =
      id !== undefined && known?.id !== undefined
        ? isNamedAnew || index === undefined
        : index === undefined && isNamedAnew && known.hasArguments;
    if (known !== undefined && !isOther) return known;
    const call: OpenCall = {
      wireIndex: index,
      id,
      name: undefined,
      index: undefined,
      hasArguments: false,
      early: '',
    };
    this.#calls.push(call);
    return call;
  }

  /** The stream ended properly, but the endpoint gave no reason for this sample. */
  finishSilently(): readonly GenerationEvent[] {
    return this.#reason === undefined ? this.#finish('stop') : [];
  }

  #finish(wireReason: string): readonly GenerationEvent[] {
    const events: GenerationEvent[] = [...this.#show(this.#filter.flush())];
    for (const { index, hasArguments } of this.#calls) {
      // No arguments at all means none: the empty object.
      if (index !== undefined && !hasArguments && wireReason !== 'length') {
        events.push({ kind: 'tool-call-delta', sample: this.sample, index, text: '{}' });
      }
    }
    if (this.#forced !== undefined && wireReason !== 'length' && wireReason !== 'max_tokens') {
      const call = parseForcedCall(this.#forced);
      this.#startedCalls = 1;
      events.push(
        { kind: 'tool-call-started', sample: this.sample, index: 0, name: call.name },
        { kind: 'tool-call-delta', sample: this.sample, index: 0, text: call.arguments },
      );
    }
    this.#reason = toFinishReason(wireReason, {
      hasCalls: this.#startedCalls > 0,
      isRefusal: this.#isRefusal,
    });
    if (this.#reason === 'stop' && demandsCall(this.#request)) {
      throw new GradusError('engine-failed', {
        message:
          'The endpoint answered with text though a tool call was demanded; set its capability "forcedCalls" to "schema" in gradus.json.',
      });
    }
    return events;
  }
}

function toFinishReason(
  wireReason: string,
  { hasCalls, isRefusal }: { hasCalls: boolean; isRefusal: boolean },
): FinishReason {
  switch (wireReason) {
    case 'length':
    case 'max_tokens':
      return 'length';
    case 'content_filter':
      return 'content_filter';
    case 'error':
    case 'abort':
      throw new GradusError('engine-failed', {
        message: `The endpoint ended the answer with "${wireReason}".`,
      });
    default:
      // A named tool choice ends with "stop" at some endpoints, though it ended in a call.
      return hasCalls ? 'tool_calls' : isRefusal ? 'content_filter' : 'stop';
  }
}
