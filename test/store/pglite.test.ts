/** What only the embedded store must do: make bytes safe, hold its folder alone, and look after itself. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { createDataFolder } from '../../src/store/pglite/data-folder.ts';
import { Engine } from '../../src/store/pglite/engine.ts';
import { lockFolder } from '../../src/store/pglite/folder-lock.ts';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { Switchboard } from '../../src/store/pglite/switchboard.ts';
import { tidy } from '../../src/store/pglite/upkeep.ts';
import { queryMessage } from '../../src/store/pglite/wire.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';
import { newResponse } from './contract/cases.ts';

const clock = createRealClock();
const templateFolder = pgliteTemplate();
const child = (name: string): string => new URL(name, import.meta.url).pathname;

async function openEngine(parent: string): Promise<Engine> {
  const folder = join(parent, 'database');
  await createDataFolder({ folder, templateFolder });
  return Engine.open(folder);
}

describe('the embedded store', { timeout: 280_000 }, () => {
  it(
    'calls fsync for each commit, and the test sees it when it does not',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      const database = join(folder.path, 'database');
      await createDataFolder({ folder: database, templateFolder });
      const countFsyncs = (fileSystem: 'durable' | 'plain'): number => {
        const result = spawnSync(process.execPath, [child('fsync-child.ts'), database, fileSystem, '50'], {
          encoding: 'utf8',
          timeout: 60_000,
        });
        assert.equal(result.status, 0, result.stderr);
        return Number(result.stdout);
      };
      assert.ok(countFsyncs('durable') >= 50);
      assert.equal(countFsyncs('plain'), 0);
    }),
  );

  it(
    'calls fsync in its thread as well, as the kernel sees it',
    leavesNothing(async (t) => {
      await using folder = openTemporaryFolder();
      await using engine = await openEngine(folder.path);
      const insert = (): Promise<Buffer> => engine.exchange(queryMessage('INSERT INTO t VALUES (1)'));
      await engine.exchange(queryMessage('CREATE TABLE t (a int)'));
      const before = await engine.countFsyncs();
      const log = join(folder.path, 'strace.log');
      const tracer = spawn('strace', ['-f', '-e', 'trace=fsync', '-o', log, '-p', String(process.pid)], {
        stdio: 'ignore',
      });
      const isTracing = await Promise.race([once(tracer, 'error').then(() => false), wait(1500, true)]);
      for (let i = 0; i < 20; i++) await insert();
      assert.ok((await engine.countFsyncs()) - before >= 20);
      if (!isTracing || tracer.exitCode !== null) {
        t.diagnostic('strace cannot be used here: counted in the file system only');
        return;
      }
      tracer.kill('SIGINT');
      await once(tracer, 'exit');
      const seen = readFileSync(log, 'utf8').match(/fsync\(/g) ?? [];
      assert.ok(seen.length >= 20, `strace saw ${seen.length} fsync calls`);
    }),
  );

  it(
    'is open in one place only, and says where',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      await using store = await openPgliteStore({ folder: folder.path, clock, templateFolder });
      assert.equal(store.kind, 'pglite');
      await assert.rejects(openPgliteStore({ folder: folder.path, clock, templateFolder }), {
        code: 'home-in-use',
        message: new RegExp(`process ${process.pid} on ${hostname()}, since 2`),
      });
    }),
  );

  it(
    'names the other process that has it, and opens at once when that was killed',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      const holder = spawn(process.execPath, [child('lock-child.ts'), folder.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(holder.stdout, 'data');
      await assert.rejects(openPgliteStore({ folder: folder.path, clock }), {
        code: 'home-in-use',
        message: new RegExp(`process ${holder.pid} on`),
      });
      holder.kill('SIGKILL');
      await once(holder, 'exit');
      await using store = await openPgliteStore({ folder: folder.path, clock });
      await store.check();
    }),
  );

  it('a lock file that names a living process which does not hold it stops nobody', async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'database.lock');
    writeFileSync(file, JSON.stringify({ pid: process.ppid, host: hostname(), since: 'long ago' }));
    using first = lockFolder(file, { pid: process.pid, host: 'h', since: 's' });
    assert.ok(first);
    assert.throws(() => lockFolder(file, { pid: 1, host: 'x', since: 'y' }), {
      code: 'home-in-use',
      details: {
        message: `The database is in use by process ${process.pid} on h, since s (lock file ${file}).`,
        data: { pid: process.pid, host: 'h', since: 's' },
      },
    });
  });

  it(
    'makes the folder anew when making it was interrupted',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      mkdirSync(join(folder.path, 'database.new', 'base'), { recursive: true });
      writeFileSync(join(folder.path, 'database.new', 'PG_VERSION'), '18\n');
      await using store = await openPgliteStore({ folder: folder.path, clock, templateFolder });
      await store.check();
      assert.equal(existsSync(join(folder.path, 'database.new')), false);
    }),
  );

  it(
    'starts checkpoints itself, so that its log and its recovery stay short',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      await using engine = await openEngine(folder.path);
      const run = async (sql: string): Promise<string> =>
        (await engine.exchange(queryMessage(sql))).toString('latin1');
      await run('CREATE TABLE t (a text)');
      const insert = `INSERT INTO t SELECT repeat(md5(n::text), 100) FROM generate_series(1, 3000) n`;
      for (let i = 0; i < 12; i++) await run(insert);
      const distance = await run(
        `SELECT 'distance ' || pg_wal_lsn_diff(pg_current_wal_insert_lsn(), (SELECT redo_lsn FROM pg_control_checkpoint()))`,
      );
      const bytes = Number(/distance (\d+)/.exec(distance)?.[1]);
      assert.ok(bytes < 64 * 1024 * 1024, `${bytes} bytes since the last checkpoint`);
    }),
  );

  it(
    'removes dead rows and counts the living, as autovacuum would',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      await using store = await openPgliteStore({ folder: folder.path, clock, templateFolder });
      await store.pool.query('CREATE TABLE gradus.busy AS SELECT n FROM generate_series(1, 5000) n');
      await store.pool.query('UPDATE gradus.busy SET n = n + 1');
      assert.deepEqual(await tidy(store.pool), ['gradus.busy']);
      assert.deepEqual(await tidy(store.pool), []);
      const { rows } = await store.pool.query(`SELECT reltuples FROM pg_class WHERE relname = 'busy'`);
      assert.deepEqual(rows, [{ reltuples: 5000 }]);
    }),
  );

  it(
    'rolls a forgotten transaction back, so that the others go on',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      await using engine = await openEngine(folder.path);
      const switchboard = new Switchboard(engine, { idleTransactionTimeoutMs: 100 });
      const pool = new pg.Pool({ stream: () => switchboard.openSession() });
      pool.on('error', () => undefined);
      const forgetful = await pool.connect();
      forgetful.on('error', () => undefined);
      await forgetful.query('BEGIN');
      await forgetful.query('CREATE TABLE t (a int)');
      const { rows } = await pool.query(`SELECT to_regclass('t') AS found`);
      assert.deepEqual(rows, [{ found: null }]);
      await assert.rejects(forgetful.query('SELECT 1'));
      forgetful.release(true);
      await pool.end();
    }),
  );

  it(
    'says "database-unavailable" after it was closed, and may be closed twice',
    leavesNothing(async () => {
      await using folder = openTemporaryFolder();
      const engine = await openEngine(folder.path);
      await engine[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await assert.rejects(engine.exchange(queryMessage('SELECT 1')), { code: 'database-unavailable' });
    }),
  );

  it(
    'says "disk-full" on a full disk, keeps what it acknowledged, and goes on when there is room again',
    { skip: process.getuid?.() !== 0 && 'mounting a small disk takes root' },
    leavesNothing(async (t) => {
      await using folder = openTemporaryFolder();
      const mount = (options: string): number | null =>
        spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder.path]).status;
      if (mount('size=44m') !== 0) {
        t.skip('this machine does not let a test mount a disk');
        return;
      }
      try {
        await using store = await openPgliteStore({ folder: folder.path, clock, templateFolder });
        const row = newResponse();
        await store.responses.create(row);
        const payload = { text: randomBytes(200_000).toString('hex') };
        const append = async (expected: number): Promise<void> => {
          const outcome = await store.events.append(row.id, expected, [{ type: 'a', payload }], 1);
          assert.equal(outcome.kind, 'appended');
        };
        let written = 0;
        await assert.rejects(
          async () => {
            for (; ; written++) await append(written);
          },
          { code: 'disk-full' },
        );
        assert.equal(await store.events.nextSequenceNumber(row.id), written);
        assert.equal(mount('remount,size=80m'), 0);
        await append(written);
        assert.equal(await store.events.nextSequenceNumber(row.id), written + 1);
      } finally {
        spawnSync('umount', [folder.path]);
      }
    }),
  );
});
