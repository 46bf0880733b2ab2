/** The port-free client speaks to a handler as a real client would: methods, bodies, headers, event streams. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHttpClient } from './http-client.ts';

describe('port-free http client', () => {
  test('sends JSON with its type and the headers given', async () => {
    const client = createHttpClient(
      async (request) =>
        Response.json({
          method: request.method,
          path: new URL(request.url).pathname,
          type: request.headers.get('content-type'),
          key: request.headers.get('authorization'),
          body: await request.json(),
        }),
      { authorization: 'Bearer test' },
    );
    assert.deepEqual(await client.json('/v1/echo', { body: { n: 1 } }), {
      status: 200,
      body: {
        method: 'POST',
        path: '/v1/echo',
        type: 'application/json',
        key: 'Bearer test',
        body: { n: 1 },
      },
    });
  });

  test('sends bodies that are not JSON as they are', async () => {
    const client = createHttpClient(async (request) => new Response(await request.text(), { status: 418 }));
    const response = await client.send('/', { rawBody: '{"broken"' });
    assert.deepEqual([response.status, await response.text()], [418, '{"broken"']);
  });

  test('reads an event stream event by event, split anywhere', async () => {
    const chunks = ['event: a\nda', 'ta: 1\n\n: heartbeat\n\ndata: {"x"', ':2}\n\n'];
    const client = createHttpClient(() => {
      const stream = ReadableStream.from(chunks).pipeThrough(new TextEncoderStream());
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
    });
    assert.deepEqual(await Array.fromAsync(client.events('/stream')), [
      { event: 'a', data: '1' },
      { data: '{"x":2}' },
    ]);
  });

  test('says what came instead of an event stream', async () => {
    const client = createHttpClient(() => Response.json({ error: 'no' }, { status: 400 }));
    await assert.rejects(client.events('/').next(), /got 400 application\/json.*"no"/);
  });
});
