/**
 * What one program costs in the sandbox: with pauses between programs and without, after a kill, and in
 * memory; beside a fresh process for each program, which is what one would do without it.
 * Run: node bench/sandbox.ts
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { createRealClock } from '../src/testing/real-clock.ts';
import { openQuickJsSandbox } from '../src/tools/sandbox/quickjs/quickjs-sandbox.ts';
import type { Sandbox } from '../src/tools/sandbox/sandbox.ts';

const clock = createRealClock();
const rounds = Number(process.env['GRADUS_BENCH_ROUNDS'] ?? 200);

const plain = `function answer() {
  let sum = 0;
  for (let i = 1; i < 1000; i++) if (i % 3 === 0 || i % 5 === 0) sum += i;
  return sum;
}`;
const withLibrary =
  'function answer() { return factorize(360360).length + lcm(12, 18) + Number(binomial(20, 10)); }';
const heavy =
  'function answer() { let x = 0; for (let i = 0; i < 3e6; i++) x = (x * 31 + i) % 1000003; return x; }';

console.log(
  `${os.cpus()[0]?.model ?? 'unknown processor'}, ${os.availableParallelism()} cores, load ${os.loadavg()[0]?.toFixed(1)}`,
);

const openMs = performance.now();
await using sandbox = await openQuickJsSandbox({ clock, workers: 1, spares: 1 });
console.log(`open until the first worker is ready: ${(performance.now() - openMs).toFixed(0)} ms`);
await wait(1500);
for (let i = 0; i < 30; i++) await once(sandbox, plain);

report('one program, 20 ms after the last (target: median <= 5 ms)', await times(sandbox, plain, 20));
report('one program that uses the library, 20 ms after the last', await times(sandbox, withLibrary, 20));
report('one program right after the last', await times(sandbox, plain, 0));
report('one program of 3 million steps', await times(sandbox, heavy, 0, 5));
report('native loop, limit 250 ms: end after the limit (target: <= 100 ms)', await killTimes(sandbox));
memory('after this work');

await using pair = await openQuickJsSandbox({ clock, workers: 2, spares: 0 });
await wait(1500);
const startMs = performance.now();
await Promise.all(Array.from({ length: 2 * rounds }, () => once(pair, plain)));
console.log(
  `two workers: ${((2 * rounds * 1000) / (performance.now() - startMs)).toFixed(0)} programs a second`,
);

report(
  'instead: a fresh Node process for each program',
  spawnTimes(process.execPath, ['-e', `${plain};console.log(answer())`]),
);
// The interpreter itself, not a version manager's script in front of it.
const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim();
report(
  'instead: a fresh Python process for each program',
  spawnTimes(python, ['-c', 'print(sum(i for i in range(1000) if i % 3 == 0 or i % 5 == 0))']),
);

async function once(sandbox: Sandbox, source: string): Promise<number> {
  const outcome = await sandbox.run({ language: 'javascript', source, entry: 'answer' });
  if (outcome.kind !== 'value') throw new Error(`a program of this benchmark ended as ${outcome.kind}`);
  return outcome.elapsedMs;
}

async function times(sandbox: Sandbox, source: string, pauseMs: number, count = rounds): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    if (pauseMs > 0) await wait(pauseMs);
    const beforeMs = performance.now();
    await once(sandbox, source);
    taken.push(performance.now() - beforeMs);
  }
  return taken;
}

async function killTimes(sandbox: Sandbox): Promise<number[]> {
  const taken: number[] = [];
  const next: number[] = [];
  for (let i = 0; i < 10; i++) {
    const outcome = await sandbox.run({
      language: 'javascript',
      source: 'new Array(1e9).indexOf(5)',
      limits: { timeMs: 250 },
    });
    taken.push(outcome.elapsedMs - 250);
    const beforeMs = performance.now();
    await once(sandbox, plain);
    next.push(performance.now() - beforeMs);
    await wait(1500);
  }
  report('the program after a killed one', next);
  return taken;
}

function spawnTimes(command: string, commandArguments: readonly string[]): number[] {
  return Array.from({ length: 10 }, () => {
    const beforeMs = performance.now();
    spawnSync(command, commandArguments);
    return performance.now() - beforeMs;
  });
}

/** Memory of each child process: resident, and its own share where pages are shared with others. Linux only. */
function memory(when: string): void {
  if (process.platform !== 'linux') return;
  for (const task of readdirSync('/proc/self/task')) {
    for (const pid of readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' ')) {
      if (pid === '') continue;
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const megabytes = (name: string): string =>
        (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024).toFixed(0);
      console.log(
        `worker ${when}: ${megabytes('Rss')} MB resident, ${megabytes('Pss')} MB proportional, ${megabytes('Private_Dirty')} MB of its own`,
      );
    }
  }
}

function report(name: string, taken: readonly number[]): void {
  const sorted = [...taken].sort((a, b) => a - b);
  const at = (share01: number): string =>
    (sorted[Math.floor(share01 * (sorted.length - 1))] ?? NaN).toFixed(2);
  console.log(`${name}: median ${at(0.5)} ms, 95% ${at(0.95)} ms, worst ${at(1)} ms (n = ${sorted.length})`);
}
