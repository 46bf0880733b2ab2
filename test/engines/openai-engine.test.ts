/**
 * The openai engine against servers of several kinds on this machine: counting, samples, connections,
 * models, shapes of answers. Needs a port of 127.0.0.1 and nothing else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userMessage } from '../../src/engines/contract/bench.ts';
import { endpointSchema } from '../../src/engines/openai/endpoint-config.ts';
import { createOpenAiEngine } from '../../src/engines/openai/openai-engine.ts';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { parse } from '../../src/kernel/schema.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { sendJson } from './fake-endpoint.ts';
import { assertFails, openScene } from './openai-scene.ts';

test(
  'usage that is missing or tells one choice of many is made good by counting, and marked',
  leavesNothing(async () => {
    const rules: readonly ScriptRule[] = [{ reply: [{ text: 'a b c d' }, { text: 'e f g h' }] }];
    const counted = async (
      usage: 'exact' | 'one-choice' | 'none',
      asked: object,
    ): Promise<readonly unknown[]> => {
      await using scene = await openScene({ rules, usage });
      const { events, usage: found } = await scene.run('count', asked);
      const last = events.at(-1);
      return [found.outputTokens, last?.kind === 'finished' && last.isEstimate === true];
    };
    const eight = { samples: 8, sampling: { temperature: 1 } };
    // Four tokens and the end mark each; the end mark leaves no trace that could be counted.
    assert.deepEqual(await counted('exact', eight), [40, false]);
    assert.deepEqual(await counted('one-choice', eight), [32, true]);
    assert.deepEqual(await counted('one-choice', {}), [5, false]);
    assert.deepEqual(await counted('none', {}), [4, true]);
  }),
);

test(
  'an endpoint that answers one choice only is asked again for the others, and remembered',
  leavesNothing(async () => {
    await using scene = await openScene({
      ignoresN: true,
      rules: [{ reply: ({ seed }) => ({ text: `seed ${seed}` }) }],
      settings: { models: ['small'] },
    });
    const texts = async (): Promise<readonly (string | undefined)[]> =>
      (await scene.run('x', { samples: 3, sampling: { temperature: 1, seed: 10 } })).samples.map(
        ({ text }) => text,
      );
    assert.deepEqual(await texts(), ['seed 10', 'seed 11', 'seed 12']);
    assert.deepEqual(
      scene.server.asked.map(({ body }) => body?.['n']),
      [3, undefined, undefined],
    );
    assert.deepEqual(await texts(), ['seed 10', 'seed 11', 'seed 12']);
    assert.equal(scene.server.asked.length, 6);
  }),
);

test(
  'connections are used again, and never more than allowed',
  leavesNothing(async () => {
    await using scene = await openScene({
      rules: [{ reply: { text: 'a b c', delayMsBeforeFirst: 10 } }],
      settings: { models: ['small'], limits: { concurrency: 2, queue: 10 } },
    });
    for (let i = 0; i < 4; i++) await scene.run('x');
    assert.ok(scene.server.connectionCount() <= 2);
    await Promise.all(Array.from({ length: 8 }, () => scene.run('x')));
    assert.equal(scene.server.connectionCount(), 2);
  }),
);

test(
  'more requests than may wait are refused at once',
  leavesNothing(async () => {
    await using scene = await openScene({
      rules: [{ reply: { text: 'a', delayMsBeforeFirst: 50 } }],
      settings: { models: ['small'], limits: { concurrency: 1, queue: 1 } },
    });
    const results = await Promise.allSettled([1, 2, 3].map(() => scene.run('x')));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
  }),
);

test(
  'models are discovered when first asked for, and the check of a load reaches the endpoint',
  leavesNothing(async () => {
    await using scene = await openScene();
    assert.deepEqual(scene.engine.models(), []);
    assert.equal((await scene.run('hello')).samples[0]?.text, 'hello');
    const [model] = scene.engine.models();
    assert.deepEqual([model?.id, model?.contextTokens, model?.ownedBy], ['small', 131_072, 'fake']);
    assert.equal((await scene.engine.load('small', new AbortController().signal)).state, 'loaded');
    await assertFails(
      scene.engine.load('large', new AbortController().signal),
      'model-not-found',
      /has small/,
    );
  }),
);

test(
  'an endpoint without a list of models can be loaded all the same',
  leavesNothing(async () => {
    await using scene = await openScene({
      settings: { models: ['small'] },
      interfere: ({ path, response }) => {
        if (!path.endsWith('/models')) return false;
        sendJson(response, 404, { detail: 'Not Found' });
        return true;
      },
    });
    assert.equal((await scene.engine.load('small', new AbortController().signal)).state, 'loaded');
  }),
);

test(
  'the key and extra headers are sent, and a key that is not set is an error of the config',
  leavesNothing(async () => {
    await using scene = await openScene({ settings: { headers: { 'x-team': 'blue' }, models: ['small'] } });
    await scene.run('hello');
    const { authorization, 'x-team': team } = scene.server.asked[0]?.headers ?? {};
    assert.deepEqual([authorization, team], ['Bearer secret-of-the-test', 'blue']);
    assert.throws(
      () =>
        createOpenAiEngine({
          config: parse(endpointSchema, { name: 'x', baseUrl: 'http://127.0.0.1:1', apiKeyEnv: 'MISSING' }),
          clock: createRealClock(),
          random: createSeededRandom(1),
          environment: {},
        }),
      /environment variable MISSING/,
    );
  }),
);

test(
  'an answer in one JSON text is an answer',
  leavesNothing(async () => {
    await using scene = await openScene({
      settings: { models: ['small'] },
      interfere: ({ response }) => {
        sendJson(response, 200, {
          choices: [
            {
              index: 0,
              message: {
                content: null,
                tool_calls: [{ id: 'a', function: { name: 'f', arguments: { x: 1 } } }],
              },
              finish_reason: 'tool_calls',
            },
          ],
          usage: { prompt_tokens: 5, completion_tokens: 9 },
        });
        return true;
      },
    });
    const record = await scene.run('hello');
    assert.deepEqual(record.samples[0]?.calls, [{ name: 'f', arguments: '{"x":1}' }]);
    assert.deepEqual(record.usage, { inputTokens: 5, cachedTokens: 0, outputTokens: 9, reasoningTokens: 0 });
  }),
);

test(
  'thought is told apart from text under each of its names',
  leavesNothing(async () => {
    for (const thoughtField of ['reasoning', 'reasoning_content'] as const) {
      await using scene = await openScene({
        thoughtField,
        rules: [{ reply: { thought: 'let me see', text: 'yes' } }],
      });
      const { samples, usage } = await scene.run('is it?');
      assert.deepEqual([samples[0]?.thought, samples[0]?.text], ['let me see', 'yes']);
      assert.deepEqual([usage.outputTokens, usage.reasoningTokens], [5, 3]);
    }
  }),
);

test(
  'images pass through, and what the endpoint has no way for is refused before it is asked',
  leavesNothing(async () => {
    await using scene = await openScene({ settings: { models: ['small'] } });
    const image = { type: 'image', url: 'data:image/png;base64,AA==', detail: 'high' } as const;
    const text = { type: 'text', text: 'what is this?' } as const;
    await scene.run({ kind: 'chat', messages: [{ role: 'user', parts: [image, text] }] });
    const [message] = (scene.server.asked[0]?.body?.['messages'] ?? []) as readonly {
      content: readonly unknown[];
    }[];
    assert.deepEqual(message?.content[0], {
      type: 'image_url',
      image_url: { url: image.url, detail: 'high' },
    });
    const start = { kind: 'chat', messages: [userMessage('x')], answerStart: { text: 'So' } } as const;
    await assertFails(scene.run(start), 'unsupported-parameter', /"continues" is off/);
    await assertFails(
      scene.run({ kind: 'text', text: 'Once' }),
      'unsupported-parameter',
      /"rawPrompts" is off/,
    );
    assert.equal(scene.server.asked.length, 1);
  }),
);

test(
  'more stop texts than endpoints take are watched for here, and end the request early',
  leavesNothing(async () => {
    await using scene = await openScene({
      rules: [{ reply: { text: 'one two three four five six', tokensPerSecond: 200 } }],
      settings: { models: ['small'] },
    });
    const { samples, usage } = await scene.run('x', { stop: ['a!', 'b!', 'c!', 'd!', ' three'] });
    assert.deepEqual([samples[0]?.text, samples[0]?.reason], ['one two', 'stop']);
    assert.ok(usage.outputTokens >= 3);
  }),
);

test(
  'what it did is told to the observer',
  leavesNothing(async () => {
    await using scene = await openScene({ rules: [{ reply: { text: 'a b c d', tokensPerSecond: 100 } }] });
    await scene.run('x');
    assert.deepEqual(scene.facts, [
      'queue_wait_ms',
      'prompt_tokens',
      'cached_tokens',
      'sampled_tokens',
      'first_token_ms',
      'tokens_per_second',
    ]);
  }),
);

test(
  'a demanded call that the endpoint does not make is a failure that says what to set',
  leavesNothing(async () => {
    await using scene = await openScene({ ignoresToolChoice: true, settings: { models: ['small'] } });
    const tools = [{ name: 'f', parameters: { type: 'object' }, strict: false }];
    const work = scene.run('hello', { tools, toolChoice: { kind: 'required' } });
    await assertFails(work, 'engine-failed', /"forcedCalls" to "schema"/);
  }),
);
