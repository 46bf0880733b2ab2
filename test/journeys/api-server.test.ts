/** The server on its port: a taken port, slow readers, pipelined and kept connections, and its own end. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { serve } from '../../src/api/server.ts';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import { serveApiFixture, type ServedFixture } from '../../src/testing/api-fixture.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';

const rules: readonly ScriptRule[] = [
  {
    match: { lastUser: 'flood' },
    reply: { text: 'word '.repeat(20_000), tokensPerSecond: 20_000 },
  },
  { match: { lastUser: 'slow' }, reply: { text: 'w '.repeat(2_000), tokensPerSecond: 20 } },
];

function body(content: string, more: object = {}): string {
  return JSON.stringify({ model: 'scripted', stream: true, messages: [{ role: 'user', content }], ...more });
}

function rawRequest(content: string, more: object = {}): string {
  const text = body(content, more);
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

async function untilFree(fixture: ServedFixture, withinMs: number): Promise<void> {
  const startedMs = performance.now();
  while ((fixture.engine.loads()[0]?.running ?? 1) !== 0) {
    assert.ok(performance.now() - startedMs < withinMs, `not free within ${withinMs} ms`);
    await wait(5);
  }
}

describe('the server', () => {
  test(
    'says which port is taken',
    leavesNothing(async () => {
      await using fixture = await serveApiFixture();
      const { port } = fixture.server;
      await assert.rejects(serve(fixture.app, { host: '127.0.0.1', port }), {
        code: 'address-in-use',
        message: `Port ${port} on 127.0.0.1 is in use by another program.`,
      });
    }),
  );

  test(
    'gives up a reader that takes nothing, with bounded memory, and frees its slot',
    leavesNothing(async () => {
      await using fixture = await serveApiFixture({
        engine: { script: { rules } },
        api: { limits: { pendingCharacters: 200_000 } },
      });
      const socket = connect(fixture.server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.pause();
      // Alternatives make each token kilobytes long, which the buffers of the system cannot swallow.
      socket.write(rawRequest('flood', { logprobs: true, top_logprobs: 20 }));
      await wait(50);
      await untilFree(fixture, 5_000);
      assert.deepEqual(
        fixture.log.map((line) => line.fields['status']),
        [499],
      );
      socket.destroy();
    }),
  );

  test(
    'lets a slow reader have everything, in larger pieces',
    leavesNothing(async () => {
      await using fixture = await serveApiFixture({
        engine: { script: { rules: [{ reply: { text: 'word '.repeat(20_000), tokensPerSecond: 40_000 } }] } },
      });
      const text = await new Promise<string>((resolve, reject) => {
        const outgoing = request(
          {
            port: fixture.server.port,
            host: '127.0.0.1',
            path: '/v1/chat/completions',
            method: 'POST',
            agent: false,
          },
          (incoming) => {
            let all = '';
            incoming.setEncoding('utf8');
            incoming.on('data', (chunk: string) => {
              all += chunk;
              incoming.pause();
              setTimeout(() => incoming.resume(), 5);
            });
            incoming.on('end', () => resolve(all));
            incoming.on('error', reject);
          },
        );
        outgoing.end(body('go'));
      });
      const words = [...text.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('');
      assert.equal(words, 'word '.repeat(20_000));
      assert.match(text, /data: \[DONE\]\n\n$/);
    }),
  );

  test(
    'answers many requests on one connection, in order',
    leavesNothing(async () => {
      await using fixture = await serveApiFixture();
      const text = await new Promise<string>((resolve) => {
        let all = '';
        const socket = connect(fixture.server.port, '127.0.0.1', () => {
          socket.write(
            rawRequest('first') +
              rawRequest('second') +
              'GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
          );
        });
        socket.setEncoding('utf8').on('data', (chunk: string) => {
          all += chunk;
        });
        socket.on('close', () => resolve(all));
      });
      assert.ok(text.indexOf('"content":"first"') < text.indexOf('"content":"second"'));
      assert.ok(text.indexOf('"content":"second"') < text.indexOf('"status":"ok"'));
      assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
    }),
  );

  test(
    'ends within its grace, and the runs that it breaks off end too',
    leavesNothing(async () => {
      const fixture = await serveApiFixture({ engine: { script: { rules } } });
      const response = await fetch(`${fixture.server.url}/v1/chat/completions`, {
        method: 'POST',
        body: body('slow'),
      });
      const reading = assert.rejects(response.text());
      const startedMs = performance.now();
      await fixture.server[Symbol.asyncDispose]();
      assert.ok(performance.now() - startedMs < 1_000);
      await reading;
      await untilFree(fixture, 100);
      await fixture[Symbol.asyncDispose]();
    }),
  );
});
