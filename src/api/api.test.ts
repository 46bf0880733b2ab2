/** What every request meets before and after its route: sources, keys, wrong paths and methods, headers, the log. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GradusError } from '../kernel/errors.ts';
import { createApiFixture, type ApiFixtureOptions } from '../testing/api-fixture.ts';
import { loopbackNames } from './guard.ts';

interface ErrorAnswer {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

async function send(
  path: string,
  request: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly rawBody?: string;
  } = {},
  options: ApiFixtureOptions = {},
) {
  await using fixture = createApiFixture(options);
  const response = await fixture.client.send(path, request);
  const text = await response.text();
  const error = text.startsWith('{"error"') ? (JSON.parse(text) as ErrorAnswer).error : undefined;
  return { status: response.status, headers: response.headers, text, error, log: fixture.log };
}

describe('every answer', () => {
  test('carries a request id and the time it took, failures also whether a retry can help', async () => {
    const found = await send('/v1/models');
    assert.match(found.headers.get('x-request-id') ?? '', /^req_/);
    assert.match(found.headers.get('openai-processing-ms') ?? '', /^\d+$/);
    assert.equal(found.headers.get('x-should-retry'), null);
    const missing = await send('/v1/nothing');
    assert.equal(missing.status, 404);
    assert.equal(missing.headers.get('x-should-retry'), 'false');
    assert.deepEqual(missing.error, {
      message: 'There is nothing at /v1/nothing. Check the id or the path.',
      type: 'not_found_error',
      param: null,
      code: 'not_found',
    });
  });

  test('names the methods that a path takes when another one came', async () => {
    const answer = await send('/v1/chat/completions', { method: 'GET' });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'POST, OPTIONS');
    assert.equal((await send('/v1/models', { method: 'DELETE' })).headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.equal((await send('/v1/models', { method: 'HEAD' })).status, 200);
    assert.equal((await send('/v1/models', { method: 'OPTIONS' })).status, 204);
  });

  test('is one line in the log, with the model, the caller and what went wrong', async () => {
    const { log } = await send('/v1/chat/completions', {
      rawBody: JSON.stringify({
        model: 'nope',
        user: 'ann',
        messages: [{ role: 'user', content: 'secret' }],
      }),
    });
    assert.equal(log.length, 1);
    const { requestId, durationMs, ...fields } = log[0]?.fields ?? {};
    assert.match(String(requestId), /^req_/);
    assert.equal(typeof durationMs, 'number');
    assert.deepEqual(fields, {
      method: 'POST',
      path: '/v1/chat/completions',
      status: 404,
      model: 'nope',
      user: 'ann',
      error: 'model-not-found',
    });
  });

  test('a bug in a part is a 500 with the request id in the log, and says that no retry helps', async () => {
    const answer = await send(
      '/v1/models',
      {},
      {
        api: {
          authorize: () => {
            throw new TypeError('planted');
          },
        },
      },
    );
    assert.deepEqual([answer.status, answer.error?.code], [500, 'internal']);
    assert.equal(answer.headers.get('x-should-retry'), 'false');
    assert.equal(answer.log.filter((line) => line.message.includes('planted')).length, 1);
  });
});

describe('sources of requests', () => {
  const guarded: ApiFixtureOptions = { api: { hostNames: loopbackNames, origins: ['http://page.example'] } };
  const from = (headers: Readonly<Record<string, string>>) => send('/v1/models', { headers }, guarded);

  test('only known host names are answered, against DNS rebinding', async () => {
    for (const host of ['localhost', 'localhost:4111', '127.0.0.1:4111', '[::1]:4111', 'LOCALHOST']) {
      assert.equal((await from({ host })).status, 200, host);
    }
    for (const host of ['evil.example', 'localhost.evil.example:4111', '127.0.0.1.nip.io']) {
      const answer = await from({ host });
      assert.deepEqual([answer.status, answer.error?.code], [403, 'forbidden'], host);
    }
    assert.equal((await send('/v1/models', { headers: { host: 'anything.example' } })).status, 200);
  });

  test('pages of other origins are refused unless they are known', async () => {
    const host = 'localhost:4111';
    assert.equal((await from({ host, origin: 'http://localhost:4111' })).status, 200);
    for (const origin of ['http://evil.example', 'http://localhost:3000', 'null']) {
      assert.equal((await from({ host, origin })).status, 403, origin);
    }
    const known = await from({ host, origin: 'http://page.example' });
    assert.deepEqual(
      [known.status, known.headers.get('access-control-allow-origin'), known.headers.get('vary')],
      [200, 'http://page.example', 'origin'],
    );
    const asked = await send(
      '/v1/chat/completions',
      {
        method: 'OPTIONS',
        headers: { host, origin: 'http://page.example', 'access-control-request-headers': 'authorization' },
      },
      guarded,
    );
    assert.deepEqual(
      [
        asked.status,
        asked.headers.get('access-control-allow-headers'),
        asked.headers.get('access-control-allow-methods'),
      ],
      [204, 'authorization', 'POST, OPTIONS'],
    );
  });
});

describe('keys', () => {
  const withKeys: ApiFixtureOptions = {
    api: {
      authorize(key) {
        if (key !== 'good') throw new GradusError('unauthorized', { message: 'The key is not known.' });
        return { label: 'ann', rateLimits: { requests: { limit: 60, remaining: 59, resetMs: 1000.4 } } };
      },
    },
  };

  test('are asked for everywhere but at the open paths', async () => {
    for (const path of ['/v1/models', '/metrics']) {
      const answer = await send(path, {}, withKeys);
      assert.deepEqual(
        [answer.status, answer.error?.type, answer.headers.get('www-authenticate')],
        [401, 'authentication_error', 'Bearer'],
      );
    }
    for (const path of ['/health', '/openapi.json', '/reference']) {
      assert.equal((await send(path, {}, withKeys)).status, 200);
    }
  });

  test('name the caller in the log and bring its limits as headers', async () => {
    const answer = await send('/v1/models', { headers: { authorization: 'Bearer good' } }, withKeys);
    assert.equal(answer.status, 200);
    assert.deepEqual(
      ['limit', 'remaining', 'reset'].map((what) => answer.headers.get(`x-ratelimit-${what}-requests`)),
      ['60', '59', '1001ms'],
    );
    assert.equal(answer.log[0]?.fields['caller'], 'ann');
    assert.doesNotMatch(JSON.stringify(answer.log), /good/);
  });
});

describe('bodies', () => {
  const ask = (
    rawBody: string,
    headers: Readonly<Record<string, string>> = {},
    limits?: { bodyBytes: number },
  ) => send('/v1/chat/completions', { rawBody, headers }, limits === undefined ? {} : { api: { limits } });
  const good = JSON.stringify({ model: 'scripted', messages: [{ role: 'user', content: 'hi' }] });

  test('any content type will do, but no compression', async () => {
    assert.equal((await ask(good, { 'content-type': 'text/plain' })).status, 200);
    const packed = await ask(good, { 'content-encoding': 'gzip' });
    assert.deepEqual([packed.status, packed.error?.param], [400, 'content-encoding']);
  });

  test('larger ones than the limit are refused by size, announced or not', async () => {
    const answer = await ask(good, {}, { bodyBytes: 10 });
    assert.deepEqual([answer.status, answer.error?.code], [413, 'body_too_large']);
    assert.equal(answer.headers.get('connection'), 'close');
    assert.equal((await ask(good, { 'content-length': '99999999999' })).status, 413);
  });
});
