/**
 * One answer in the making: its tokens, its chance, its grammar and the way of its text to the reader.
 * Knows nothing of batches and sequences; the scheduler brings logits and takes away events.
 */
import type { FinishReason, TokenLogprobs } from '../../../kernel/item.ts';
import type { GenerateRequest, GenerationEvent } from '../../engine.ts';
import { createStopFilter, type StopFilter } from '../../stop-filter.ts';
import type { AnswerParser, AnswerPart } from '../chat/answer-parser.ts';
import type { Constraint } from './constraint.ts';
import { logSumExp, sampleToken, topTokens } from './sampler.ts';

export interface TokenTexts {
  piece(token: number): Buffer;
  isEnd(token: number): boolean;
}

export interface SampleRunOptions {
  readonly request: GenerateRequest;
  readonly index: number;
  readonly seed: number;
  /** Tokens of the answer that were there before this run; they count as positions for chance. */
  readonly startPosition: number;
  readonly maxTokens: number;
  readonly texts: TokenTexts;
  readonly parser: AnswerParser;
  readonly constraint: Constraint | undefined;
}

export class SampleRun {
  readonly index: number;
  /** Every token sampled so far. */
  readonly tokens: number[] = [];
  finished: FinishReason | undefined;
  thoughtTokens = 0;
  readonly #options: SampleRunOptions;
  readonly #decoder = new TextDecoder('utf-8');
  readonly #stopFilter: StopFilter;
  readonly #counts = new Map<number, number>();
  readonly #events: GenerationEvent[] = [];
  #heldLogprobs: TokenLogprobs[] = [];
  #heldTokenIds: number[] = [];

  constructor(options: SampleRunOptions) {
    this.#options = options;
    this.index = options.index;
    this.#stopFilter = createStopFilter(options.request.stop);
  }

  /** Draws the next token from logits; afterwards `finished` or one token more to compute. */
  advance(logits: Float32Array): void {
    const { request, seed, startPosition, texts, constraint, maxTokens } = this.#options;
    const token = sampleToken(
      logits,
      request.sampling,
      {
        seed,
        sampleIndex: this.index,
        counts: this.#counts,
        position: startPosition + this.tokens.length,
      },
      constraint?.filter,
    );
    if (token < 0) {
      this.#finish('stop');
      return;
    }
    this.tokens.push(token);
    if (this.#options.parser.isThinking) this.thoughtTokens++;
    if (texts.isEnd(token)) {
      this.#finish('stop');
      return;
    }
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    if (request.topLogprobs !== undefined) this.#heldLogprobs.push(this.#describe(logits, token));
    if (request.wantTokenIds === true) this.#heldTokenIds.push(token);
    const piece = texts.piece(token);
    const shown = this.#stopFilter.push(this.#decoder.decode(piece, { stream: true }));
    this.#take(this.#options.parser.push(shown));
    constraint?.accept(token, piece);
    if (this.#stopFilter.isStopped) {
      this.#heldLogprobs = [];
      this.#finish('stop');
    } else if (this.tokens.length >= maxTokens) {
      this.#finish('length');
    }
  }

  /** Ends the answer from outside: cancelled, or the context is full. */
  end(reason: FinishReason): void {
    if (this.finished === undefined) this.#finish(reason);
  }

  takeEvents(): readonly GenerationEvent[] {
    return this.#events.splice(0);
  }

  dispose(): void {
    this.#options.constraint?.[Symbol.dispose]();
  }

  #finish(reason: FinishReason): void {
    if (!this.#stopFilter.isStopped) {
      this.#take(
        this.#options.parser.push(this.#stopFilter.push(this.#decoder.decode()) + this.#stopFilter.flush()),
      );
    }
    this.#take(this.#options.parser.flush());
    const calls = this.#options.parser.callCount;
    this.finished = reason === 'stop' && calls > 0 ? 'tool_calls' : reason;
    this.#events.push({
      kind: 'sample-finished',
      sample: this.index,
      reason: this.finished,
      sampledTokens: this.tokens.length,
      thoughtTokens: this.thoughtTokens,
    });
    this.dispose();
  }

  #take(parts: readonly AnswerPart[]): void {
    for (const part of parts) {
      switch (part.kind) {
        case 'text':
        case 'thought':
          this.#events.push({
            kind: part.kind === 'text' ? 'text-delta' : 'thought-delta',
            sample: this.index,
            text: part.text,
            ...(this.#options.request.topLogprobs === undefined ? {} : { logprobs: this.#heldLogprobs }),
            ...(this.#options.request.wantTokenIds === true ? { tokenIds: this.#heldTokenIds } : {}),
          });
          this.#heldLogprobs = [];
          this.#heldTokenIds = [];
          break;
        case 'call-started':
          this.#events.push({
            kind: 'tool-call-started',
            sample: this.index,
            index: part.index,
            name: part.name,
          });
          break;
        case 'call-arguments':
          this.#events.push({
            kind: 'tool-call-delta',
            sample: this.index,
            index: part.index,
            text: part.text,
          });
          break;
      }
    }
  }

  /** Log probabilities of the model's own distribution: before temperature, bias and grammar. */
  #describe(logits: Float32Array, token: number): TokenLogprobs {
    const total = logSumExp(logits);
    const describe = (id: number): { token: string; logprob: number; bytes: readonly number[] } => {
      const bytes = this.#options.texts.piece(id);
      return {
        token: bytes.toString('utf8'),
        logprob: Math.max(-9999, (logits[id] ?? -Infinity) - total),
        bytes: [...bytes],
      };
    };
    const top = topTokens(logits, this.#options.request.topLogprobs ?? 0);
    return { ...describe(token), top_logprobs: top.map(describe) };
  }
}
