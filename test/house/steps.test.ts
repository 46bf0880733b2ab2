/** The runner behind `npm run check`: each way in which a step can fail is planted and seen. Needs child processes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runSteps, type Step } from '../../scripts/steps.ts';
import { leavesNothing } from '../../src/testing/leftovers.ts';

function script(name: string, code: string, more: Partial<Step> = {}): Step {
  return { name, command: [process.execPath, '-e', code], timeLimitMs: 20_000, ...more };
}

async function run(steps: readonly Step[], concurrency = 2): Promise<{ lines: string[]; passed: string[] }> {
  const lines: string[] = [];
  const results = await runSteps(steps, { concurrency, print: (line) => lines.push(line) });
  return { lines, passed: results.filter((result) => result.isPassed).map((result) => result.name) };
}

describe('steps', () => {
  test(
    'a passed step is one line with its seconds, and its output is not shown',
    leavesNothing(async () => {
      const { lines, passed } = await run([script('good', 'console.log("quiet")')]);
      assert.deepEqual(passed, ['good']);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /^ok {3}good +\d+\.\d s$/);
    }),
  );

  test(
    'a failed step shows its whole output, and the others still run',
    leavesNothing(async () => {
      const bad = script('bad', 'console.log("to stdout"); console.error("to stderr"); process.exitCode = 3');
      const { lines, passed } = await run([bad, script('good', '')], 1);
      assert.deepEqual(passed, ['good']);
      assert.match(lines.join('\n'), /FAIL bad[^]*to stdout[^]*to stderr[^]*exited with 3[^]*ok +good/);
    }),
  );

  test(
    'a step that does not end is ended at its limit',
    leavesNothing(async () => {
      const { lines, passed } = await run([
        script('slow', 'setInterval(() => {}, 1000)', { timeLimitMs: 200 }),
      ]);
      assert.deepEqual(passed, []);
      assert.match(lines.join('\n'), /ended by SIGKILL; its limit is 0\.2 s/);
    }),
  );

  test(
    'a step whose output shows that it checked nothing fails',
    leavesNothing(async () => {
      const review = (output: string): string | undefined =>
        output.includes('0 files') ? 'read nothing' : undefined;
      const { lines, passed } = await run([script('blind', 'console.log("0 files")', { review })]);
      assert.deepEqual(passed, []);
      assert.match(lines.join('\n'), /blind: read nothing/);
    }),
  );

  test(
    'a program that is not there fails',
    leavesNothing(async () => {
      const { passed } = await run([{ name: 'missing', command: ['/nowhere/program'], timeLimitMs: 1000 }]);
      assert.deepEqual(passed, []);
    }),
  );
});
