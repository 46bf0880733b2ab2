// kill -9 at many random points: the resumed exam ends with the same report byte by byte, and no answer is paid
// twice. Starts about 70 short processes on this machine; about 15 s.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { openSmallEndpoint } from './small-endpoint.ts';

const points = 50;
const script = fileURLToPath(new URL('exam-child.ts', import.meta.url));

/** Runs the exam; kills it once `killAfter` answers are in the journal. Resolves to whether it ended by itself. */
function runProcess(
  journal: string,
  url: string,
  report: string,
  killAfter: number,
  afterMs: number,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, journal, url, report], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const watch = setInterval(() => {
      const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length : 0;
      if (lines < killAfter) return;
      clearInterval(watch);
      setTimeout(() => child.kill('SIGKILL'), afterMs);
    }, 2);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      if (code === 0 || signal === 'SIGKILL') resolve(code === 0);
      else reject(new Error(`exam process ended with ${code}: ${errors}`));
    });
  });
}

test(`an exam killed at ${points} random points ends with the same report and pays no answer twice`, async (t) => {
  await using folder = openTemporaryFolder();
  await using endpoint = await openSmallEndpoint({ rightShare: 0.9, delayMs: 4, isIdempotent: true });
  const whole = join(folder.path, 'whole.json');
  assert.equal(await runProcess(join(folder.path, 'whole.jsonl'), endpoint.url, whole, Infinity, 0), true);
  const paidByWhole = new Map(endpoint.answersByKey);
  assert.ok(paidByWhole.size > 30, `only ${paidByWhole.size} calls`);

  const random = createSeededRandom(2026);
  let kills = 0;
  for (let round = 0; kills < points; round++) {
    await using fresh = await openSmallEndpoint({ rightShare: 0.9, delayMs: 4, isIdempotent: true });
    const journal = join(folder.path, `${round}.jsonl`);
    const report = join(folder.path, `${round}.json`);
    for (let isDone = false; !isDone;) {
      const killAfter = kills < points ? 2 + Math.floor(random.next01() * (paidByWhole.size - 4)) : Infinity;
      isDone = await runProcess(journal, fresh.url, report, killAfter, Math.floor(random.next01() * 12));
      if (!isDone) kills++;
    }
    // Ports differ between endpoints, so the address and what is hashed from it are set aside.
    assert.equal(withoutAddress(readFileSync(report, 'utf8')), withoutAddress(readFileSync(whole, 'utf8')));
    assert.deepEqual(
      [...fresh.answersByKey.values()].filter((count) => count > 1),
      [],
    );
    assert.equal(fresh.answersByKey.size, paidByWhole.size);
  }
  t.diagnostic(`${kills} kills, ${paidByWhole.size} calls an exam`);
});

function withoutAddress(text: string): string {
  return text.replaceAll(/127\.0\.0\.1:\d+/gu, 'HOST').replaceAll(/"commitment": "\w+"/gu, '"commitment"');
}
