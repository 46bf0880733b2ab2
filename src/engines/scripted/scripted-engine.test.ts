/** What the scripted engine does beyond the contract: rules, choice by seed, failures, pace, queue. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError, type ErrorCode } from '../../kernel/errors.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createContractBench, userMessage, type ContractBench } from '../contract/bench.ts';
import type { ChatMessage, GenerationEvent } from '../engine.ts';
import { recordGeneration } from '../generation-record.ts';
import type { ScriptRule } from './script.ts';
import { createScriptedEngine, type ScriptedEngineOptions } from './scripted-engine.ts';

const never = new AbortController().signal;

interface Scene extends ContractBench {
  readonly clock: FakeClock;
  readonly say: (text: string) => Promise<string | undefined>;
}

function createScene(
  rules: readonly ScriptRule[],
  options: Omit<ScriptedEngineOptions, 'clock' | 'script'> = {},
): Scene {
  const clock = createFakeClock();
  const engine = createScriptedEngine({ clock, script: { rules }, ...options });
  const bench = createContractBench({ engine, model: 'scripted', embeddingModel: 'scripted' });
  return {
    ...bench,
    clock,
    async say(text) {
      return (await bench.run(text, { maxTokens: 1000 })).samples[0]?.text;
    },
  };
}

function isError(code: ErrorCode, text = ''): (error: unknown) => boolean {
  return (error) => error instanceof GradusError && error.code === code && error.message.includes(text);
}

test('the first rule that holds answers; without one the last user text comes back', async () => {
  const { say, run } = createScene([
    { match: { lastUser: 'weather', hasTools: true }, reply: { text: 'with tools' } },
    { match: { lastUser: { regex: '^WEATHER', flags: 'i' } }, reply: { text: 'by regex' } },
    { match: { json: { task: { id: 1 } } }, reply: { text: 'by json' } },
    { match: { system: 'pirate' }, reply: { text: 'arr' } },
    { match: { toolResult: 'clear' }, reply: { text: 'sunny' } },
    { match: { model: 'other' }, reply: { text: 'wrong model' } },
    { match: { conversation: /first\nsecond/g }, reply: { text: 'whole conversation' } },
    { match: ({ lastUser }) => lastUser.length > 30, reply: ({ sample }) => ({ text: `long ${sample}` }) },
  ]);
  assert.equal(await say('Weather?'), 'by regex');
  assert.equal(await say('{"task":{"id":1,"more":2}}'), 'by json');
  assert.equal(await say('{"task":{"id":2}}'), '{"task":{"id":2}}');
  assert.equal(await say('x'.repeat(31)), 'long 0');
  const asked = async (messages: readonly ChatMessage[]): Promise<string | undefined> =>
    (await run({ kind: 'chat', messages })).samples[0]?.text;
  const system: ChatMessage = { role: 'system', parts: [{ type: 'text', text: 'You are a pirate.' }] };
  const call: ChatMessage = {
    role: 'assistant',
    text: '',
    toolCalls: [{ id: '1', name: 'f', arguments: '{}' }],
  };
  const result: ChatMessage = { role: 'tool', toolCallId: '1', text: 'clear sky' };
  assert.equal(await asked([system, userMessage('hi')]), 'arr');
  assert.equal(await asked([userMessage('hi'), call, result]), 'sunny');
  assert.equal(await asked([userMessage('hi'), call, result, userMessage('thanks')]), 'thanks');
  for (let i = 0; i < 2; i++) {
    assert.equal(await asked([userMessage('first'), userMessage('second')]), 'whole conversation');
  }
});

test('a list of replies is chosen from by sample and seed, and greedy takes the first', async () => {
  const { run } = createScene([{ reply: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] }]);
  const texts = async (temperature: number, seed?: number): Promise<readonly string[]> => {
    const sampling = { temperature, ...(seed === undefined ? {} : { seed }) };
    return (await run('x', { samples: 4, sampling })).samples.map((sample) => sample.text);
  };
  assert.deepEqual(await texts(1), ['a', 'b', 'c', 'a']);
  assert.deepEqual(await texts(1, 2), ['c', 'a', 'b', 'c']);
  assert.deepEqual(await texts(0, 2), ['a', 'a', 'a', 'a']);
});

test('a rule with times is passed over when they are used up', async () => {
  const { say } = createScene([
    { times: 2, reply: { fail: { code: 'rate-limited', retryAfterMs: 50 } } },
    { reply: { text: 'fine' } },
  ]);
  for (let i = 0; i < 2; i++) {
    await assert.rejects(
      say('x'),
      (error) =>
        isError('rate-limited')(error) && error instanceof GradusError && error.details.retryAfterMs === 50,
    );
  }
  assert.equal(await say('x'), 'fine');
});

test('a failure after some tokens comes after exactly those', async () => {
  const { engine, request } = createScene([
    {
      reply: { text: 'one two three four', fail: { code: 'engine-failed', message: 'lost', afterTokens: 2 } },
    },
  ]);
  let text = '';
  await assert.rejects(
    async () => {
      for await (const event of engine.generate(request('x'), never)) {
        if (event.kind === 'text-delta') text += event.text;
      }
    },
    isError('engine-failed', 'lost'),
  );
  assert.equal(text, 'one two');
  assert.equal(engine.loads()[0]?.running, 0);
});

test('thought comes before text and is counted on its own', async () => {
  const { run } = createScene([{ reply: { thought: 'hmm well', text: 'yes it is', cachedTokens: 2 } }]);
  const record = await run('is it?', { wantTokenIds: true });
  assert.deepEqual(
    record.events.map((event) => ('text' in event ? `${event.kind}:${event.text}` : event.kind)),
    [
      'started',
      'thought-delta:hmm',
      'thought-delta: well',
      'text-delta:yes',
      'text-delta: it',
      'text-delta: is',
      'sample-finished',
      'finished',
    ],
  );
  assert.deepEqual(record.usage, { inputTokens: 9, cachedTokens: 2, outputTokens: 6, reasoningTokens: 2 });
});

test('calls are streamed with their arguments and fit the offered tools', async () => {
  const tools = [{ name: 'f', parameters: { type: 'object', required: ['x'] }, strict: true }];
  const { run } = createScene([
    {
      match: { lastUser: 'two' },
      reply: { toolCalls: [1, 2].map((x) => ({ name: 'f', arguments: { x } })) },
    },
    { match: { lastUser: 'unknown' }, reply: { toolCalls: [{ name: 'g', arguments: {} }] } },
    { match: { lastUser: 'misfit' }, reply: { toolCalls: [{ name: 'f', arguments: {} }] } },
    {
      match: { lastUser: 'bad engine' },
      reply: { unchecked: true, toolCalls: [{ name: 'g', arguments: '{"x' }] },
    },
  ]);
  const two = (await run('two', { tools, maxTokens: 100 })).samples[0];
  assert.deepEqual(two?.calls, [
    { name: 'f', arguments: '{"x":1}' },
    { name: 'f', arguments: '{"x":2}' },
  ]);
  assert.equal(two?.reason, 'tool_calls');
  assert.deepEqual((await run('two', { tools, toolChoice: { kind: 'none' } })).samples[0]?.calls, []);
  assert.equal((await run('two', { tools, parallelToolCalls: false })).samples[0]?.calls.length, 1);
  await assert.rejects(run('unknown', { tools }), isError('engine-failed', '"g"'));
  await assert.rejects(run('misfit', { tools }), isError('engine-failed', 'unchecked'));
  const bad = (await run('bad engine', { tools })).samples[0];
  assert.deepEqual(bad?.calls, [{ name: 'g', arguments: '{"x' }]);
});

test('text that does not fit the demanded format is an error of the script', async () => {
  const textFormat = { kind: 'json-object' } as const;
  const { run } = createScene([
    { match: { lastUser: 'good' }, reply: { text: '{"a":1}' } },
    { match: { lastUser: 'bad engine' }, reply: { text: 'no', unchecked: true } },
    { match: { lastUser: 'bad' }, reply: { text: 'no' } },
  ]);
  assert.equal((await run('good', { textFormat })).samples[0]?.text, '{"a":1}');
  assert.equal((await run('bad engine', { textFormat })).samples[0]?.text, 'no');
  await assert.rejects(run('bad', { textFormat }), isError('engine-failed'));
  assert.equal((await run('anything', { textFormat })).samples[0]?.text, '{}');
});

test('log-probabilities of the script are used as given, and alternatives stay below 1', async () => {
  const { run } = createScene([{ reply: { thought: 'hm', text: 'a b', logprobs: [-2.5] } }]);
  const { samples } = await run('x', { topLogprobs: 3 });
  const [first, second] = samples[0]?.logprobs ?? [];
  assert.equal(first?.logprob, -2.5);
  assert.ok((second?.logprob ?? 0) > Math.log(0.5));
});

test('a paced reply comes at its pace, after the time of its prompt', async () => {
  const { engine, request, clock } = createScene([
    { reply: { text: 'a b c d', delayMsBeforeFirst: 100, tokensPerSecond: 50 } },
  ]);
  const times: string[] = [];
  const done = recordGeneration(engine.generate(request('x'), never), (event) => {
    times.push(`${event.kind} ${clock.monotonicMs()}`);
    return true;
  });
  await clock.advance(500);
  await done;
  assert.deepEqual(times, [
    'started 100',
    'text-delta 100',
    'text-delta 120',
    'text-delta 140',
    'text-delta 160',
    'sample-finished 160',
    'finished 160',
  ]);
  assert.equal(clock.sleeperCount(), 0);
});

test('a slow reader gets all that is due in one delta', async () => {
  const { engine, request, clock } = createScene([{ reply: { text: 'a b c d e f', tokensPerSecond: 100 } }]);
  const stream = engine.generate(request('x'), never)[Symbol.asyncIterator]();
  const read = async (): Promise<GenerationEvent | undefined> => {
    const next = await stream.next();
    return next.done === true ? undefined : next.value;
  };
  assert.equal((await read())?.kind, 'started');
  assert.deepEqual(await read(), { kind: 'text-delta', sample: 0, text: 'a' });
  await clock.advance(35);
  assert.deepEqual(await read(), { kind: 'text-delta', sample: 0, text: ' b c d' });
  await stream.return?.();
  assert.equal(clock.sleeperCount(), 0);
});

test('an abort frees the slot though nobody reads on, in the queue, in the prompt and in the text', async () => {
  const { engine, request, clock } = createScene(
    [{ reply: { text: 'a b c', delayMsBeforeFirst: 100, tokensPerSecond: 1 } }],
    {
      slots: 1,
    },
  );
  const running = new AbortController();
  const waiting = new AbortController();
  const first = engine.generate(request('x'), running.signal)[Symbol.asyncIterator]();
  const started = first.next();
  const inQueue = recordGeneration(engine.generate(request('x', { samples: 2 }), waiting.signal));
  await clock.advance(10);
  assert.deepEqual([engine.loads()[0]?.running, engine.loads()[0]?.waiting], [1, 1]);
  waiting.abort();
  assert.deepEqual(
    (await inQueue).samples.map((sample) => sample.reason),
    ['cancelled', 'cancelled'],
  );
  await clock.advance(100);
  assert.equal((await started).done, false);
  running.abort();
  assert.equal(engine.loads()[0]?.running, 0);
  await first.return?.();
  const inPrompt = new AbortController();
  const third = recordGeneration(engine.generate(request('x'), inPrompt.signal));
  await clock.advance(50);
  inPrompt.abort();
  assert.deepEqual((await third).usage, {
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  });
  assert.equal(clock.sleeperCount(), 0);
});

test('a full queue refuses, and the next one comes in when a slot is free', async () => {
  const { engine, request, clock, run } = createScene([{ reply: { text: 'a', delayMsBeforeFirst: 10 } }], {
    slots: 1,
    queueLimit: 1,
  });
  const both = [1, 2].map(() => recordGeneration(engine.generate(request('x'), never)));
  await clock.advance(1);
  await assert.rejects(run('x'), isError('queue-full'));
  await clock.advance(100);
  const waits = (await Promise.all(both)).map(
    ({ events: [first] }) => first?.kind === 'started' && first.queueMs,
  );
  // The first ends at 12, the next step of the timer's grid after its 10 ms.
  assert.deepEqual(waits, [0, 12]);
});

test('closing the engine ends what runs as cancelled', async () => {
  const { engine, request, clock } = createScene([{ reply: { text: 'a b', tokensPerSecond: 1 } }]);
  const record = recordGeneration(engine.generate(request('x'), never));
  await clock.advance(1);
  await engine[Symbol.asyncDispose]();
  assert.equal((await record).samples[0]?.reason, 'cancelled');
});

test('what it did is told to the observer', async () => {
  const facts: string[] = [];
  const { run } = createScene([{ reply: { text: 'a b', cachedTokens: 1 } }], {
    observer: { observe: ({ name, model, value }) => facts.push(`${model} ${name} ${value}`) },
  });
  await run('hello');
  assert.deepEqual(facts, [
    'scripted queue_wait_ms 0',
    'scripted first_token_ms 0',
    'scripted prompt_tokens 7',
    'scripted cached_tokens 1',
    'scripted sampled_tokens 3',
  ]);
});

test('a raw prompt of token ids is read as its text', async () => {
  const { run } = createScene([]);
  const { samples } = await run('hello there', { wantTokenIds: true });
  const again = await run({ kind: 'tokens', tokens: samples[0]?.tokenIds ?? [] });
  assert.equal(again.samples[0]?.text, 'hello there');
  assert.equal(again.promptTokens, 2);
});
