/** What the cases of the engine contract assert, each with a planted fault in `checks.test.ts`. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { GradusError, type ErrorCode } from '../../kernel/errors.ts';
import type { TokenLogprobs } from '../../kernel/item.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { Engine, GenerateRequest, GenerationEvent } from '../engine.ts';
import type { GenerationRecord } from '../generation-record.ts';
import { JsonChecker } from '../scripted/json-check.ts';
import { never } from './bench.ts';

/** The request is refused with `code` before any event. */
export async function assertRefused(
  engine: Engine,
  request: GenerateRequest,
  code: ErrorCode,
): Promise<GradusError> {
  const events: GenerationEvent[] = [];
  try {
    for await (const event of engine.generate(request, never)) events.push(event);
  } catch (error) {
    assert.ok(error instanceof GradusError, String(error));
    assert.equal(error.code, code, error.message);
    assert.deepEqual(events, [], 'it began before it refused');
    return error;
  }
  assert.fail(`not refused; expected ${code}`);
}

/** `started`, then per sample deltas and one end, then `finished`; calls start before their deltas. */
export function assertOrder(events: readonly GenerationEvent[], samples: number): void {
  assert.equal(events[0]?.kind, 'started');
  assert.equal(events.at(-1)?.kind, 'finished');
  const ended = new Set<number>();
  const calls = new Map<number, number>();
  for (const event of events.slice(1, -1)) {
    assert.ok(event.kind !== 'started' && event.kind !== 'finished', `${event.kind} in the middle`);
    assert.ok(event.sample >= 0 && event.sample < samples, `sample ${event.sample} of ${samples}`);
    assert.ok(!ended.has(event.sample), `${event.kind} after the end of sample ${event.sample}`);
    switch (event.kind) {
      case 'sample-finished':
        ended.add(event.sample);
        break;
      case 'tool-call-started':
        assert.equal(event.index, calls.get(event.sample) ?? 0, 'calls are numbered without gaps');
        calls.set(event.sample, event.index + 1);
        break;
      case 'tool-call-delta':
        assert.ok(event.index < (calls.get(event.sample) ?? 0), 'a call has a delta before it started');
        break;
      case 'text-delta':
      case 'thought-delta':
        assert.notEqual(event.text, '', 'an empty delta');
        break;
    }
  }
  assert.equal(ended.size, samples, 'each sample ends once');
}

/** The sums of the samples are the usage, and the prompt is as long as said at the start, if that is known. */
export function assertUsage(
  { samples, usage, promptTokens }: GenerationRecord,
  knowsPromptAtStart = true,
): void {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  assert.equal(usage.outputTokens, sum(samples.map((sample) => sample.sampledTokens)));
  assert.equal(usage.reasoningTokens, sum(samples.map((sample) => sample.thoughtTokens)));
  if (knowsPromptAtStart) assert.equal(usage.inputTokens, promptTokens);
  assert.ok(usage.inputTokens > 0 && usage.cachedTokens >= 0 && usage.cachedTokens <= usage.inputTokens);
}

/** Within 100 ms nothing of the model runs or waits. */
export async function assertIdle(engine: Engine, model: string): Promise<void> {
  const untilMs = performance.now() + 100;
  for (;;) {
    const load = engine.loads().find((entry) => entry.model === model);
    if (load === undefined || (load.running === 0 && load.waiting === 0)) return;
    assert.ok(performance.now() < untilMs, `still ${load.running} running and ${load.waiting} waiting`);
    await sleep(5);
  }
}

/** Every call of every sample is one of `tools` (of `name`, when given) with valid arguments. */
export function assertCalls(
  { samples }: GenerationRecord,
  { tools, name, most }: { tools: readonly FunctionTool[]; name?: string; most?: number },
): void {
  const checker = new JsonChecker();
  for (const { calls, reason } of samples) {
    assert.equal(reason, 'tool_calls');
    assert.ok(calls.length >= 1 && calls.length <= (most ?? Infinity), `${calls.length} calls`);
    for (const call of calls) {
      const tool = tools.find((entry) => entry.name === call.name);
      assert.ok(tool !== undefined, `no tool is named ${call.name}`);
      if (name !== undefined) assert.equal(call.name, name);
      const value: JsonObject = JSON.parse(call.arguments);
      assert.equal(checker.findFault(tool.parameters, value), undefined, call.arguments);
    }
  }
}

/**
 * One entry a token with bytes that spell the text; probabilities are at most 1, alternatives come in
 * falling order, are as many as asked for, and their probabilities sum to at most 1.
 */
export function assertLogprobs(text: string, entries: readonly TokenLogprobs[], topLogprobs: number): void {
  assert.ok(entries.length > 0, 'no log-probabilities');
  const bytes = Buffer.from(entries.flatMap((entry) => [...entry.bytes]));
  const whole = Buffer.from(text);
  assert.deepEqual(bytes, whole.subarray(0, bytes.length), 'the tokens do not spell the text');
  for (const { logprob, top_logprobs: top } of entries) {
    assert.ok(Number.isFinite(logprob) && logprob <= 1e-6, `log-probability ${logprob}`);
    assert.equal(top.length, topLogprobs);
    const values = top.map((entry) => entry.logprob);
    assert.deepEqual(
      values,
      values.toSorted((a, b) => b - a),
    );
    const sum01 = values.reduce((sum, value) => sum + Math.exp(value), 0);
    assert.ok(sum01 <= 1.001, `alternatives sum to ${sum01}`);
  }
}

export function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a !== undefined && b !== undefined && a.length === b.length && a.length > 0);
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
