/**
 * kill -9 while workflows run: every workflow that was started ends, with the values of its steps as they
 * were stored, and no step runs again after its result was stored. GRADUS_TEST_KILLS sets the number of kills.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createSeededRandom, randomInteger } from '../../src/kernel/random.ts';
import { PostgresServer } from '../../src/testing/postgres-server.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';

const kills = Number(process.env['GRADUS_TEST_KILLS'] ?? 6);

describe('durable workflows', { timeout: 60_000 + kills * 30_000 }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await PostgresServer.start({ isDurable: true });
  });
  after(() => server[Symbol.asyncDispose]());

  it(`all end as they should after ${kills} kills on the embedded store`, async () => {
    await using folder = openTemporaryFolder();
    await drill('pglite', join(folder.path, 'home'), join(folder.path, 'log'));
  });

  it(`all end as they should after ${kills} kills on a Postgres server`, async () => {
    await using folder = openTemporaryFolder();
    await drill('postgres', await server.createDatabase(), join(folder.path, 'log'));
  });
});

async function drill(kind: 'pglite' | 'postgres', place: string, log: string): Promise<void> {
  const random = createSeededRandom(6);
  const started: string[] = [];
  writeFileSync(log, '');
  for (let kill = 0; kill < kills; kill++) {
    const child = startChild([kind, place, log, '4', 'not-last', '']);
    await child.said(/^running$/m);
    await wait(randomInteger(random, 1800));
    child.process.kill('SIGKILL');
    await child.ended;
    for (const [, id = ''] of child.output().matchAll(/^started (.+)$/gm)) started.push(id);
  }
  const last = startChild([kind, place, log, '0', 'last', started.join(',')]);
  await last.ended;
  const results = new Map(
    [...last.output().matchAll(/^result (\S+) (.+)$/gm)].map(([, id = '', json = '']) => [id, json]),
  );
  assert.equal(results.size, started.length, last.complaints());
  assert.ok(started.length >= kills * 4);
  checkLog(readFileSync(log, 'utf8'), results);
}

/** Per workflow: step numbers never go back, and the value of each step is that of its last execution. */
function checkLog(text: string, results: ReadonlyMap<string, string>): void {
  const values = new Map<string, number[]>();
  for (const line of text.trimEnd().split('\n')) {
    const { id, number, chance } = JSON.parse(line) as { id: string; number: number; chance: number };
    const known = values.get(id) ?? [];
    values.set(id, known);
    const isNext = number === known.length;
    const isLastAgain = number === known.length - 1;
    assert.ok(isNext || isLastAgain, `${id}: step ${number} ran after ${known.length} steps had begun`);
    known[number] = chance;
  }
  for (const [id, json] of results) {
    const own = values.get(id) ?? [];
    const part = values.get(`${id}-part`) ?? [];
    assert.deepEqual(JSON.parse(json), [...own.slice(0, 4), part, ...own.slice(4)]);
    assert.deepEqual([own.length, part.length], [7, 3]);
  }
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  output(): string;
  complaints(): string;
  said(pattern: RegExp): Promise<void>;
}

function startChild(args: readonly string[]): Child {
  const file = new URL('durable-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const ended = once(child, 'close');
  return {
    process: child,
    ended,
    output: () => output,
    complaints: () => complaints,
    async said(pattern) {
      while (!pattern.test(output)) {
        if (child.exitCode !== null) assert.fail(`the child ended: ${complaints}`);
        await wait(10);
      }
    },
  };
}
