/** The engine contract's cases about tokens: order, counting, stopping, cutting, chance, and slots. */
import assert from 'node:assert/strict';
import type { GenerationEvent } from '../engine.ts';
import { recordGeneration } from '../generation-record.ts';
import { contractPrompts, userMessage, type ContractCases, never } from './bench.ts';
import { assertIdle, assertLogprobs, assertOrder, assertUsage } from './checks.ts';

export const tokenCases: ContractCases = {
  'events come in order: started, deltas, the end of each sample, finished': async ({ run }) => {
    assertOrder((await run(contractPrompts.short, { samples: 2 })).events, 2);
  },

  'usage is exactly what was counted on the way': async ({
    knowsPromptAtStart,
    engine,
    model,
    request,
    run,
  }) => {
    const record = await run(contractPrompts.short, { samples: 2, wantTokenIds: true });
    assertUsage(record, knowsPromptAtStart);
    const counted = await engine.countTokens(model, request(contractPrompts.short).prompt, []);
    if (counted !== undefined) assert.equal(record.promptTokens, counted);
    for (const sample of record.samples) {
      assert.ok(sample.sampledTokens > 0);
      assert.ok(sample.tokenIds.length <= sample.sampledTokens, 'more token ids than sampled tokens');
    }
  },

  'n samples of one prompt all arrive and the prompt is counted once': async ({
    knowsPromptAtStart,
    run,
  }) => {
    const one = await run(contractPrompts.short);
    const four = await run(contractPrompts.short, { samples: 4, sampling: { temperature: 0.8, seed: 7 } });
    assert.equal(four.samples.length, 4);
    assertOrder(four.events, 4);
    assertUsage(four, knowsPromptAtStart);
    assert.equal(four.usage.inputTokens, one.usage.inputTokens);
    for (const sample of four.samples) assert.ok(sample.text.length > 0);
  },

  'a stop text ends the sample and no part of it is shown': async ({ run }) => {
    const whole = (await run(contractPrompts.long, { maxTokens: 40 })).samples[0]?.text ?? '';
    assert.ok(whole.length > 20, `too short to cut: ${JSON.stringify(whole)}`);
    for (const [start, end] of [
      [9, 12],
      [6, 13],
      [14, 15],
    ]) {
      const stop = whole.slice(start, end);
      const { samples } = await run(contractPrompts.long, { maxTokens: 40, stop: ['\u0001never', stop] });
      assert.equal(samples[0]?.text, whole.slice(0, whole.indexOf(stop)), `stop ${JSON.stringify(stop)}`);
      assert.equal(samples[0]?.reason, 'stop');
      assert.ok((samples[0]?.sampledTokens ?? 0) > 0);
    }
  },

  'a sample has exactly maxTokens tokens and ends with length': async ({ knowsPromptAtStart, run }) => {
    for (const maxTokens of [1, 7]) {
      const record = await run(contractPrompts.long, { maxTokens, samples: 2 });
      for (const sample of record.samples) {
        assert.equal(sample.reason, 'length');
        assert.equal(sample.sampledTokens, maxTokens);
      }
      assertUsage(record, knowsPromptAtStart);
    }
  },

  'the same seed gives the same text': async ({ run }) => {
    const asked = { samples: 2, sampling: { temperature: 1, seed: 42 } };
    const first = await run(contractPrompts.short, asked);
    const second = await run(contractPrompts.short, asked);
    assert.deepEqual(
      first.samples.map((sample) => sample.text),
      second.samples.map((sample) => sample.text),
    );
  },

  'an abort ends it at once, as cancelled and with its usage': async ({
    knowsPromptAtStart,
    engine,
    model,
    request,
  }) => {
    const controller = new AbortController();
    let abortedAtMs = 0;
    const record = await recordGeneration(
      engine.generate(request(contractPrompts.long, { maxTokens: 400, samples: 2 }), controller.signal),
      (event) => {
        if (event.kind === 'text-delta' && abortedAtMs === 0) {
          abortedAtMs = performance.now();
          controller.abort();
        }
        return true;
      },
    );
    const tookMs = performance.now() - abortedAtMs;
    // How quickly is measured by the benchmark; on a busy machine only "long before the end" can be told.
    assert.ok(tookMs < 4000, `took ${tookMs} ms`);
    assertOrder(record.events, 2);
    assertUsage(record, knowsPromptAtStart);
    for (const sample of record.samples) assert.equal(sample.reason, 'cancelled');
    assert.ok(record.usage.outputTokens >= 1);
    await assertIdle(engine, model);
  },

  'a signal that is aborted before the start costs nothing': async ({ engine, model, request }) => {
    const record = await recordGeneration(
      engine.generate(request(contractPrompts.short), AbortSignal.abort()),
    );
    assert.equal(record.samples[0]?.reason, 'cancelled');
    assert.equal(record.usage.outputTokens, 0);
    await assertIdle(engine, model);
  },

  'leaving the loop frees the slot': async ({ engine, model, request }) => {
    await recordGeneration(
      engine.generate(request(contractPrompts.long, { maxTokens: 400 }), never),
      (event) => event.kind !== 'text-delta',
    );
    await assertIdle(engine, model);
  },

  'no character is ever split': async ({ run }) => {
    const record = await run(contractPrompts.unicode, { maxTokens: 40 });
    for (const event of record.events) {
      if (event.kind !== 'text-delta') continue;
      assert.ok(event.text.isWellFormed() && !event.text.includes('\uFFFD'), JSON.stringify(event.text));
    }
  },

  'log-probabilities come when asked for, in shape, and only then': async ({ run }) => {
    const without = await run(contractPrompts.short);
    assert.deepEqual(without.samples[0]?.logprobs, []);
    for (const topLogprobs of [0, 3]) {
      const { samples } = await run(contractPrompts.short, { topLogprobs });
      assertLogprobs(samples[0]?.text ?? '', samples[0]?.logprobs ?? [], topLogprobs);
    }
  },

  'concurrent requests keep apart': async ({ run }) => {
    const ask = async (word: string): Promise<string | undefined> => {
      const { samples } = await run(`${word}: say this one word and nothing else.`, { maxTokens: 6 });
      return samples[0]?.text;
    };
    const alone: (string | undefined)[] = [];
    for (const word of contractPrompts.words) alone.push(await ask(word));
    assert.equal(new Set(alone).size, contractPrompts.words.length, 'the model says the same to all');
    assert.deepEqual(await Promise.all(contractPrompts.words.map(ask)), alone);
  },

  'an answer goes on from its start without repeating it': async ({ run }) => {
    const whole = await run(contractPrompts.certain, { maxTokens: 20, wantTokenIds: true });
    const deltas = whole.events.filter(isTextDelta);
    const half = deltas.slice(0, Math.ceil(deltas.length / 2));
    const text = half.map((event) => event.text).join('');
    const tokens = half.flatMap((event) => event.tokenIds ?? []);
    const known = tokens.length > 0 ? tokens.length : half.length;
    const rest = await run(
      {
        kind: 'chat',
        messages: [userMessage(contractPrompts.certain)],
        answerStart: { text, ...(tokens.length > 0 ? { tokens } : {}) },
      },
      { maxTokens: 20 - known },
    );
    assert.equal(text + (rest.samples[0]?.text ?? ''), whole.samples[0]?.text);
  },

  'a raw text is gone on with': async ({ knowsPromptAtStart, run }) => {
    const record = await run({ kind: 'text', text: '1, 2, 3, 4,' }, { maxTokens: 4 });
    assert.ok((record.samples[0]?.text ?? '') !== '');
    assertUsage(record, knowsPromptAtStart);
  },
};

function isTextDelta(
  event: GenerationEvent,
): event is Extract<GenerationEvent, { kind: 'text-delta' | 'thought-delta' }> {
  return event.kind === 'text-delta';
}
