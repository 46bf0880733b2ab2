/** The runner behind `npm test`: it must fail on what plain runners let pass. Needs child processes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';

const runner = join(import.meta.dirname, '../../scripts/test.ts');
const passing = `require('node:test').test('passes', () => {});`;

async function runTests(
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ code: number | null; output: string }> {
  await using folder = openTemporaryFolder();
  mkdirSync(join(folder.path, 'test'));
  for (const [file, code] of Object.entries(files)) {
    mkdirSync(join(folder.path, 'test', file, '..'), { recursive: true });
    writeFileSync(join(folder.path, 'test', file), code);
  }
  // Without this, node:test would take the inner run for a part of the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [runner, ...args], {
    cwd: folder.path,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => {
      child.on('close', resolve);
    }),
  ]);
  return { code, output: stdout + stderr };
}

describe('test runner', { concurrency: 2 }, () => {
  test('passes when all tests pass, and says last how many there were', async () => {
    const { code, output } = await runTests({ 'journey/a.test.ts': passing, 'house/b.test.ts': passing });
    assert.equal(code, 0, output);
    assert.match(output, /ℹ tests 2\n[^]*ℹ fail 0\n/);
  });

  test('fails when no test ran', async () => {
    const { code, output } = await runTests({ 'journey/helper.ts': passing });
    assert.equal(code, 1, output);
    assert.match(output, /no test ran/);
  });

  test('runs only the kinds that it is asked for', async () => {
    const files = { 'journey/a.test.ts': `throw new Error('not asked for')`, 'house/b.test.ts': passing };
    const { code, output } = await runTests(files, 'house');
    assert.equal(code, 0, output);
    assert.match(output, /ℹ tests 1\n/);
  });

  test('fails when a test fails, and when a file cannot be loaded', async () => {
    for (const body of [`require('node:test').test('x', () => { throw 1; })`, `import './missing.ts';`]) {
      const { code, output } = await runTests({ 'house/a.test.ts': body });
      assert.equal(code, 1, output);
    }
  });

  test('fails when a test leaves a temporary file', async () => {
    const body = `${passing} require('node:fs').writeFileSync(require('node:os').tmpdir() + '/forgotten', '');`;
    const { code, output } = await runTests({ 'house/a.test.ts': body });
    assert.equal(code, 1, output);
    assert.match(output, /left the temporary file forgotten/);
  });

  test(
    'fails when a test leaves a process, and ends that process',
    { skip: process.platform !== 'linux' && 'finds processes through /proc, which only Linux has' },
    async () => {
      const body = `${passing} require('node:child_process').spawn('sleep', ['61'], { stdio: 'ignore', detached: true }).unref();`;
      const { code, output } = await runTests({ 'house/a.test.ts': body });
      assert.equal(code, 1, output);
      assert.match(output, /left a process running: sleep 61/);
    },
  );

  test('ends a file that does not end', async () => {
    const body = `require('node:test').test('hangs', async () => { await new Promise((r) => setTimeout(r, 60_000)); })`;
    const { code, output } = await runTests({ 'house/a.test.ts': body }, '--file-limit-ms', '1500');
    assert.equal(code, 1, output);
    assert.match(output, /the file did not end within its limit/);
  });
});
