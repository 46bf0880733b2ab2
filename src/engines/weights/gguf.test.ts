/** What a GGUF file says about itself, and the messages for files that are none, cut or no model. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GradusError } from '../../kernel/errors.ts';
import { createSmallGguf, smallLlama, type SmallGgufOptions } from '../../testing/small-gguf.ts';
import { openTemporaryFolder } from '../../testing/temporary-folder.ts';
import { readGguf, type GgufDescription } from './gguf.ts';
import { describeLocalFile } from './local-file.ts';

async function read(bytes: Uint8Array): Promise<GgufDescription> {
  await using folder = openTemporaryFolder();
  const path = join(folder.path, 'model.gguf');
  await writeFile(path, bytes);
  return await readGguf(path);
}

async function readSmall(options: SmallGgufOptions): Promise<GgufDescription> {
  return await read(createSmallGguf(options));
}

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await read(bytes).then(
    () => assert.fail('it was read'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GradusError && error.code === 'model-load-failed', String(error));
  return error.message;
}

describe('GGUF file', () => {
  test('is described by its own metadata', async () => {
    const { path: _path, ...description } = await readSmall({});
    assert.deepEqual(description, {
      fileBytes: createSmallGguf().length,
      architecture: 'llama',
      name: 'Tiny',
      licence: 'apache-2.0',
      quantization: 'F32',
      parameters: 192,
      contextTokens: 512,
      layers: 2,
      embeddingLength: 64,
      attentionHeads: 4,
      // 2 layers, 2 heads of 16 numbers each, keys and values, 2 bytes a number
      kvBytesPerToken: 2 * 2 * 16 * 2 * 2,
      experts: undefined,
      chatTemplate: '{{ messages }}',
      vocabularySize: 3,
      shards: 1,
    });
  });

  test('with other head sizes and heads per layer has its true KV size', async () => {
    const own = await readSmall({
      metadata: { ...smallLlama, 'llama.attention.key_length': { type: 'uint32', value: 128 } },
    });
    assert.equal(own.kvBytesPerToken, 2 * 2 * (128 + 128) * 2);
    const perLayer = await readSmall({
      metadata: { ...smallLlama, 'llama.attention.head_count_kv': { type: 'int32s', value: [2, 0] } },
    });
    assert.equal(perLayer.kvBytesPerToken, 2 * (16 + 16) * 2);
  });

  test('that lacks numbers says so instead of guessing', async () => {
    const bare = await readSmall({ metadata: { 'general.architecture': { type: 'string', value: 'new' } } });
    assert.deepEqual(
      [bare.kvBytesPerToken, bare.contextTokens, bare.chatTemplate, bare.vocabularySize],
      [undefined, undefined, undefined, undefined],
    );
  });

  test('cut short is named truncated, with both lengths', async () => {
    const whole = createSmallGguf();
    const message = await refusal(whole.subarray(0, whole.length - 100));
    assert.match(
      message,
      new RegExp(`is truncated: it has ${whole.length - 100} bytes of at least ${whole.length}`),
    );
  });

  test('that is no GGUF, no model or damaged gets its own message', async () => {
    assert.match(await refusal(Buffer.from('PK\x03\x04 not a model')), /is not a GGUF file: it starts with/);
    assert.match(await refusal(Buffer.alloc(0)), /is not a GGUF file: it has 0 bytes/);
    assert.match(await refusal(createSmallGguf({ version: 1 })), /cannot read: it has format version 1/);
    assert.match(await refusal(createSmallGguf({ tensors: [] })), /is a vocabulary, not a model/);
    assert.match(await refusal(createSmallGguf({ metadata: {} })), /does not name its architecture/);
    const adapter = { ...smallLlama, 'general.type': { type: 'string', value: 'adapter' } as const };
    assert.match(await refusal(createSmallGguf({ metadata: adapter })), /no language model but: adapter/);
  });

  test('that is missing or a folder is told apart', async () => {
    await using folder = openTemporaryFolder();
    await assert.rejects(readGguf(join(folder.path, 'none.gguf')), { code: 'not-found' });
    await assert.rejects(readGguf(folder.path), /is not a file/);
  });

  test('a header longer than the first read is read on', async () => {
    const tokens = Array.from({ length: 90 }, () => '.'.repeat(100_000));
    const long = await readSmall({
      metadata: { ...smallLlama, 'tokenizer.ggml.tokens': { type: 'strings', value: tokens } },
    });
    assert.equal(long.vocabularySize, 90);
  });

  test('of random or changed bytes ends with a description or a GradusError', async () => {
    const whole = createSmallGguf();
    const changed = fc
      .array(fc.tuple(fc.nat({ max: 900 }), fc.nat({ max: 255 })), { maxLength: 5 })
      .map((changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes.writeUInt8(value, at % bytes.length);
        return bytes;
      });
    const cut = fc.nat({ max: whole.length }).map((length) => whole.subarray(0, length));
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, cut, fc.uint8Array({ maxLength: 200 })), async (bytes) => {
        try {
          await read(bytes);
        } catch (error) {
          assert.ok(error instanceof GradusError, String(error));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('becomes a model by its path alone', async () => {
    await using folder = openTemporaryFolder();
    const path = join(folder.path, 'My Model (v2).Q4_K_M.gguf');
    await writeFile(path, createSmallGguf());
    const local = await describeLocalFile(path);
    assert.equal(local.path, path);
    assert.deepEqual(local.entry, {
      id: 'my-model-v2-.q4_k_m',
      displayName: 'Tiny',
      family: 'llama',
      parameters: 192,
      activeParameters: undefined,
      sizeBytes: createSmallGguf().length,
      contextTokens: 512,
      kvBytesPerToken: 256,
      licence: 'apache-2.0',
      chatFormat: 'template',
      rank: 0,
      checked: 'published',
      sources: [{ kind: 'file', path }],
    });
    assert.equal((await describeLocalFile(path, 'mine')).entry.id, 'mine');
  });
});
