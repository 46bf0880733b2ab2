/**
 * How many tokens a reply was. The endpoint's `usage` is exact where it can be believed. It cannot when it
 * is missing, or smaller than what arrived: llama-server reports the tokens of one choice for all of `n`.
 * Then we count what we saw: token ids if the endpoint gives them (exact), else one token for each
 * log-probability or delta and at least one for four bytes (an estimate, and marked as one). We do not ask
 * for log-probabilities only to count: on a local endpoint they slow every token down.
 */
import type { Usage } from '../../kernel/usage.ts';
import type { Prompt } from '../engine.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { UsagePiece } from './wire-chunk.ts';

/** What was seen of one sample. */
export interface SampleTrace {
  readonly textDeltas: number;
  readonly thoughtDeltas: number;
  readonly callDeltas: number;
  readonly textBytes: number;
  readonly thoughtBytes: number;
  readonly callBytes: number;
  readonly logprobEntries: number;
  readonly tokenIds: number;
}

export interface SampleTokens {
  readonly sampledTokens: number;
  readonly thoughtTokens: number;
}

export interface ReplyTokens {
  /** One for each trace, in order; they sum to the usage. */
  readonly samples: readonly SampleTokens[];
  readonly usage: Usage;
  readonly isEstimate: boolean;
}

export interface CountOptions {
  readonly traces: readonly SampleTrace[];
  readonly usage: UsagePiece | undefined;
  readonly usageIsWrongForN: boolean;
  /** What the prompt is thought to be when the endpoint does not say. */
  readonly promptEstimate: number;
}

const bytesPerToken = 4;
const messageTokens = 4;
const imageTokens = 85;

export function countReply({ traces, usage, usageIsWrongForN, promptEstimate }: CountOptions): ReplyTokens {
  const total = usage?.outputTokens;
  const isTrusted = total !== undefined && canBelieve(total, traces, usageIsWrongForN);
  const counts = isTrusted ? share(total, traces) : traces.map(estimateSample);
  const known = traces.length === 1 && isTrusted ? usage?.reasoningTokens : undefined;
  const samples = traces.map((trace, i) => {
    const sampledTokens = counts[i] ?? 0;
    const thoughtTokens = known ?? Math.round(sampledTokens * thoughtShare01(trace));
    return { sampledTokens, thoughtTokens: Math.min(thoughtTokens, sampledTokens) };
  });
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const inputTokens = usage?.inputTokens ?? promptEstimate;
  return {
    samples,
    usage: {
      inputTokens,
      cachedTokens: Math.min(usage?.cachedTokens ?? 0, inputTokens),
      outputTokens: sum(counts),
      reasoningTokens: sum(samples.map((sample) => sample.thoughtTokens)),
    },
    isEstimate: usage === undefined || !(isTrusted || traces.every((trace) => trace.tokenIds > 0)),
  };
}

/** A prompt's length for endpoints that have not said it yet: four bytes a token, four tokens a message. */
export function estimatePromptTokens(prompt: Prompt, tools: readonly FunctionTool[]): number {
  switch (prompt.kind) {
    case 'text':
      return estimateTextTokens(prompt.text);
    case 'tokens':
      return prompt.tokens.length;
    case 'chat': {
      let tokens = messageTokens + (tools.length === 0 ? 0 : estimateTextTokens(JSON.stringify(tools)));
      for (const message of prompt.messages) {
        tokens += messageTokens;
        if ('parts' in message) {
          for (const part of message.parts) {
            tokens += part.type === 'image' ? imageTokens : estimateTextTokens(part.text);
          }
        } else {
          tokens += estimateTextTokens(message.text);
          if (message.role === 'assistant') {
            for (const call of message.toolCalls) tokens += estimateTextTokens(call.name + call.arguments);
          }
        }
      }
      return tokens + estimateTextTokens(prompt.answerStart?.text ?? '');
    }
  }
}

export function estimateTextTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
}

/** Every entry is a token for certain; a delta nearly always is one, unless something between cuts them smaller. */
function canBelieve(total: number, traces: readonly SampleTrace[], usageIsWrongForN: boolean): boolean {
  const certain = traces.reduce((sum, trace) => sum + Math.max(trace.tokenIds, trace.logprobEntries), 0);
  if (total < certain) return false;
  if (traces.length > 1 && usageIsWrongForN) return false;
  const deltas = traces.reduce((sum, trace) => sum + trace.textDeltas + trace.thoughtDeltas, 0);
  // For one choice there is no known way to be wrong by little; for many, any shortfall is the known one.
  return traces.length > 1 ? total >= deltas : total * 2 >= deltas;
}

function estimateSample(trace: SampleTrace): number {
  if (trace.tokenIds > 0) return trace.tokenIds;
  const text = Math.max(trace.logprobEntries, trace.textDeltas, Math.ceil(trace.textBytes / bytesPerToken));
  const thought = Math.max(trace.thoughtDeltas, Math.ceil(trace.thoughtBytes / bytesPerToken));
  return text + thought + Math.max(trace.callDeltas, Math.ceil(trace.callBytes / bytesPerToken));
}

/** Splits a believed total by what was seen of each sample; the largest remainders get the rest. */
function share(total: number, traces: readonly SampleTrace[]): readonly number[] {
  const seen = traces.map(estimateSample);
  const all = seen.reduce((sum, value) => sum + value, 0);
  const exact = seen.map((value) => (all === 0 ? total / traces.length : (total * value) / all));
  const counts = exact.map(Math.floor);
  const order = exact
    .map((value, i) => ({ i, rest: value - Math.floor(value) }))
    .toSorted((a, b) => b.rest - a.rest || a.i - b.i);
  let left = total - counts.reduce((sum, value) => sum + value, 0);
  for (const { i } of order) {
    if (left <= 0) break;
    counts[i] = (counts[i] ?? 0) + 1;
    left -= 1;
  }
  return counts;
}

function thoughtShare01({ thoughtBytes, textBytes, callBytes }: SampleTrace): number {
  const all = thoughtBytes + textBytes + callBytes;
  return all === 0 ? 0 : thoughtBytes / all;
}
