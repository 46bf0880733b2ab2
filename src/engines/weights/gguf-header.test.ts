/** Whatever the bytes, the header reader ends, and names what is wrong. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createSmallGguf, smallLlama } from '../../testing/small-gguf.ts';
import { parseGgufHeader, type HeaderOutcome } from './gguf-header.ts';

const whole = createSmallGguf();

function parse(bytes: Uint8Array, fileBytes = bytes.length): HeaderOutcome {
  return parseGgufHeader(bytes, fileBytes);
}

function patch(change: (bytes: Buffer) => void): HeaderOutcome {
  const bytes = Buffer.from(whole);
  change(bytes);
  return parse(bytes);
}

describe('GGUF header', () => {
  test('gives metadata, parameters and the length that the file must have', () => {
    const outcome = parse(whole);
    assert.ok(outcome.kind === 'header');
    const { metadata, ...rest } = outcome.header;
    assert.deepEqual(rest, {
      version: 3,
      tensorCount: 1,
      parameters: 192,
      expectedFileBytes: whole.length,
      unknownTypes: [],
    });
    assert.equal(metadata.get('general.name'), 'Tiny');
    assert.equal(metadata.get('llama.block_count'), 2);
    assert.deepEqual(metadata.get('tokenizer.ggml.tokens'), { kind: 'array', length: 3 });
  });

  test('keeps short arrays of numbers and counts long ones', () => {
    const outcome = parse(
      createSmallGguf({
        metadata: {
          short: { type: 'int32s', value: [1, 2, 3] },
          long: { type: 'int32s', value: Array.from({ length: 5000 }, () => 7) },
          yes: { type: 'bool', value: true },
          big: { type: 'uint64', value: 2 ** 40 },
        },
      }),
    );
    assert.ok(outcome.kind === 'header');
    assert.deepEqual(
      [...outcome.header.metadata],
      [
        ['short', [1, 2, 3]],
        ['long', { kind: 'array', length: 5000 }],
        ['yes', true],
        ['big', 2 ** 40],
      ],
    );
  });

  test('names what is not a GGUF', () => {
    assert.deepEqual(parse(Buffer.from('<html>')), {
      kind: 'not-gguf',
      reason: 'it starts with the bytes 3c68746d instead of "GGUF"',
    });
    assert.deepEqual(parse(Buffer.alloc(0)), { kind: 'not-gguf', reason: 'it has 0 bytes' });
  });

  test('tells old, new and big-endian files apart', () => {
    assert.match(JSON.stringify(patch((bytes) => bytes.writeUInt32LE(1, 4))), /unsupported.*version 1/);
    assert.match(JSON.stringify(patch((bytes) => bytes.writeUInt32LE(99, 4))), /unsupported.*version 99/);
    assert.match(JSON.stringify(patch((bytes) => bytes.writeUInt32BE(3, 4))), /unsupported.*big-endian/);
  });

  test('refuses absurd counts at once', () => {
    const tensors = patch((bytes) => bytes.writeBigUInt64LE(2n ** 63n, 8));
    const entries = patch((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 16));
    const key = patch((bytes) => bytes.writeBigUInt64LE(2n ** 62n, 24));
    for (const outcome of [tensors, entries, key]) assert.equal(outcome.kind, 'damaged');
  });

  test('an array that announces more than the file holds ends at the end of the file', () => {
    const metadata = { ...smallLlama, list: { type: 'strings', value: [''] } as const };
    const bytes = createSmallGguf({ metadata });
    bytes.writeBigUInt64LE(2n ** 50n, bytes.indexOf('list') + 4 + 4 + 4);
    assert.equal(parse(bytes).kind, 'truncated');
  });

  test('skips a text that is too long to keep', () => {
    const tokenizer = { type: 'string', value: 'x'.repeat(2 ** 20 + 1) } as const;
    const outcome = parse(createSmallGguf({ metadata: { ...smallLlama, tokenizer } }));
    assert.ok(outcome.kind === 'header');
    assert.equal(outcome.header.metadata.has('tokenizer'), false);
  });

  test('refuses tensors that no file can hold', () => {
    const tensor = { name: 't', shape: [64], typeId: 0, bytes: 256 };
    const outcomes = [
      createSmallGguf({ tensors: [{ ...tensor, shape: [2 ** 40, 2 ** 40] }] }),
      createSmallGguf({ tensors: [{ ...tensor, shape: [1, 1, 1, 1, 1] }] }),
      createSmallGguf({ tensors: [{ ...tensor, shape: [33], typeId: 12 }] }),
    ].map((bytes) => parse(bytes));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['damaged', 'damaged', 'damaged'],
    );
  });

  test('a tensor type that is not known yet is told, not refused', () => {
    const outcome = parse(createSmallGguf({ tensors: [{ name: 't', shape: [64], typeId: 77, bytes: 32 }] }));
    assert.ok(outcome.kind === 'header');
    assert.deepEqual(outcome.header.unknownTypes, [77]);
  });

  test('asks for more bytes when the start of a longer file is too short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: whole.length - 1000 }), (length) => {
        const outcome = parse(whole.subarray(0, length), whole.length);
        assert.ok(outcome.kind === 'need-more' && outcome.atLeastBytes > length, outcome.kind);
      }),
    );
  });

  test('a file cut anywhere in its header is truncated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: whole.length - 1000 }), (length) => {
        assert.equal(parse(whole.subarray(0, length)).kind, 'truncated');
      }),
    );
  });

  test('random bytes and changed bytes never throw', () => {
    const random = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(random, fc.boolean(), (bytes, withMagic) => {
        parse(withMagic ? Buffer.concat([whole.subarray(0, 24), bytes]) : bytes);
      }),
      { numRuns: 200 },
    );
    const changes = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(changes, (list) => {
        patch((bytes) => list.forEach(([at, value]) => bytes.writeUInt8(value, at)));
      }),
      { numRuns: 400 },
    );
  });
});
