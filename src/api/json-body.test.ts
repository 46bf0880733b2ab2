/** Bytes become JSON, or a refusal that says why without repeating what may be secret. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GradusError } from '../kernel/errors.ts';
import { maxJsonDepth, parseJsonBody } from './json-body.ts';

function refusal(bytes: Buffer): string {
  try {
    parseJsonBody(bytes);
  } catch (error) {
    assert.ok(error instanceof GradusError && error.code === 'invalid-json');
    return error.message;
  }
  throw new Error('it was not refused');
}

describe('JSON bodies', () => {
  test('any JSON value comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseJsonBody(Buffer.from(text)), JSON.parse(text));
      }),
    );
  });

  test('no bytes do anything but parse or be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJsonBody(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof GradusError && error.code === 'invalid-json');
        }
      }),
    );
  });

  test('a byte order mark does no harm', () => {
    assert.deepEqual(parseJsonBody(Buffer.from('\uFEFF{"a":1}')), { a: 1 });
  });

  test('an empty body, invalid UTF-8 and broken JSON are told apart', () => {
    assert.match(refusal(Buffer.alloc(0)), /empty/);
    assert.match(refusal(Buffer.from([0x22, 0xff, 0x22])), /UTF-8/);
    assert.match(refusal(Buffer.from('{"a":1,')), /not valid JSON: .*position 7/);
  });

  test('the refusal of broken JSON does not quote the body', () => {
    assert.equal(refusal(Buffer.from('sk-secret')), "The body is not valid JSON: Unexpected token 's'");
    assert.doesNotMatch(refusal(Buffer.from('{"key":"sk-secret", x}')), /secret/);
  });

  test('nesting is refused beyond the limit, brackets inside texts do not count', () => {
    const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    assert.ok(parseJsonBody(nested(maxJsonDepth)));
    assert.match(refusal(nested(maxJsonDepth + 1)), /deeper than 200/);
    assert.match(refusal(Buffer.from('{"a":'.repeat(1_000_000))), /deeper than 200/);
    assert.ok(parseJsonBody(Buffer.from(JSON.stringify(`${'['.repeat(1000)}\\"{{`.repeat(3)))));
  });
});
