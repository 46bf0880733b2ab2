/** What surrounds the interpreter: how a worker process is started, what it may do when it goes bad, and how it ends. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { GradusError } from '../../src/kernel/errors.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import type { WorkerRequest } from '../../src/tools/sandbox/quickjs/frame.ts';
import { openQuickJsSandbox } from '../../src/tools/sandbox/quickjs/quickjs-sandbox.ts';
import { WorkerPool } from '../../src/tools/sandbox/quickjs/worker-pool.ts';
import { WorkerProcess, type WorkerEnd } from '../../src/tools/sandbox/quickjs/worker-process.ts';
import { defaultSandboxLimits } from '../../src/tools/sandbox/sandbox.ts';

const linuxOnly = { skip: process.platform === 'linux' ? false : 'reads /proc, which Linux alone has' };
const memoryBytes = defaultSandboxLimits.memoryBytes;

const request = (source: string): WorkerRequest => ({
  source,
  entry: undefined,
  inputJson: undefined,
  seed: 0,
  nowMs: undefined,
  library: undefined,
  limits: defaultSandboxLimits,
});

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .filter((text) => text !== '')
    .map(Number);
}

async function until(holds: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < endMs, 'it did not come to that in time');
    await wait(5);
  }
}

test(
  'a worker process has an empty environment, an empty folder, no file of ours, and narrow limits',
  linuxOnly,
  leavesNothing(async (t) => {
    await using folder = openTemporaryFolder();
    await using ours = openTemporaryFolder();
    process.env['GRADUS_CANARY'] = 'secret';
    const file = openSync(join(ours.path, 'open.txt'), 'w');
    const worker = await WorkerProcess.start({ folder: folder.path, memoryBytes });
    const [pid] = childrenOf(process.pid);
    const proc = `/proc/${pid}`;
    const text = (name: string): string => readFileSync(join(proc, name), 'utf8');
    assert.deepEqual(
      text('environ')
        .split('\0')
        .filter((entry) => !/^(TZ=UTC|PWD=.*|_=.*|OLDPWD=.*)?$/.test(entry)),
      [],
    );
    assert.equal(readlinkSync(join(proc, 'cwd')), folder.path);
    assert.deepEqual(readdirSync(folder.path), []);
    assert.equal(text('oom_score_adj').trim(), '1000');
    const limits = text('limits');
    assert.match(limits, /Max cpu time\s+300\s/);
    assert.match(limits, /Max file size\s+0\s/);
    assert.match(limits, /Max core file size\s+0\s/);
    const links = readdirSync(join(proc, 'fd')).map((fd) => readlinkSync(join(proc, 'fd', fd)));
    assert.deepEqual(
      links.filter((link) => link.startsWith('/') && link !== '/dev/null'),
      [],
    );
    assert.equal(
      links.filter((link) => link.startsWith('socket:')).length,
      3,
      'its three pipes and no other socket',
    );
    const ourNetwork = readlinkSync('/proc/self/ns/net');
    const hasNamespaces =
      spawnSync('/bin/sh', ['-c', 'unshare --user --map-root-user --net true']).status === 0;
    if (hasNamespaces) {
      assert.notEqual(readlinkSync(join(proc, 'ns/net')), ourNetwork);
      assert.match(text('net/dev'), /^[^:]*lo:[^:]*$/, 'its network has no way out');
    } else t.diagnostic('this system grants no namespaces, so the network of the worker was not looked at');
    const command = text('cmdline').split('\0');
    assert.ok(command.includes('--permission'));
    assert.ok(
      command.every(
        (argument) => !argument.startsWith('--allow-') || argument.startsWith('--allow-fs-read='),
      ),
    );
    worker.kill('the test is over');
    await worker.exited;
    closeSync(file);
    delete process.env['GRADUS_CANARY'];
  }),
);

/** Each stands in for our worker, says that it is ready, and then does something else. */
const badWorkers: readonly (readonly [name: string, whatItDoes: string, expected: RegExp])[] = [
  [
    'answers with what is no frame',
    'write(Buffer.from("hello, this is no frame at all"))',
    /it sent a frame of \d+ bytes/,
  ],
  ['answers with what is no JSON', 'write(Buffer.from([1, 0, 0, 0, 123]))', /not JSON/],
  [
    'answers of the wrong form',
    'frame({ kind: "ran", report: { kind: "value", json: 7 } })',
    /not one answer/,
  ],
  ['answers with an unknown field', 'frame({ ...good, extra: 1 })', /not one answer/],
  ['answers twice at once', 'write(Buffer.concat([toFrame(good), toFrame(good)]))', /not one answer/],
  ['says again that it is ready', 'frame({ kind: "ready" })', /not one answer/],
  ['ends', 'process.exit(3)', /code 3/],
  ['is killed', 'process.kill(process.pid, "SIGKILL")', /SIGKILL/],
  ['throws', 'throw new Error("broken machine")', /broken machine/],
  [
    'floods its error output',
    'for (let i = 0; i < 1000; i++) fs.writeSync(2, "x".repeat(1000)); process.exit(1)',
    /code 1/,
  ],
  ['opens a file', 'fs.readFileSync("/etc/passwd")', /ERR_ACCESS_DENIED|restricted/],
  ['writes a file', 'fs.writeFileSync("here.txt", "x")', /ERR_ACCESS_DENIED|restricted/],
  [
    'starts a process',
    'process.getBuiltinModule("child_process").spawnSync("true")',
    /ERR_ACCESS_DENIED|restricted/,
  ],
  ['evaluates text', 'new Function("return 1")()', /EvalError|disallowed/],
];

function badWorker(whatItDoes: string, before = 'frame({ kind: "ready" });'): string {
  return `import fs from 'node:fs';
const write = (bytes) => fs.writeSync(1, bytes);
const toFrame = (body) => {
  const text = Buffer.from(JSON.stringify(body));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  return Buffer.concat([head, text]);
};
const frame = (body) => write(toFrame(body));
const good = { kind: 'ran', report: { kind: 'value', json: '1' }, printed: '', rssBytes: 1, cpuMs: 1 };
${before}
fs.readSync(0, Buffer.alloc(65536));
${whatItDoes};
setTimeout(() => {}, 10_000);
`;
}

async function runBadWorker(
  source: string,
  idleMs = 0,
): Promise<{ end: WorkerEnd; isAlive: boolean; left: string[] }> {
  await using folder = openTemporaryFolder();
  await using place = openTemporaryFolder();
  const file = join(place.path, 'bad.mjs');
  writeFileSync(file, source);
  const worker = await WorkerProcess.start({ folder: folder.path, memoryBytes, file });
  await wait(idleMs);
  const end = await worker.run(request('1'), 3000);
  const { isAlive } = worker;
  worker.kill('the test is over');
  await worker.exited;
  return { end, isAlive, left: readdirSync(folder.path) };
}

for (const [name, whatItDoes, expected] of badWorkers) {
  test(
    `a worker that ${name} is dead and its program crashed`,
    leavesNothing(async () => {
      const { end, isAlive, left } = await runBadWorker(badWorker(whatItDoes));
      assert.equal(end.kind, 'died');
      assert.match(end.kind === 'died' ? end.reason : '', expected);
      assert.equal(isAlive, false);
      assert.deepEqual(left, []);
    }),
  );
}

test(
  'a worker that says nothing is killed when its time is over',
  leavesNothing(async () => {
    const { end, isAlive } = await runBadWorker(badWorker(''));
    assert.deepEqual(end, { kind: 'killed' });
    assert.equal(isAlive, false);
  }),
);

test(
  'a worker that speaks unasked is killed before it gets a program',
  leavesNothing(async () => {
    const pause = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);';
    const late = badWorker('', `frame({ kind: "ready" }); ${pause} frame(good);`);
    const { end } = await runBadWorker(late, 500);
    assert.deepEqual(end, { kind: 'died', reason: 'it spoke unasked' });
    const early = badWorker('', 'write(Buffer.concat([toFrame({ kind: "ready" }), toFrame(good)]));');
    await assert.rejects(runBadWorker(early), /did not start/);
  }),
);

test(
  'a worker that cannot start is an error that says why',
  leavesNothing(async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'missing.mjs');
    await assert.rejects(WorkerProcess.start({ folder: folder.path, memoryBytes, file }), (error) => {
      assert.ok(error instanceof GradusError);
      assert.match(error.message, /did not start: .*missing\.mjs/s);
      return error.code === 'sandbox-failed';
    });
  }),
);

test(
  'a pool whose workers stop starting tells the waiting programs',
  leavesNothing(async () => {
    await using folder = openTemporaryFolder();
    const file = join(folder.path, 'bad.mjs');
    writeFileSync(file, badWorker('process.exit(3)'));
    await using pool = await WorkerPool.open({
      workers: 1,
      spares: 0,
      worker: { folder: folder.path, memoryBytes, file },
    });
    const worker = await pool.acquire();
    writeFileSync(file, 'process.exit(4)');
    await worker.run(request('1'), 3000);
    pool.release(worker);
    await assert.rejects(
      pool.acquire(),
      (error) => error instanceof GradusError && error.code === 'sandbox-failed',
    );
    // It is not given up for ever: the next program tries again.
    writeFileSync(file, badWorker(''));
    pool.release(await pool.acquire());
  }),
);

test(
  'a worker that has worked enough is replaced, and no program notices',
  leavesNothing(async () => {
    await using folder = openTemporaryFolder();
    const retireAfter = { rssBytes: 1e12, cpuMs: 1 };
    await using pool = await WorkerPool.open({
      workers: 1,
      spares: 1,
      worker: { folder: folder.path, memoryBytes },
      retireAfter,
    });
    const seen = new Set<WorkerProcess>();
    for (let i = 0; i < 3; i++) {
      const worker = await pool.acquire();
      seen.add(worker);
      const end = await worker.run(request(`${i} + 1`), 3000);
      pool.release(worker);
      assert.equal(end.kind, 'ran');
      if (end.kind !== 'ran') return;
      pool.inspect(worker, end.reply);
      assert.deepEqual(end.reply.report, { kind: 'value', json: String(i + 1) });
      assert.equal(worker.isAlive, false);
    }
    assert.equal(seen.size, 3);
  }),
);

test(
  'a killed program does not delay the next one, because a spare stands by',
  leavesNothing(async () => {
    await using folder = openTemporaryFolder();
    await using pool = await WorkerPool.open({
      workers: 1,
      spares: 1,
      worker: { folder: folder.path, memoryBytes },
    });
    await pool.whenFull();
    const first = await pool.acquire();
    assert.deepEqual(await first.run(request('new Array(1e9).indexOf(5)'), 100), { kind: 'killed' });
    pool.release(first);
    const next = await Promise.race([pool.acquire(), pool.whenFull()]);
    assert.ok(next instanceof WorkerProcess, 'a new process was waited for');
    assert.equal((await next.run(request('1'), 3000)).kind, 'ran');
    pool.release(next);
  }),
);

test(
  'a worker killed from outside is a crash of its program alone',
  linuxOnly,
  leavesNothing(async () => {
    await using sandbox = await openQuickJsSandbox({ clock: createRealClock(), workers: 1, spares: 1 });
    const running = sandbox.run({ language: 'javascript', source: 'for (;;);' });
    await wait(100);
    for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
    assert.equal((await running).kind, 'crashed');
    const next = await sandbox.run({ language: 'javascript', source: '6 * 7' });
    assert.equal(next.kind === 'value' && next.json, '42');
  }),
);

test(
  'closing ends what runs and what waits, and leaves no process and no folder',
  leavesNothing(async () => {
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('gradus-sandbox-'));
    const before = folders();
    const sandbox = await openQuickJsSandbox({ clock: createRealClock(), workers: 1, spares: 0 });
    const isFailed = (error: unknown): boolean =>
      error instanceof GradusError && error.code === 'sandbox-failed';
    const runs = [1, 2].map(() =>
      assert.rejects(sandbox.run({ language: 'javascript', source: 'for (;;);' }), isFailed),
    );
    await wait(50);
    await sandbox[Symbol.asyncDispose]();
    await Promise.all(runs);
    assert.deepEqual(
      folders().filter((name) => !before.includes(name)),
      [],
    );
    await assert.rejects(sandbox.run({ language: 'javascript', source: '1' }), isFailed);
  }),
);

test(
  'workers end when their sandbox dies without a word',
  linuxOnly,
  leavesNothing(async () => {
    await using place = openTemporaryFolder();
    const script = `
      import { openQuickJsSandbox } from ${JSON.stringify(new URL('../../src/tools/sandbox/quickjs/quickjs-sandbox.ts', import.meta.url).href)};
      const clock = { nowMs: () => 0, monotonicMs: () => performance.now(), sleep: async () => {} };
      const sandbox = await openQuickJsSandbox({ clock, workers: 1, spares: 1 });
      void sandbox.run({ language: 'javascript', source: 'for (;;);', limits: { timeMs: 1500 } });
      setTimeout(() => console.log('running'), 700);
    `;
    const file = join(place.path, 'owner.mjs');
    writeFileSync(file, script);
    const owner = spawn(process.execPath, [file], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { TMPDIR: place.path },
    });
    await new Promise((resolve) => {
      owner.stdout.once('data', resolve);
    });
    const workers = childrenOf(owner.pid ?? 0);
    assert.ok(workers.length >= 1);
    owner.kill('SIGKILL');
    const isRunning = (pid: number): boolean =>
      existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    await until(() => !workers.some(isRunning));
    await new Promise((resolve) => {
      if (owner.stdout.closed) resolve(undefined);
      else owner.stdout.once('close', resolve);
    });
  }),
);
