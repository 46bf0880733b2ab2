/** Streams in time: the first delta at once, later ones together, comments in silence, an end for slow readers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createApiFixture, type ApiFixture } from '../../src/testing/api-fixture.ts';

/** All that the stream says, as one text per write. */
async function readWrites(fixture: ApiFixture, content: string): Promise<string[]> {
  const response = await fixture.client.send('/v1/chat/completions', {
    body: { model: 'scripted', messages: [{ role: 'user', content }], stream: true },
  });
  const decoder = new TextDecoder();
  assert.ok(response.body !== null);
  const writes: string[] = [];
  for await (const bytes of response.body) writes.push(decoder.decode(bytes));
  return writes;
}

describe('event streams', () => {
  test('send the role and the first delta in one write, and gather what comes within the window', async () => {
    await using fixture = createApiFixture({
      engine: {
        script: { rules: [{ reply: { text: 'w '.repeat(200), tokensPerSecond: 2000, chunkSize: 1 } }] },
      },
      api: { streaming: { windowMs: 20 } },
    });
    const writes = await readWrites(fixture, 'go');
    assert.equal(writes[0]?.match(/data: /g)?.length, 2);
    assert.match(writes[0], /"role":"assistant".*\n\n.*"content":"w"/);
    // 200 tokens in 100 ms, in windows of 20 ms: far fewer writes than tokens.
    assert.ok(writes.length <= 12, `${writes.length} writes`);
    const text = writes.join('').matchAll(/"content":"([w ]+)"/g);
    assert.equal([...text].map((match) => match[1]).join(''), 'w '.repeat(200));
  });

  test('send comments in silence, also before the first token', async () => {
    await using fixture = createApiFixture({
      engine: {
        script: { rules: [{ reply: { text: 'a b', delayMsBeforeFirst: 60, tokensPerSecond: 16 } }] },
      },
      api: { streaming: { heartbeatMs: 20 } },
    });
    const writes = await readWrites(fixture, 'go');
    assert.equal(writes[0], ': keep-alive\n\n');
    const firstText = writes.findIndex((text) => text.includes('"content":"a"'));
    assert.ok(firstText >= 1);
    assert.ok(writes.slice(firstText).includes(': keep-alive\n\n'));
    assert.equal(writes.join('').split('data: [DONE]').length, 2);
  });

  test('keep the status of a failure that comes before the commit, and make it an event after', async () => {
    const script = {
      rules: [
        { reply: { delayMsBeforeFirst: 40, fail: { code: 'engine-unreachable' as const, afterTokens: 0 } } },
      ],
    };
    const send = async (commitAfterMs: number): Promise<Response> => {
      const fixture = createApiFixture({ engine: { script }, api: { streaming: { commitAfterMs } } });
      const response = await fixture.client.send('/v1/chat/completions', {
        body: { model: 'scripted', messages: [{ role: 'user', content: 'go' }], stream: true },
      });
      const text = await response.text();
      await fixture[Symbol.asyncDispose]();
      return new Response(text, { status: response.status });
    };
    const early = await send(1000);
    assert.equal(early.status, 503);
    const late = await send(8);
    assert.equal(late.status, 200);
    assert.match(
      await late.text(),
      /^(: keep-alive\n\n)+data: \{"error":\{"message":.*"code":"engine_unreachable"/,
    );
  });

  test('a client that goes away before the first token cancels its run', async () => {
    await using fixture = createApiFixture({
      engine: { script: { rules: [{ reply: { text: 'x', delayMsBeforeFirst: 10_000 } }] } },
    });
    const leave = new AbortController();
    const asked = fixture.client.send('/v1/chat/completions', {
      body: { model: 'scripted', messages: [{ role: 'user', content: 'go' }], stream: true },
      signal: leave.signal,
    });
    await wait(5);
    assert.equal(fixture.engine.loads()[0]?.running, 1);
    leave.abort();
    assert.equal((await asked).status, 499);
    assert.equal(fixture.engine.loads()[0]?.running, 0);
  });

  test('a reader that takes nothing is given up, and its run with it', async () => {
    for (const limits of [{ stallMs: 20 }, { pendingCharacters: 2_000 }]) {
      const fixture = createApiFixture({
        engine: {
          script: { rules: [{ reply: { text: 'word '.repeat(20_000), tokensPerSecond: 100_000 } }] },
        },
        api: { streaming: { windowMs: 1, ...limits }, limits },
      });
      const response = await fixture.client.send('/v1/chat/completions', {
        body: { model: 'scripted', messages: [{ role: 'user', content: 'go' }], stream: true },
      });
      for (let waited = 0; fixture.engine.loads()[0]?.running !== 0; waited += 5) {
        assert.ok(waited < 1000, `still running with ${JSON.stringify(limits)}`);
        await wait(5);
      }
      await assert.rejects(response.text(), /broken off/);
      await fixture[Symbol.asyncDispose]();
    }
  });
});
