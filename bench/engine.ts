/**
 * The embedded engine against raw llama.cpp, on the same file, threads and prompt, in turns in one run:
 * decode of one stream, eight samples of one prompt, reuse of a conversation's second turn, and what is
 * left when another process takes a core.
 */
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { openLlama } from '../src/testing/llama-fixture.ts';
import type { Engine, GenerateRequest } from '../src/engines/engine.ts';
import { createRealClock } from '../src/testing/real-clock.ts';
import { findTestWeights } from '../src/testing/weights.ts';
import { openRawLlama, type RawLlama } from './raw-llama.ts';

const cacheFolder = path.join(os.homedir(), '.cache', 'gradus-bench');
const threads = os.availableParallelism();
const clock = createRealClock();
const rounds = Number(process.env['GRADUS_BENCH_ROUNDS'] ?? 3);
const models = (
  process.env['GRADUS_BENCH_MODELS'] ?? 'qwen2.5-coder-0.5b-instruct,qwen2.5-coder-1.5b-instruct'
).split(',');
const decodeTokens = 64;
// 64 words, so that a prompt has a hundred tokens or so, as in a short conversation.
const prompt = `${'The quick brown fox jumps over the lazy dog. '.repeat(10)}Count: 1, 2, 3,`;

for (const model of models) {
  const file = await findTestWeights(model);
  await using engine = await openLlama([model], { contextTokens: 8192 });
  await using raw = await openRawLlama({
    cacheFolder,
    path: file,
    contextTokens: 8192,
    parallel: 8,
    threads,
  });
  await engine.load(model, new AbortController().signal);
  const single: Pair = { ours: [], raw: [] };
  const eight: Pair = { ours: [], raw: [] };
  let prefills = 0;
  for (let round = 0; round < rounds; round++) {
    single.raw.push(await rawRate(raw, 1, round));
    single.ours.push((await ourRate(engine, model, 1, round)).tokensPerSecond);
    eight.raw.push(await rawRate(raw, 8, round));
    const sampled = await ourRate(engine, model, 8, round);
    eight.ours.push(sampled.tokensPerSecond);
    prefills = sampled.prefills;
  }
  report(`${model}: decode x1`, single, '>= 0.90');
  report(`${model}: 8 samples of one prompt`, eight, '>= 0.85');
  console.log(`${model}: prefills for 8 samples: ${prefills} (target: exactly 1)`);
  const reuse = await secondTurnReuse(engine, model);
  console.log(
    `${model}: second turn reused ${(reuse * 100).toFixed(1)}% of the first turn's tokens (target: >= 95%)`,
  );
  await contention(engine, model, raw);
}

interface Pair {
  readonly ours: number[];
  readonly raw: number[];
}

function report(name: string, pair: Pair, target: string): void {
  const ours = median(pair.ours);
  const raw = median(pair.raw);
  console.log(
    `${name}: gradus ${ours.toFixed(1)} tokens/s, raw ${raw.toFixed(1)} tokens/s, ratio ${(ours / raw).toFixed(2)} (target: ${target}; rounds: ${pair.ours.map((rate, i) => (rate / (pair.raw[i] ?? 1)).toFixed(2)).join(' ')})`,
  );
}

function baseRequest(model: string): GenerateRequest {
  return {
    model,
    prompt: { kind: 'text', text: prompt },
    samples: 1,
    maxTokens: decodeTokens,
    sampling: {
      temperature: 0,
      topP: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      // Both sides make the same number of tokens: the end marks of these models are banned.
      logitBias: new Map([151643, 151645, 2, 0].map((token) => [token, -100])),
    },
    stop: [],
    tools: [],
    toolChoice: { kind: 'none' },
    parallelToolCalls: true,
    textFormat: { kind: 'text' },
  };
}

async function ourRate(
  engine: Engine,
  model: string,
  samples: number,
  round: number,
): Promise<{ tokensPerSecond: number; prefills: number }> {
  const base = baseRequest(model);
  const request = {
    ...base,
    samples,
    prompt: { kind: 'text' as const, text: `${round} ${samples} ${prompt}` },
    sampling: { ...base.sampling, temperature: samples > 1 ? 0.7 : 0 },
  };
  let startedMs = 0;
  let tokens = 0;
  let prefills = 0;
  for await (const event of engine.generate(request, new AbortController().signal)) {
    if (event.kind === 'started') {
      startedMs = clock.monotonicMs();
      prefills++;
    }
    if (event.kind === 'finished') tokens = event.usage.outputTokens;
  }
  // The first token of each sample comes with the prompt.
  return { tokensPerSecond: ((tokens - samples) / (clock.monotonicMs() - startedMs)) * 1000, prefills };
}

async function rawRate(raw: RawLlama, samples: number, round: number): Promise<number> {
  const answer = await raw.complete({
    prompt: `${round} ${samples} ${prompt}`,
    tokens: decodeTokens,
    samples,
  });
  return (answer.predictedTokens / answer.predictedMs) * 1000;
}

async function secondTurnReuse(engine: Engine, model: string): Promise<number> {
  const user = (text: string) => ({ role: 'user' as const, parts: [{ type: 'text' as const, text }] });
  const ask = async (
    messages: GenerateRequest['prompt'],
  ): Promise<{ text: string; prompt: number; cached: number; output: number }> => {
    let text = '';
    let seen = { prompt: 0, cached: 0, output: 0 };
    const request = {
      ...baseRequest(model),
      prompt: messages,
      maxTokens: 120,
      sampling: { ...baseRequest(model).sampling, logitBias: new Map<number, number>() },
    };
    for await (const event of engine.generate(request, new AbortController().signal)) {
      if (event.kind === 'text-delta') text += event.text;
      if (event.kind === 'finished') {
        seen = {
          prompt: event.usage.inputTokens,
          cached: event.usage.cachedTokens,
          output: event.usage.outputTokens,
        };
      }
    }
    return { text, ...seen };
  };
  const first = user('Write a short poem about a river, then explain each line.');
  const one = await ask({ kind: 'chat', messages: [first] });
  const two = await ask({
    kind: 'chat',
    messages: [
      first,
      { role: 'assistant', text: one.text, toolCalls: [] },
      user('Thank you. Now about the sea.'),
    ],
  });
  return two.cached / (one.prompt + one.output);
}

/** Throughput of eight samples while another process spins on one core, as a share of the quiet one. */
async function contention(engine: Engine, model: string, raw: RawLlama): Promise<void> {
  const quiet = (await ourRate(engine, model, 8, 90)).tokensPerSecond;
  const rawQuiet = await rawRate(raw, 8, 90);
  const spinner = spawn(process.execPath, ['-e', 'const t=Date.now();while(Date.now()-t<120000);'], {
    stdio: 'ignore',
  });
  try {
    const busy = (await ourRate(engine, model, 8, 91)).tokensPerSecond;
    const rawBusy = await rawRate(raw, 8, 91);
    console.log(
      `${model}: one core taken: gradus keeps ${((busy / quiet) * 100).toFixed(0)}% of ${quiet.toFixed(1)} tokens/s (target: >= 40%), raw keeps ${((rawBusy / rawQuiet) * 100).toFixed(0)}% of ${rawQuiet.toFixed(1)}`,
    );
  } finally {
    spinner.kill('SIGKILL');
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
