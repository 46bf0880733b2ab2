/**
 * Bad input over real HTTP: each kind has its own answer that says what is wrong, and none makes the server
 * exit or answer 5xx.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { serveApiFixture, type ServedFixture } from '../../src/testing/api-fixture.ts';
import { chatCompletionRequest } from '../../src/api/wire/chat-completion.ts';

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly param: string | null | undefined;
  readonly message: string | undefined;
}

let fixture: ServedFixture;

before(async () => {
  fixture = await serveApiFixture({
    engine: { models: [{ id: 'scripted' }, { id: 'tiny', contextTokens: 16 }] },
  });
});

after(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function post(path: string, body: string | Uint8Array<ArrayBuffer> | ReadableStream): Promise<Answer> {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  // Streams of unknown length need `duplex`.
  const response = await fetch(fixture.server.url + path, { ...init, duplex: 'half' });
  const text = await response.text();
  const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  const { error } = parsed as { error?: { code: string; param: string | null; message: string } };
  return { status: response.status, code: error?.code, param: error?.param, message: error?.message };
}

const chat = (body: unknown): Promise<Answer> => post('/v1/chat/completions', JSON.stringify(body));
const user = { role: 'user', content: 'hi' };
const good = { model: 'scripted', messages: [user] };

const bytes = (...parts: readonly (string | number)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part])))),
  );

describe('bad input', () => {
  const table: readonly [
    string,
    string,
    string | Uint8Array<ArrayBuffer>,
    readonly [number, string, string | null, RegExp],
  ][] = [
    ['malformed JSON', 'chat/completions', '{"model":', [400, 'invalid_json', null, /not valid JSON/]],
    ['an empty body', 'chat/completions', '', [400, 'invalid_json', null, /empty/]],
    ['a body that is no object', 'chat/completions', '[]', [400, 'invalid_request', null, /expected object/]],
    ['a body that is null', 'embeddings', 'null', [400, 'invalid_request', null, /expected object/]],
    [
      'invalid UTF-8',
      'chat/completions',
      bytes('{"model":"', 0xff, 0xfe, '"}'),
      [400, 'invalid_json', null, /UTF-8/],
    ],
    [
      'a depth bomb',
      'chat/completions',
      `{"model":${'['.repeat(1_000_000)}`,
      [400, 'invalid_json', null, /deeper than/],
    ],
    [
      'an unknown model',
      'chat/completions',
      JSON.stringify({ ...good, model: 'scriptt' }),
      [404, 'model_not_found', 'model', /Did you mean "scripted"/],
    ],
    [
      'an unknown level',
      'chat/completions',
      JSON.stringify({ ...good, model: 'scripted:fly' }),
      [404, 'model_not_found', 'model', /Did you mean "scripted"/],
    ],
    [
      'empty messages',
      'chat/completions',
      JSON.stringify({ ...good, messages: [] }),
      [400, 'invalid_request', 'messages', /at least one message/],
    ],
    [
      'a wrong type deep inside',
      'chat/completions',
      JSON.stringify({ ...good, messages: [user, { role: 'user', content: [{ type: 'text', text: 7 }] }] }),
      [
        400,
        'invalid_request',
        'messages[1].content[0].text',
        /^messages\[1\]\.content\[0\]\.text: .*expected string, received number/,
      ],
    ],
    [
      'a context that is too long',
      'chat/completions',
      JSON.stringify({ ...good, model: 'tiny', messages: [{ role: 'user', content: 'w '.repeat(50) }] }),
      [400, 'context_length_exceeded', null, /16/],
    ],
    [
      'the same, streamed',
      'chat/completions',
      JSON.stringify({
        ...good,
        model: 'tiny',
        stream: true,
        messages: [{ role: 'user', content: 'w '.repeat(50) }],
      }),
      [400, 'context_length_exceeded', null, /16/],
    ],
    [
      'an impossible schema',
      'chat/completions',
      JSON.stringify({
        ...good,
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'x', schema: { type: 'object', required: ['a'], properties: { a: false } } },
        },
      }),
      [400, 'invalid_schema', null, /./],
    ],
    [
      'a schema that is none',
      'chat/completions',
      JSON.stringify({
        ...good,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'banana' } } },
      }),
      [400, 'invalid_schema', null, /./],
    ],
    [
      'an unknown parameter',
      'chat/completions',
      JSON.stringify({ ...good, temperatur: 1 }),
      [400, 'unsupported_parameter', 'temperatur', /temperatur/],
    ],
    [
      '10,000 tools',
      'chat/completions',
      JSON.stringify({
        ...good,
        tools: Array.from({ length: 10_000 }, (_, i) => ({ type: 'function', function: { name: `f${i}` } })),
      }),
      [400, 'invalid_request', 'tools', /at most 128/],
    ],
    [
      'a negative limit',
      'chat/completions',
      JSON.stringify({ ...good, max_tokens: -1 }),
      [400, 'invalid_request', 'max_tokens', />=1/],
    ],
    [
      'a huge number',
      'chat/completions',
      JSON.stringify({ ...good, n: 1e300 }),
      [400, 'invalid_request', 'n', /./],
    ],
    [
      'a number beyond numbers',
      'chat/completions',
      '{"model":"scripted","messages":[{"role":"user","content":"x"}],"temperature":1e999}',
      [400, 'invalid_request', 'temperature', /./],
    ],
    [
      'a key that could reach prototypes',
      'chat/completions',
      '{"model":"scripted","messages":[],"__proto__":{"a":1}}',
      [400, 'invalid_request', 'messages', /./],
    ],
    [
      'a prompt of nothing',
      'completions',
      JSON.stringify({ model: 'scripted', prompt: [[]] }),
      [400, 'invalid_request', 'prompt[0]', /./],
    ],
  ];
  for (const [what, path, body, [status, code, param, message]] of table) {
    test(`${what}: ${status} ${code}`, async () => {
      const answer = await post(`/v1/${path}`, body);
      assert.deepEqual([answer.status, answer.code], [status, code], answer.message);
      if (param !== null) assert.equal(answer.param, param);
      assert.match(answer.message ?? '', message);
      assert.equal((await chat(good)).status, 200);
    });
  }

  test('a body of 50 MB, announced or not: 413, and the client hears it', async () => {
    const size = 50 * 1024 * 1024;
    const announced = await post('/v1/chat/completions', new Uint8Array(size).fill(32));
    assert.deepEqual([announced.status, announced.code], [413, 'body_too_large']);
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    let sent = 0;
    const streamed = await post(
      '/v1/chat/completions',
      new ReadableStream({
        pull(controller) {
          if (sent++ >= 50) controller.close();
          else controller.enqueue(chunk);
        },
      }),
    );
    assert.deepEqual([streamed.status, streamed.code], [413, 'body_too_large']);
    assert.equal((await chat(good)).status, 200);
  });

  const broken: readonly [string, string, RegExp][] = [
    ['bytes that are not HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 .*not HTTP/s],
    [
      'a head without end',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 .*too large/s,
    ],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'a host that is none',
      'GET /v1/models HTTP/1.1\r\nhost: a b\r\n\r\n',
      /^HTTP\/1\.1 400 .*cannot be read/s,
    ],
    [
      'a path with a backslash',
      'GET /v1\\models HTTP/1.1\r\nhost: x\r\n\r\n',
      /^HTTP\/1\.1 400 .*cannot be read/s,
    ],
    [
      'a path that does not decode',
      'GET /v1/models/%ff%E0 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'a body that ends early',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"model"',
      /^HTTP\/1\.1 400 .*ended before/s,
    ],
    [
      'two lengths',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ];
  for (const [what, request, expected] of broken) {
    test(`${what}: an answer or a closed socket, and the server goes on`, async () => {
      assert.match(await sendRaw(request), expected);
      assert.equal((await chat(good)).status, 200);
    });
  }

  test('no body makes the server exit or answer 5xx', async () => {
    const paths = ['chat/completions', 'completions', 'embeddings'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), nearlyGoodBody(), async (path, body) => {
        const { status, message } = await post(`/v1/${path}`, JSON.stringify(body));
        assert.ok(status < 500, `${status}: ${message}`);
      }),
      { numRuns: 400 },
    );
    assert.equal((await chat(good)).status, 200);
  });

  test('no bytes, path or method make the server exit or answer 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        fc.oneof(fc.webPath(), fc.constantFrom('/v1/chat/completions', '/v1/models/%', '/v1/embeddings')),
        fc.uint8Array({ maxLength: 64 }),
        async (method, path, body) => {
          const response = await fetch(fixture.server.url + (path.startsWith('/') ? path : `/${path}`), {
            method,
            ...(method === 'GET' ? {} : { body: new Uint8Array(body) }),
          });
          await response.arrayBuffer();
          assert.ok(response.status < 500, String(response.status));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('the log holds no failure of the server after all this', () => {
    const failures = fixture.log.filter(
      (line) => Number(line.fields['status']) >= 500 || line.message !== 'request',
    );
    assert.deepEqual(failures, []);
  });
});

/** A good body with some fields replaced by anything: far closer to the edges than bodies of pure chance. */
function nearlyGoodBody(): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(null, -1, 0, 1e308, '', '\u0000', '\ud800', {}, [], [[]], [{}], true),
  );
  const names = Object.keys((chatCompletionRequest as unknown as { shape: object }).shape);
  const field = fc.constantFrom(
    ...names,
    'prompt',
    'input',
    'echo',
    'best_of',
    'dimensions',
    '__proto__',
    'toString',
  );
  const part = fc.record(
    { type: fc.constantFrom('text', 'image_url', 'file', 'x'), text: anything, image_url: anything },
    { requiredKeys: ['type'] },
  );
  const message = fc.record(
    {
      role: fc.constantFrom('user', 'assistant', 'system', 'tool', 'developer', 'function'),
      content: fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }), anything),
      tool_call_id: fc.constantFrom('a', 'b'),
      tool_calls: fc.array(
        fc.record({
          id: fc.constantFrom('a', 'b'),
          type: fc.constant('function'),
          function: fc.record({ name: fc.constantFrom('f', 'g'), arguments: fc.string() }),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['role'] },
  );
  const base = fc.record(
    {
      model: fc.constant('scripted'),
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      prompt: fc.oneof(fc.string(), fc.array(fc.nat(), { minLength: 1 })),
      input: fc.string(),
      n: fc.constantFrom(1, 2),
    },
    { requiredKeys: ['model'] },
  );
  return fc
    .tuple(base, fc.dictionary(field, anything, { maxKeys: 3, noNullPrototype: true }))
    .map(([body, changes]) => ({ ...body, ...changes }));
}

function sendRaw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(fixture.server.port, '127.0.0.1', () => {
      socket.write(request);
      // A client that says nothing more; what is complete is answered, what is not gets cut.
      setTimeout(() => socket.end(), 50);
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
