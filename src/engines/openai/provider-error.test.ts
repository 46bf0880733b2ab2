/** Each way to fail has its own code and verdict, and no secret gets into a message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createMask,
  readRetryAfterMs,
  toConnectionFailure,
  toStatusFailure,
  toStreamFailure,
  type Failure,
} from './provider-error.ts';

const secret = 'very-secret-value';
const endpoint = {
  name: 'far',
  origin: 'http://far.example',
  timeoutMs: 50,
  mask: createMask([secret]),
};

function fail(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Failure {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return toStatusFailure(endpoint, { status, body: text, headers, nowMs: 0 });
}

test('each status has its code, and only what may heal is tried again', () => {
  const verdicts = [
    [400, { error: { message: 'bad field' } }, 'engine-refused', false],
    [401, { error: { message: 'no key' } }, 'engine-refused', false],
    [404, { detail: 'Not Found' }, 'engine-refused', false],
    [429, { error: { message: 'slow down' } }, 'rate-limited', true],
    [
      429,
      { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } },
      'engine-refused',
      false,
    ],
    [500, 'oops', 'engine-failed', true],
    [501, 'not here', 'engine-failed', false],
    [503, { error: { message: 'Loading model' } }, 'engine-unreachable', true],
    [504, '', 'timed-out', true],
  ] as const;
  for (const [status, body, code, mayRetry] of verdicts) {
    const failure = fail(status, body);
    assert.deepEqual([failure.error.code, failure.mayRetry], [code, mayRetry], String(status));
    assert.equal(failure.isOutage, status >= 500);
  }
});

test('the endpoint may say itself whether to try again', () => {
  assert.equal(fail(500, 'x', { 'x-should-retry': 'false' }).mayRetry, false);
  assert.equal(fail(400, 'x', { 'x-should-retry': 'true' }).mayRetry, true);
});

test('a context that is too short is told apart, in the words of several servers', () => {
  const bodies = [
    { error: { message: "This model's maximum context length is 8192 tokens. However, 9000 were given." } },
    { error: { message: 'too long', code: 'context_length_exceeded' } },
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 14429,
        n_ctx: 8192,
      },
    },
    { object: 'error', message: 'The prompt is too long for the context window.' },
  ];
  for (const body of bodies) {
    const { error, mayRetry } = fail(400, body);
    assert.deepEqual([error.code, mayRetry], ['context-length-exceeded', false], JSON.stringify(body));
  }
  assert.deepEqual(fail(400, bodies[2]).error.details.data, {
    endpoint: 'far',
    status: 400,
    promptTokens: 14429,
    contextTokens: 8192,
  });
});

test('the words of the provider are kept, from all shapes, shortened and without secrets', () => {
  const said = (body: unknown): string => fail(400, body).error.message.split(': ').slice(1).join(': ');
  assert.equal(said({ error: { message: 'plain' } }), 'plain');
  assert.equal(said({ error: 'just text' }), 'just text');
  assert.equal(said({ detail: 'from a web framework' }), 'from a web framework');
  assert.equal(said([{ error: { message: 'in a list' } }]), 'in a list');
  assert.equal(said('<html><h1>Bad  gateway</h1></html>'), 'Bad gateway');
  assert.equal(said(''), 'it gave no reason');
  assert.ok(said({ error: { message: 'x'.repeat(9000) } }).length < 600);
  const leaky = said({
    error: { message: `Incorrect key ${secret}, sk-abcdefghijklmnop or Bearer abc.def-ghi: see docs` },
  });
  assert.equal(leaky, 'Incorrect key ***, *** or Bearer ***: see docs');
});

test('retry hints are read in milliseconds, seconds and as a date', () => {
  assert.equal(readRetryAfterMs({ 'retry-after-ms': '250', 'retry-after': '9' }, 0), 250);
  assert.equal(readRetryAfterMs({ 'retry-after': '1.5' }, 0), 1500);
  const nowMs = Date.UTC(2026, 0, 1);
  assert.equal(readRetryAfterMs({ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, nowMs), 7000);
  assert.equal(readRetryAfterMs({ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, nowMs), 0);
  for (const nonsense of ['soon', '', '-4']) {
    assert.equal(readRetryAfterMs({ 'retry-after': nonsense }, nowMs), undefined, nonsense);
  }
  assert.equal(readRetryAfterMs({}, 0), undefined);
  assert.equal(fail(429, 'x', { 'retry-after': '2' }).error.details.retryAfterMs, 2000);
});

test('a connection that fails is unreachable, and one that is silent has timed out', () => {
  const refused = toConnectionFailure(endpoint, Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
  assert.deepEqual(
    [refused.error.code, refused.mayRetry, refused.isOutage],
    ['engine-unreachable', true, true],
  );
  assert.match(refused.error.message, /far at http:\/\/far\.example cannot be reached: ECONNREFUSED/);
  const silent = toConnectionFailure(
    endpoint,
    Object.assign(new Error('x'), { code: 'UND_ERR_HEADERS_TIMEOUT' }),
  );
  assert.deepEqual([silent.error.code, silent.mayRetry], ['timed-out', false]);
  assert.match(silent.error.message, /50 ms/);
});

test('an error inside a stream keeps its words and its code', () => {
  const failure = toStreamFailure(endpoint, { message: `lost ${secret}`, code: 500 });
  assert.deepEqual([failure.error.code, failure.mayRetry], ['engine-failed', true]);
  assert.match(failure.error.message, /lost \*\*\*$/);
  assert.equal(toStreamFailure(endpoint, { message: 'x', code: 429 }).error.code, 'rate-limited');
});
