/** Errors of the database become words that a caller can act on; bugs stay bugs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../kernel/errors.ts';
import { isUnavailable, toStoreError } from './database-errors.ts';

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

test('what an outage looks like is "database-unavailable"', () => {
  for (const code of ['08006', '57P01', '57P03', '53300', 'ECONNREFUSED', 'ECONNRESET', 'ENOENT']) {
    assert.equal(isUnavailable(toStoreError(withCode(code))), true, code);
  }
  for (const message of [
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ]) {
    assert.equal(isUnavailable(toStoreError(new Error(message))), true, message);
  }
});

test('a full disk and text that cannot be stored have their own words', () => {
  const codes = ['53100', 'ENOSPC', '22021'].map((code) => {
    const error = toStoreError(withCode(code));
    return error instanceof GradusError ? error.code : error;
  });
  assert.deepEqual(codes, ['disk-full', 'disk-full', 'invalid-request']);
});

test('an error that nobody expected stays what it is', () => {
  const bug = withCode('42703', 'column does not exist');
  assert.equal(toStoreError(bug), bug);
  assert.equal(toStoreError('text'), 'text');
  const own = new GradusError('conflict', { message: 'x' });
  assert.equal(toStoreError(own), own);
});
