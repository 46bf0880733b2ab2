/**
 * Chooses the next token from logits. Written here and not taken from llama.cpp for two reasons: chance is
 * a function of (seed, sample, position), so that a resumed answer goes on as if it had never stopped; and
 * one pass over the vocabulary that prunes hopeless tokens costs a third of copying it into candidates.
 */
import { hashRandom01 } from '../../../kernel/random.ts';
import type { Sampling } from '../../../kernel/request.ts';

/** Says which tokens a grammar allows. */
export interface TokenFilter {
  accepts(token: number): boolean;
  /** Keeps the allowed ones of `tokens`, in order. */
  keep(tokens: Int32Array): Int32Array;
}

export interface SampleState {
  readonly seed: number;
  readonly sampleIndex: number;
  /** How often each token was sampled so far, for the penalties. */
  readonly counts: ReadonlyMap<number, number>;
  /** Tokens of this answer so far; the place of the next one. */
  readonly position: number;
}

/**
 * The next token id. Temperature 0 takes the likeliest (lowest id on a tie). Otherwise the distribution is
 * softmax(logits / temperature), cut by minP, topK and topP in that order.
 * With a filter the draw is repeated over the allowed tokens, which gives the distribution conditioned on
 * being allowed. Returns -1 when the filter allows no token at all. `logits` is left as it was found.
 */
export function sampleToken(
  logits: Float32Array,
  sampling: Sampling,
  state: SampleState,
  filter: TokenFilter | undefined,
): number {
  const undo = applyBias(logits, sampling, state.counts);
  try {
    const first = draw(logits, sampling, chanceOf(state, 0), undefined);
    if (filter === undefined || filter.accepts(first)) return first;
    const allowed = allowedTokens(logits, sampling, filter);
    if (allowed.length === 0) return -1;
    // A fresh chance: the first one is known to have met a forbidden token, so it is uniform no more.
    return draw(logits, sampling, chanceOf(state, 1), allowed);
  } finally {
    for (const [token, value] of undo) logits[token] = value;
  }
}

/**
 * The allowed tokens that can matter. Asking the grammar about all 150,000 tokens takes 10 ms and more, so
 * the likely ones are asked first; only when it allows none of them, all.
 */
function allowedTokens(logits: Float32Array, sampling: Sampling, filter: TokenFilter): Int32Array {
  const span = sampling.temperature <= 0 ? 12 : maxSpan * sampling.temperature;
  const likely = filter.keep(tokensAbove(logits, undefined, maximum(logits) - span));
  return likely.length > 0 ? likely : filter.keep(everyToken(logits.length));
}

/** The natural logarithm of the sum of exp(logits), so that `logits[i] - logSumExp` is a log probability. */
export function logSumExp(logits: Float32Array): number {
  const max = maximum(logits);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] ?? 0) - max);
  return max + Math.log(sum);
}

/** The ids of the `count` largest logits, largest first. */
export function topTokens(logits: Float32Array, count: number): readonly number[] {
  const best: number[] = [];
  let threshold = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    const value = logits[token] ?? -Infinity;
    if (best.length >= count && value <= threshold) continue;
    let place = best.length;
    while (place > 0 && (logits[best[place - 1] ?? 0] ?? 0) < value) place--;
    best.splice(place, 0, token);
    if (best.length > count) best.pop();
    threshold = logits[best.at(-1) ?? 0] ?? -Infinity;
  }
  return best.slice(0, count);
}

function applyBias(
  logits: Float32Array,
  sampling: Sampling,
  counts: ReadonlyMap<number, number>,
): readonly (readonly [number, number])[] {
  const undo: [number, number][] = [];
  const { frequencyPenalty, presencePenalty, logitBias } = sampling;
  const change = (token: number, delta: number): void => {
    const value = logits[token];
    if (value === undefined) return;
    undo.unshift([token, value]);
    logits[token] = value + delta;
  };
  if (frequencyPenalty !== 0 || presencePenalty !== 0) {
    for (const [token, count] of counts) change(token, -(frequencyPenalty * count + presencePenalty));
  }
  // -100 and 100 are documented as ban and force: beyond any difference that logits have.
  for (const [token, bias] of logitBias) change(token, bias <= -100 ? -Infinity : bias >= 100 ? 1e6 : bias);
  return undo;
}

/** The chance of a place: attempt 0 for the first draw, 1 for the one after a forbidden token. */
function chanceOf(state: SampleState, attempt: 0 | 1): number {
  return hashRandom01(state.seed, 2 * state.sampleIndex + attempt, state.position);
}

function draw(
  logits: Float32Array,
  sampling: Sampling,
  chance01: number,
  allowed: Int32Array | undefined,
): number {
  if (sampling.temperature <= 0) return allowed === undefined ? argmax(logits) : argmaxOf(logits, allowed);
  const candidates = cut(collect(logits, sampling, allowed), sampling);
  let rest = chance01 * sumOf(candidates.weights);
  for (let i = 0; i < candidates.tokens.length; i++) {
    rest -= candidates.weights[i] ?? 0;
    if (rest < 0) return candidates.tokens[i] ?? 0;
  }
  return candidates.tokens.at(-1) ?? 0;
}

interface Candidates {
  readonly tokens: Int32Array;
  /** exp((logit - max) / temperature). */
  readonly weights: Float64Array;
}

/**
 * Tokens that can matter: those within `span` of the maximum after temperature. 150,000 tokens beyond
 * e^-23 weigh together less than 1.6e-5 of the likeliest one, which is below what 4-bit weights resolve.
 */
function collect(logits: Float32Array, sampling: Sampling, allowed: Int32Array | undefined): Candidates {
  const span =
    sampling.minP !== undefined && sampling.minP > 0 ? Math.min(maxSpan, -Math.log(sampling.minP)) : maxSpan;
  const max = allowed === undefined ? maximum(logits) : (logits[argmaxOf(logits, allowed)] ?? 0);
  const tokens = tokensAbove(logits, allowed, max - span * sampling.temperature);
  const weights = new Float64Array(tokens.length);
  const scale = 1 / sampling.temperature;
  for (let i = 0; i < tokens.length; i++) {
    weights[i] = expOfMinus((max - (logits[tokens[i] ?? 0] ?? 0)) * scale);
  }
  return { tokens, weights };
}

/** The ids, among `allowed` or all, whose logit is at least `floor`, in order of id. */
function tokensAbove(logits: Float32Array, allowed: Int32Array | undefined, floor: number): Int32Array {
  const limit = allowed?.length ?? logits.length;
  let tokens = new Int32Array(1024);
  let size = 0;
  for (let i = 0; i < limit; i++) {
    const token = allowed === undefined ? i : (allowed[i] ?? 0);
    const value = logits[token];
    if (value === undefined || value < floor) continue;
    if (size === tokens.length) {
      const grown = new Int32Array(size * 4);
      grown.set(tokens);
      tokens = grown;
    }
    tokens[size++] = token;
  }
  return tokens.subarray(0, size);
}

const stepsPerNat = 1024;
const maxSpan = 23;
const expTable = Float64Array.from({ length: maxSpan * stepsPerNat + 2 }, (_, i) =>
  Math.exp(-(i + 0.5) / stepsPerNat),
);

/** e^-x for 0 <= x <= 23 from a table, within 0.05%: four times faster than Math.exp over a vocabulary. */
function expOfMinus(x: number): number {
  return expTable[Math.trunc(x * stepsPerNat)] ?? 0;
}

/** The candidates that topK and topP leave, largest first when either cuts. */
function cut(candidates: Candidates, sampling: Sampling): Candidates {
  const { tokens, weights } = candidates;
  const size = tokens.length;
  const topK = sampling.topK !== undefined && sampling.topK > 0 ? Math.min(sampling.topK, size) : size;
  if (topK === size && sampling.topP >= 1) return candidates;
  // What topP cuts off weighs (1 - topP) of the total at most, so a candidate below an even share of that
  // is never kept and need not be sorted.
  const floor = topK < size ? 0 : ((1 - sampling.topP) * sumOf(weights)) / size;
  let order: number[] = [];
  for (let i = 0; i < size; i++) if ((weights[i] ?? 0) >= floor) order.push(i);
  order.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  order = order.slice(0, topK);
  const sorted = Float64Array.from(order, (index) => weights[index] ?? 0);
  const limit = sampling.topP * (topK < size ? sumOf(sorted) : sumOf(weights));
  let kept = 0;
  let sum = 0;
  while (kept < sorted.length && (kept === 0 || sum < limit)) sum += sorted[kept++] ?? 0;
  return {
    tokens: Int32Array.from(order.slice(0, kept), (index) => tokens[index] ?? 0),
    weights: sorted.subarray(0, kept),
  };
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function maximum(logits: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] ?? 0;
    if (value > max) max = value;
  }
  return max;
}

function argmax(logits: Float32Array): number {
  let best = 0;
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] ?? 0;
    if (value > max) {
      max = value;
      best = i;
    }
  }
  return best;
}

function argmaxOf(logits: Float32Array, allowed: Int32Array): number {
  let best = allowed[0] ?? 0;
  for (const token of allowed) if ((logits[token] ?? 0) > (logits[best] ?? 0)) best = token;
  return best;
}

function everyToken(count: number): Int32Array {
  const tokens = new Int32Array(count);
  for (let i = 0; i < count; i++) tokens[i] = i;
  return tokens;
}
