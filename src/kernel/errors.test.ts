/** The error table must be usable by clients without reading the message: status, type, retry and advice agree. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorKinds, GradusError, toGradusError, type ErrorKind } from './errors.ts';

const typesOfStatus: Readonly<Record<number, ErrorKind['type']>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
};

describe('error table', () => {
  for (const [code, kind] of Object.entries(errorKinds)) {
    test(`${code} has a status, a type that SDKs expect for it, and advice in a full sentence`, () => {
      assert.match(code, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(Number.isInteger(kind.status) && kind.status >= 400 && kind.status <= 599);
      const expected =
        typesOfStatus[kind.status] ?? (kind.status >= 500 ? 'server_error' : 'invalid_request_error');
      assert.equal(kind.type, expected);
      assert.match(kind.advice, /^[A-Z].+[.]$/);
    });
  }

  test('no retry is promised for what the caller must change first', () => {
    const wrong = Object.entries(errorKinds).filter(([, { status, retryable }]) => retryable && status < 429);
    assert.deepEqual(wrong, []);
  });
});

describe('GradusError', () => {
  test('carries its kind, details and cause', () => {
    const cause = new Error('socket closed');
    const error = new GradusError('queue-full', { message: 'full', retryAfterMs: 1500 }, { cause });
    assert.deepEqual(
      [error.name, error.code, error.message, error.details.retryAfterMs, error.cause, error.kind.status],
      ['GradusError', 'queue-full', 'full', 1500, cause, 429],
    );
  });

  test('stays itself when it is turned into a GradusError', () => {
    const error = new GradusError('conflict', { message: 'moved on' });
    assert.equal(toGradusError(error), error);
  });

  test('an abort becomes "cancelled", whoever threw it', () => {
    const fromSignal: unknown = AbortSignal.abort().reason;
    const fromNode = Object.assign(new Error('The operation was aborted'), { name: 'AbortError' });
    for (const thrown of [fromSignal, fromNode]) {
      const error = toGradusError(thrown);
      assert.equal(error.code, 'cancelled');
      assert.equal(error.cause, thrown);
    }
  });

  test('anything else becomes "internal" and keeps its cause', () => {
    for (const thrown of [new TypeError('x is undefined'), 'a string', undefined, { odd: true }]) {
      const error = toGradusError(thrown);
      assert.equal(error.code, 'internal');
      assert.equal(error.cause, thrown);
    }
  });
});
