/** A pull from a file of this machine: verified, named last, honest about a full disk and foreign files. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from '../../kernel/schema.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createSmallGguf } from '../../testing/small-gguf.ts';
import { openTemporaryFolder, type TemporaryFolder } from '../../testing/temporary-folder.ts';
import { catalogEntrySchema, type CatalogEntry, type CatalogEntryInput } from './catalog-schema.ts';
import { createCatalog } from './catalog.ts';
import { listInstalled, locateWeights, removeInstalled, showInstalled } from './local.ts';
import { pullWeights } from './pull.ts';
import type { PulledWeights, PullOptions, PullPhase } from './pull-task.ts';

const content = createSmallGguf();
const sha256 = createHash('sha256').update(content).digest('hex');

interface Place extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly models: string;
  readonly original: string;
  readonly phases: PullPhase[];
  readonly entry: CatalogEntry;
  pull(options?: Partial<PullOptions>): Promise<PulledWeights>;
  names(): Promise<string[]>;
}

async function openPlace(fields: Partial<CatalogEntryInput> = {}): Promise<Place> {
  const folder = openTemporaryFolder();
  const models = join(folder.path, 'models');
  const original = join(folder.path, 'original.gguf');
  await writeFile(original, content);
  const phases: PullPhase[] = [];
  const entry = parse(catalogEntrySchema, {
    id: 'tiny',
    sha256,
    sizeBytes: content.length,
    licence: 'Apache-2.0',
    sources: [{ kind: 'hub', repository: 'a/b', file: 'c.gguf' }],
    ...fields,
  });
  return {
    folder,
    models,
    original,
    phases,
    entry,
    pull: (options) =>
      pullWeights({
        entry,
        modelsFolder: models,
        clock: createFakeClock(),
        signal: new AbortController().signal,
        environment: {},
        fromFile: original,
        onProgress: ({ phase }) => {
          if (phases.at(-1) !== phase) phases.push(phase);
        },
        ...options,
      }),
    // Hidden folders are listed with what they hold, so that nothing half-named can hide.
    names: async () => (await readdir(models, { recursive: true })).sort(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('pull from a file', () => {
  test('verifies, names and records it, and goes through the phases', async () => {
    await using place = await openPlace();
    const pulled = await place.pull();
    const path = join(place.models, 'tiny.gguf');
    assert.deepEqual(pulled, {
      path,
      sha256,
      sizeBytes: content.length,
      source: `the file ${place.original}`,
      fresh: true,
      notes: [],
    });
    assert.deepEqual(place.phases, ['checking', 'downloading', 'verifying', 'done']);
    assert.deepEqual(await readFile(path), content);
    assert.deepEqual(await place.names(), ['.partial', 'tiny.gguf', 'tiny.gguf.json']);
    assert.equal(await locateWeights(place.models, place.entry), path);
    const again = await place.pull();
    assert.deepEqual([again.fresh, again.sha256], [false, sha256]);
  });

  test('with another sha256 or size is refused and leaves nothing', async () => {
    await using place = await openPlace();
    const other = Buffer.from(content);
    other.writeUInt8(1, content.length - 1);
    await writeFile(place.original, other);
    await assert.rejects(place.pull(), {
      code: 'weights-hash-mismatch',
      message: new RegExp(`No source has the right bytes of tiny: \\(1\\) the file .*instead of ${sha256}`),
    });
    assert.deepEqual(await place.names(), ['.partial']);
    await writeFile(place.original, 'short');
    await assert.rejects(place.pull(), /has 5 bytes instead of/);
  });

  test('that is not there is an unavailable source', async () => {
    await using place = await openPlace();
    await assert.rejects(place.pull({ fromFile: '/no/such/file' }), {
      code: 'source-unavailable',
      message: 'No source answers for tiny: (1) the file /no/such/file: there is no such file.',
    });
  });

  test('a full disk is told before a byte is written', async () => {
    await using place = await openPlace();
    await assert.rejects(place.pull({ measureFreeBytes: async () => 1000 }), {
      code: 'disk-full',
      message: /has 0 MB free and 17 MB are needed/,
    });
    assert.deepEqual(await place.names(), ['.partial']);
  });

  test('a models folder that cannot be one is told', async () => {
    await using place = await openPlace();
    const modelsFolder = join(place.original, 'models');
    await assert.rejects(place.pull({ modelsFolder }), {
      code: 'invalid-config',
      message: /cannot be written; set GRADUS_HOME/,
    });
  });

  test('a stopped pull is cancelled and leaves nothing half-named', async () => {
    await using place = await openPlace();
    await assert.rejects(place.pull({ signal: AbortSignal.abort() }), { code: 'cancelled' });
    const stop = new AbortController();
    const measureFreeBytes = async (): Promise<number> => {
      stop.abort();
      return 1e12;
    };
    await assert.rejects(place.pull({ signal: stop.signal, measureFreeBytes }), { code: 'cancelled' });
    assert.deepEqual(await place.names(), ['.partial']);
  });

  test('without a sha256 in the catalog must be a model, and its own hash is recorded', async () => {
    await using place = await openPlace({ sha256: undefined, sizeBytes: undefined });
    await writeFile(place.original, 'no model at all');
    await assert.rejects(place.pull(), { code: 'model-load-failed', message: /is not a GGUF file/ });
    assert.deepEqual(await place.names(), ['.partial']);
    await writeFile(place.original, content);
    assert.equal((await place.pull()).sha256, sha256);
    const [installed] = await listInstalled(place.models, createCatalog([place.entry]));
    assert.equal(installed?.record?.trust, 'file');
  });
});

describe('models folder', () => {
  test('a right file that was put there by hand is verified and taken over', async () => {
    await using place = await openPlace();
    await place.pull();
    await removeInstalled(place.models, place.entry);
    await writeFile(join(place.models, 'tiny.gguf'), content);
    assert.equal(await locateWeights(place.models, place.entry), undefined);
    const pulled = await place.pull();
    assert.deepEqual([pulled.fresh, pulled.source], [false, 'a file put there by hand']);
    assert.equal(await locateWeights(place.models, place.entry), pulled.path);
  });

  test('a foreign file under the name is never overwritten', async () => {
    await using place = await openPlace();
    await place.pull();
    await removeInstalled(place.models, place.entry);
    const path = join(place.models, 'tiny.gguf');
    await writeFile(path, 'my own work');
    await assert.rejects(place.pull(), { code: 'conflict', message: /is not tiny: its sha256 is/ });
    assert.equal(await readFile(path, 'utf8'), 'my own work');
  });

  test('a file that lost its end is damaged, and pulled anew', async () => {
    await using place = await openPlace();
    const { path } = await place.pull();
    await writeFile(path, content.subarray(0, 50));
    const [installed] = await listInstalled(place.models, createCatalog([place.entry]));
    assert.equal(installed?.state, 'damaged');
    assert.equal(await locateWeights(place.models, place.entry), undefined);
    assert.equal((await place.pull()).fresh, true);
    assert.deepEqual(await readFile(path), content);
  });

  test('a new sha256 in the catalog makes the old file outdated', async () => {
    await using place = await openPlace();
    await place.pull();
    const newer = { ...place.entry, sha256: 'f'.repeat(64) };
    assert.equal(await locateWeights(place.models, newer), undefined);
  });

  test('is listed, shown and emptied', async () => {
    await using place = await openPlace();
    const catalog = createCatalog([place.entry]);
    assert.deepEqual(await listInstalled(place.models, catalog), []);
    await assert.rejects(removeInstalled(place.models, place.entry), { code: 'not-found' });
    await assert.rejects(showInstalled(place.models, place.entry), { code: 'not-found' });
    const { path } = await place.pull();
    await writeFile(join(place.models, 'by-hand.gguf'), content);
    const list = await listInstalled(place.models, catalog);
    assert.deepEqual(
      list.map(({ fileName, id, state }) => [fileName, id, state]),
      [
        ['by-hand.gguf', undefined, 'unverified'],
        ['tiny.gguf', 'tiny', 'verified'],
      ],
    );
    const shown = await showInstalled(place.models, place.entry);
    assert.deepEqual([shown.gguf.name, shown.installed?.path], ['Tiny', path]);
    assert.equal(await removeInstalled(place.models, place.entry), content.length);
    assert.deepEqual(await place.names(), ['.partial', 'by-hand.gguf']);
  });

  test('an entry of local files only is used in place', async () => {
    await using place = await openPlace();
    const entry = { ...place.entry, sources: [{ kind: 'file', path: place.original } as const] };
    assert.equal(await locateWeights(place.models, entry), place.original);
    const pulled = await place.pull({ entry, fromFile: undefined });
    assert.deepEqual([pulled.path, pulled.sha256, pulled.fresh], [place.original, sha256, false]);
    const other = { ...entry, sha256: 'f'.repeat(64) };
    await assert.rejects(place.pull({ entry: other, fromFile: undefined }), {
      code: 'weights-hash-mismatch',
    });
  });
});
