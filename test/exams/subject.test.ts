// The HTTP subject against a real server on 127.0.0.1: every way in which a call can end has its own outcome.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpSubject, type HttpSubjectOptions } from '../../src/exams/http-subject.ts';
import type { Attempt } from '../../src/exams/subject.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openSmallEndpoint, sendText, type SmallEndpointOptions } from './small-endpoint.ts';

const messages = [{ role: 'user', content: 'Compute 6 × 7.' }] as const;

async function askOnce(
  intercept: SmallEndpointOptions['intercept'],
  options: Partial<HttpSubjectOptions> = {},
): Promise<Attempt> {
  await using endpoint = await openSmallEndpoint(intercept === undefined ? {} : { intercept });
  const subject = createHttpSubject({ url: endpoint.url, model: 'm', clock: createRealClock(), ...options });
  // Awaited here, so that the endpoint lives until the answer is there.
  return await subject.ask({ messages, idempotencyKey: 'k' });
}

test('a full answer has its text, its tokens and both times', async () => {
  const attempt = await askOnce(undefined);
  assert.equal(attempt.outcome, 'answered');
  assert.match(attempt.text, /Answer: 42$/u);
  assert.deepEqual(attempt.usage, { inputTokens: 20, outputTokens: 6, reasoningTokens: 0, isReported: true });
  assert.ok(attempt.firstTokenMs !== null && attempt.firstTokenMs <= attempt.totalMs);
  assert.deepEqual([attempt.retries, attempt.fault], [0, null]);
});

test('a cut answer, an empty one and a refusal are told apart', async () => {
  const ended =
    (text: string, reason: string): SmallEndpointOptions['intercept'] =>
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      sendText(response, text, reason);
      return true;
    };
  assert.equal((await askOnce(ended('Answer: 42 and', 'length'))).outcome, 'truncated');
  assert.equal((await askOnce(ended('', 'stop'))).outcome, 'empty');
  assert.equal((await askOnce(ended('x', 'content_filter'))).outcome, 'refused');
});

test('busy answers are waited out and counted apart; other errors fail at once', async () => {
  const attempt = await askOnce(({ call }, response) => {
    if (call >= 3) return false;
    response.writeHead(call === 0 ? 503 : 429, { 'retry-after': '0' }).end('busy');
    return true;
  });
  assert.deepEqual([attempt.outcome, attempt.retries], ['answered', 3]);
  const failed = await askOnce((_, response) => {
    response.writeHead(402).end('{"error":"pay first"}');
    return true;
  });
  assert.deepEqual([failed.outcome, failed.retries], ['failed', 0]);
  assert.match(failed.fault ?? '', /402.*pay first/u);
});

test('a stream that breaks off is a failure, and its text is kept', async () => {
  const attempt = await askOnce((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[{"delta":{"content":"Answer: 4"}}]}\n\n');
    response.end();
    return true;
  });
  assert.deepEqual([attempt.outcome, attempt.text], ['failed', 'Answer: 4']);
});

test('an answer that never comes ends as timed-out within the limit', async () => {
  const attempt = await askOnce(() => true, { timeoutMs: 80 });
  assert.equal(attempt.outcome, 'timed-out');
  assert.ok(attempt.totalMs < 1000);
});

test('an endpoint that is not there is retried, then reported', async () => {
  const subject = createHttpSubject({
    url: 'http://127.0.0.1:9',
    model: 'm',
    clock: createRealClock(),
    maxRetries: 1,
    fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
  });
  const attempt = await subject.ask({ messages, idempotencyKey: 'k' });
  assert.deepEqual([attempt.outcome, attempt.retries], ['failed', 1]);
  assert.match(attempt.fault ?? '', /ECONNREFUSED/u);
});

test('an endpoint that does not stream is read as well, thought is not text, and missing usage is estimated', async () => {
  const attempt = await askOnce((_, response) => {
    const message = { content: 'Answer: 42', reasoning_content: 'Answer: 41 perhaps' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] }));
    return true;
  });
  assert.deepEqual(
    [attempt.outcome, attempt.text, attempt.usage.isReported],
    ['answered', 'Answer: 42', false],
  );
  assert.ok(attempt.usage.outputTokens >= 7);
});

test('a cancelled question throws and does not become a result', async () => {
  await using endpoint = await openSmallEndpoint({ intercept: () => true });
  const subject = createHttpSubject({ url: endpoint.url, model: 'm', clock: createRealClock() });
  const stop = new AbortController();
  const asking = subject.ask({ messages, idempotencyKey: 'k', signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  await assert.rejects(asking, { code: 'cancelled' });
});

test('credentials in an address do not reach the report', () => {
  const subject = createHttpSubject({
    url: 'http://u:secret@127.0.0.1:9/v1?key=secret',
    model: 'm',
    clock: createRealClock(),
  });
  assert.equal(subject.url, 'http://127.0.0.1:9/v1');
});
