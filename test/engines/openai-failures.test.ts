/**
 * The openai engine against a server on this machine that fails as real ones do. Needs a port of 127.0.0.1
 * and nothing else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContractBench } from '../../src/engines/contract/bench.ts';
import type { GenerationEvent } from '../../src/engines/engine.ts';
import { recordGeneration } from '../../src/engines/generation-record.ts';
import { endpointSchema } from '../../src/engines/openai/endpoint-config.ts';
import { createOpenAiEngine } from '../../src/engines/openai/openai-engine.ts';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { parse } from '../../src/kernel/schema.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { sendEvents, sendJson } from './fake-endpoint.ts';
import { assertFails, isGeneration, openScene } from './openai-scene.ts';

test(
  'a rate limit is waited out for as long as the endpoint asks',
  leavesNothing(async () => {
    let refused = 0;
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path) || ++refused > 2) return false;
        sendJson(
          response,
          429,
          { error: { message: 'slow' } },
          refused === 1 ? { 'retry-after': '2' } : { 'retry-after-ms': '700' },
        );
        return true;
      },
    });
    assert.equal((await scene.run('hello')).samples[0]?.text, 'hello');
    assert.deepEqual(scene.waitsMs, [2000, 700]);
  }),
);

test(
  'a rate limit that lasts is told with the time to wait',
  leavesNothing(async () => {
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path)) return false;
        sendJson(response, 429, { error: { message: 'come back tomorrow' } }, { 'retry-after': '3600' });
        return true;
      },
    });
    const error = await assertFails(scene.run('hello'), 'rate-limited', /slow down .*come back tomorrow/);
    assert.equal(error.details.retryAfterMs, 3_600_000);
    assert.deepEqual(scene.waitsMs, [], 'it does not wait an hour');
  }),
);

test(
  'a failure of the server is tried again, twice as late each time',
  leavesNothing(async () => {
    let failed = 0;
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path) || ++failed > 2) return false;
        sendJson(response, 500, { error: { message: 'hiccup' } });
        return true;
      },
    });
    assert.equal((await scene.run('hello')).samples[0]?.text, 'hello');
    const [first = 0, second = 0] = scene.waitsMs;
    assert.ok(first >= 250 && first <= 500 && second >= 500 && second <= 1000, String(scene.waitsMs));
  }),
);

test(
  'a refusal is not tried again, and says what the provider said without the key',
  leavesNothing(async () => {
    await using scene = await openScene({
      interfere: ({ path, response, request }) => {
        if (!isGeneration(path)) return false;
        sendJson(response, 401, { error: { message: `no such key: ${request.headers.authorization}` } });
        return true;
      },
    });
    await assertFails(scene.run('hello'), 'engine-refused', /status 401: no such key: Bearer \*\*\*/);
    assert.equal(scene.server.asked.filter(({ path }) => isGeneration(path)).length, 1);
  }),
);

test(
  'a stream that is cut after the first token fails, says how much arrived, and is not repeated',
  leavesNothing(async () => {
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path)) return false;
        sendEvents(response, [
          { choices: [{ index: 0, delta: { content: 'one ' } }] },
          { choices: [{ index: 0, delta: { content: 'two' } }] },
        ]);
        setTimeout(() => response.destroy(), 20);
        return true;
      },
    });
    const events: GenerationEvent[] = [];
    const reading = recordGeneration(
      scene.engine.generate(scene.request('hello'), new AbortController().signal),
      (event) => {
        events.push(event);
        return true;
      },
    );
    const error = await assertFails(reading, 'engine-failed', /broke off .*2 pieces with 7 bytes/);
    assert.deepEqual(error.details.data, { endpoint: 'fake', pieces: 2, bytes: 7 });
    assert.deepEqual(
      events.map((event) => event.kind),
      ['started', 'text-delta', 'text-delta'],
    );
    assert.equal(scene.server.asked.filter(({ path }) => isGeneration(path)).length, 1);
    assert.deepEqual(scene.engine.loads(), []);
  }),
);

test(
  'a stream that is cut before the first token is tried again',
  leavesNothing(async () => {
    let cuts = 0;
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path) || ++cuts > 1) return false;
        sendEvents(response, [{ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }]);
        setTimeout(() => response.destroy(), 10);
        return true;
      },
    });
    assert.equal((await scene.run('hello')).samples[0]?.text, 'hello');
  }),
);

test(
  'a stream that ends politely but too early is a failure, not a short answer',
  leavesNothing(async () => {
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path)) return false;
        sendEvents(response, [{ choices: [{ index: 0, delta: { content: 'half' } }] }]);
        response.end();
        return true;
      },
    });
    await assertFails(scene.run('hello'), 'engine-failed', /without an end mark/);
  }),
);

test(
  'an end mark without a reason is an end',
  leavesNothing(async () => {
    await using scene = await openScene({
      interfere: ({ path, response }) => {
        if (!isGeneration(path)) return false;
        sendEvents(response, [{ choices: [{ index: 0, delta: { content: 'all' } }] }, '[DONE]']);
        response.end();
        return true;
      },
    });
    const { samples } = await scene.run('hello');
    assert.deepEqual([samples[0]?.text, samples[0]?.reason], ['all', 'stop']);
  }),
);

test(
  'what is no JSON, no chunk, or an error in the stream each say so',
  leavesNothing(async () => {
    const answers = [
      ['data: <html>\n\n', 'engine-failed', /not JSON: <html>/],
      [
        'data: {"choices":[{"index":0,"delta":{"content":7}}]}\n\n',
        'engine-failed',
        /choices\.0\.delta\.content/,
      ],
      ['data: {"error":{"message":"out of memory","code":500}}\n\n', 'engine-failed', /out of memory/],
      ['', 'engine-failed', /before the first token/],
    ] as const;
    for (const [text, code, words] of answers) {
      await using scene = await openScene({
        settings: { retries: 1 },
        interfere: ({ path, response }) => {
          if (!isGeneration(path)) return false;
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.end(text);
          return true;
        },
      });
      await assertFails(scene.run('hello'), code, words);
      assert.equal(scene.waitsMs.length, 1, 'it was tried twice');
    }
  }),
);

test(
  'silence before and in the middle of an answer has a limit',
  leavesNothing(async () => {
    for (const start of [[], [{ choices: [{ index: 0, delta: { content: 'so' } }] }]]) {
      await using scene = await openScene({
        settings: { limits: { timeoutMs: 300 }, models: ['small'] },
        interfere: ({ path, response }) => {
          if (!isGeneration(path)) return false;
          if (start.length > 0) sendEvents(response, start);
          return true;
        },
      });
      const words =
        start.length === 0 ? /was silent for 300 ms/ : /fell silent for 300 ms .*1 pieces with 2 bytes/;
      await assertFails(scene.run('hello'), 'timed-out', words);
      assert.equal(scene.server.asked.length, 1, 'what may still be at work is not asked twice');
    }
  }),
);

test(
  'an endpoint that is not there is unreachable',
  leavesNothing(async () => {
    await using scene = await openScene();
    await scene.server[Symbol.asyncDispose]();
    await using gone = createOpenAiEngine({
      config: parse(endpointSchema, { name: 'gone', baseUrl: scene.server.baseUrl, models: ['small'] }),
      clock: { ...createRealClock(), sleep: async () => {} },
      random: createSeededRandom(1),
      environment: {},
    });
    const { run } = createContractBench({ engine: gone, model: 'small', embeddingModel: 'small' });
    await assertFails(
      run('hello'),
      'engine-unreachable',
      /gone at http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED/,
    );
  }),
);

test(
  'an endpoint that keeps failing is left alone, then asked once, then trusted again',
  leavesNothing(async () => {
    let isSick = true;
    let asked = 0;
    await using scene = await openScene({
      settings: { retries: 0, models: ['small'], breaker: { failures: 3, probeAfterMs: 200 } },
      interfere: ({ response }) => {
        asked += 1;
        if (!isSick) return false;
        sendJson(response, 503, { error: { message: 'loading' } });
        return true;
      },
    });
    for (let i = 0; i < 3; i++) await assertFails(scene.run('hello'), 'engine-unreachable', /503: loading/);
    const error = await assertFails(scene.run('hello'), 'engine-unreachable', /left alone/);
    assert.equal(error.details.retryAfterMs, 200);
    assert.equal(asked, 3, 'nobody asked while it was left alone');
    await createRealClock().sleep(220);
    await assertFails(scene.run('hello'), 'engine-unreachable', /503: loading/);
    assert.equal(asked, 4, 'one probe');
    isSick = false;
    await createRealClock().sleep(220);
    assert.equal((await scene.run('hello')).samples[0]?.text, 'hello');
    assert.equal((await scene.run('again')).samples[0]?.text, 'again');
  }),
);

test(
  'an abort while waiting for a retry or a slow start ends it at once',
  leavesNothing(async () => {
    await using scene = await openScene({
      settings: { models: ['small'] },
      rules: [{ reply: { text: 'late', delayMsBeforeFirst: 5000 } }],
    });
    const controller = new AbortController();
    const reading = recordGeneration(
      scene.engine.generate(scene.request('x', { samples: 2 }), controller.signal),
    );
    await createRealClock().sleep(50);
    const sinceMs = performance.now();
    controller.abort();
    const record = await reading;
    assert.ok(performance.now() - sinceMs < 100);
    assert.deepEqual(
      record.samples.map(({ reason }) => reason),
      ['cancelled', 'cancelled'],
    );
    assert.deepEqual(scene.engine.loads(), []);
  }),
);
