/** One sample on its way out: takes planned tokens in order, counts each, and never shows a part of a stop text. */
import { GradusError } from '../../kernel/errors.ts';
import type { FinishReason, TokenLogprobs } from '../../kernel/item.ts';
import { hashRandom01 } from '../../kernel/random.ts';
import type { GenerateRequest, GenerationEvent } from '../engine.ts';
import { createStopFilter, type StopFilter } from '../stop-filter.ts';
import type { SamplePlan, Segment } from './sample-plan.ts';
import { toTokenId, toUtf8Bytes } from './tokens.ts';

export interface LaneOptions {
  readonly plan: SamplePlan;
  readonly request: GenerateRequest;
  readonly sample: number;
  readonly seed: number;
  /** At least 1. */
  readonly maxTokens: number;
}

interface HeldToken {
  readonly token: string;
  readonly position: number;
  /** Where the token ends in the text of its channel. */
  readonly end: number;
}

export class SampleLane {
  readonly plan: SamplePlan;
  readonly #request: GenerateRequest;
  readonly #sample: number;
  readonly #seed: number;
  readonly #maxTokens: number;
  readonly #wantsTokens: boolean;
  readonly #filter: StopFilter;
  #segment = 0;
  #offset = 0;
  #taken = 0;
  #shown = 0;
  #held: HeldToken[] = [];
  sampledTokens = 0;
  thoughtTokens = 0;
  isFinished = false;

  constructor({ plan, request, sample, seed, maxTokens }: LaneOptions) {
    this.plan = plan;
    this.#request = request;
    this.#sample = sample;
    this.#seed = seed;
    this.#maxTokens = maxTokens;
    this.#wantsTokens = request.topLogprobs !== undefined || request.wantTokenIds === true;
    this.#filter = createStopFilter(request.stop);
  }

  /** Takes up to `limit` tokens, all of one kind. Throws the failure that the script planned. */
  advance(limit: number): readonly GenerationEvent[] {
    const { fail, segments } = this.plan;
    const failsIn = (fail?.afterTokens ?? Infinity) - this.sampledTokens;
    if (fail !== undefined && failsIn <= 0) throw toFailure(fail);
    const segment = segments[this.#segment];
    if (segment === undefined) return this.#end();
    const room = Math.min(limit, failsIn, this.#maxTokens - this.sampledTokens);
    const tokens = segment.tokens.slice(this.#offset, this.#offset + room);
    this.#offset += tokens.length;
    const isLast = this.#offset >= segment.tokens.length;
    const events = this.#send(segment, tokens, isLast);
    if (isLast) {
      this.#segment += 1;
      this.#offset = 0;
      this.#taken = 0;
      this.#shown = 0;
    }
    if (this.#filter.isStopped) return [...events, this.finish('stop')];
    if (this.sampledTokens >= this.#maxTokens) return [...events, ...this.#flush(), this.finish('length')];
    if (this.#segment >= segments.length && fail === undefined) return [...events, ...this.#end()];
    return events;
  }

  finish(reason: FinishReason): GenerationEvent {
    this.isFinished = true;
    return {
      kind: 'sample-finished',
      sample: this.#sample,
      reason,
      sampledTokens: this.sampledTokens,
      thoughtTokens: this.thoughtTokens,
    };
  }

  #end(): readonly GenerationEvent[] {
    const { finish, fail } = this.plan;
    if (fail !== undefined) throw toFailure(fail);
    const rest = this.#flush();
    // The end mark is a token that the model sampled; an answer that was cut has none.
    if (finish === 'stop' || finish === 'tool_calls') this.sampledTokens += 1;
    return [...rest, this.finish(finish)];
  }

  #send(segment: Segment, tokens: readonly string[], isLast: boolean): readonly GenerationEvent[] {
    switch (segment.kind) {
      case 'text': {
        let shown = '';
        for (const token of tokens) {
          if (this.#filter.isStopped) break;
          this.#hold(token);
          shown += this.#filter.push(token);
        }
        // Text ends here: what was held back for a stop text cannot become one any more.
        if (isLast && !this.#filter.isStopped) shown += this.#filter.flush();
        return this.#toDelta('text-delta', shown);
      }
      case 'thought': {
        for (const token of tokens) this.#hold(token);
        this.thoughtTokens += tokens.length;
        return this.#toDelta('thought-delta', tokens.join(''));
      }
      case 'call-name':
        this.sampledTokens += tokens.length;
        // A name that was cut is no call yet.
        if (!isLast) return [];
        return [
          {
            kind: 'tool-call-started',
            sample: this.#sample,
            index: segment.call,
            name: segment.tokens.join(''),
          },
        ];
      case 'call-arguments':
        this.sampledTokens += tokens.length;
        return [
          { kind: 'tool-call-delta', sample: this.#sample, index: segment.call, text: tokens.join('') },
        ];
    }
  }

  #hold(token: string): void {
    this.sampledTokens += 1;
    if (!this.#wantsTokens) return;
    this.#taken += token.length;
    this.#held.push({ token, position: this.sampledTokens - 1, end: this.#taken });
  }

  #flush(): readonly GenerationEvent[] {
    return this.#toDelta('text-delta', this.#filter.flush());
  }

  #toDelta(kind: 'text-delta' | 'thought-delta', text: string): readonly GenerationEvent[] {
    if (text === '') return [];
    const sample = this.#sample;
    if (!this.#wantsTokens) return [{ kind, sample, text }];
    this.#shown += text.length;
    const ready = this.#held.filter((token) => token.end <= this.#shown);
    this.#held = this.#held.slice(ready.length);
    const { topLogprobs, wantTokenIds } = this.#request;
    return [
      {
        kind,
        sample,
        text,
        ...(topLogprobs === undefined
          ? {}
          : { logprobs: ready.map((token) => this.#toLogprobs(token, topLogprobs)) }),
        ...(wantTokenIds === true ? { tokenIds: ready.map(({ token }) => toTokenId(token)) } : {}),
      },
    ];
  }

  #toLogprobs({ token, position }: HeldToken, count: number): TokenLogprobs {
    const textPosition = position - this.thoughtTokens;
    const chance01 = 0.5 + hashRandom01(this.#seed, toTokenId(token) % 2 ** 31, position) / 2;
    const logprob = this.plan.logprobs[textPosition] ?? Math.log(chance01);
    const entry = { token, logprob, bytes: toUtf8Bytes(token) };
    // Each alternative has half of what the ones before it leave, so that all together stay below 1.
    let rest01 = 1 - Math.exp(logprob);
    const top = [entry];
    for (let i = 1; i <= count; i++) {
      rest01 /= 2;
      // Never -Infinity, which JSON cannot carry.
      const other = `~${i}`;
      top.push({ token: other, logprob: Math.log(Math.max(rest01, 1e-30)), bytes: toUtf8Bytes(other) });
    }
    top.sort((a, b) => b.logprob - a.logprob);
    return { ...entry, top_logprobs: top.slice(0, count) };
  }
}

function toFailure(fail: NonNullable<SamplePlan['fail']>): GradusError {
  return new GradusError(fail.code, {
    message: fail.message ?? `The script fails here with ${fail.code}.`,
    ...(fail.retryAfterMs === undefined ? {} : { retryAfterMs: fail.retryAfterMs }),
  });
}
