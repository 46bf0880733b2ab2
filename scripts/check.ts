/** `npm run check`: everything that can be known about a change in under a minute, the same here and in CI. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSteps, type Step } from './steps.ts';

const node = process.execPath;
const minuteMs = 60_000;

/** Tests write their temporary files here, so that whatever is left in it afterwards was forgotten. */
const temporary = mkdtempSync(join(tmpdir(), 'gradus-check-'));

/** The long ones first, so that the short ones fill the gaps. */
const steps: readonly Step[] = [
  tool('types', ['node_modules/typescript/bin/tsc', '-p', '.']),
  tool('lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings']),
  {
    ...tool('unit', ['--test', '--test-isolation=none', 'src/**/*.test.ts', 'scripts/**/*.test.ts']),
    env: { TMPDIR: temporary, NODE_OPTIONS: '', FORCE_COLOR: '0' },
    review: reviewUnitTests,
  },
  tool('dead code', ['node_modules/knip/bin/knip.js', '--no-progress']),
  tool('rooms', ['scripts/check-rooms.ts']),
  tool('docs', ['scripts/make-docs.ts', '--check']),
  tool('format', ['node_modules/oxfmt/bin/oxfmt', '--check', '.']),
];

const startMs = performance.now();
const results = await runSteps(steps, {
  concurrency: Math.max(2, availableParallelism()),
  print: console.log,
});
rmSync(temporary, { recursive: true, force: true });

const failed = results.filter((result) => !result.isPassed).map((result) => result.name);
const unit = results.find((result) => result.name === 'unit');
console.log(
  `check: ${((performance.now() - startMs) / 1000).toFixed(1)} s${failed.length === 0 ? '' : `, failed: ${failed.join(', ')}`}`,
);
// The summary of node's own runner stands last, for people and for machines that count tests.
console.log(unit?.output.match(/^ℹ \S+ [\d.]+$/gm)?.join('\n') ?? 'no unit test ran');
process.exitCode = failed.length === 0 ? 0 : 1;

function tool(name: string, args: readonly string[]): Step {
  return { name, command: [node, ...args], timeLimitMs: minuteMs };
}

function reviewUnitTests(output: string): string | undefined {
  const count = Number(/^ℹ tests (\d+)$/m.exec(output)?.[1] ?? 0);
  if (count === 0) return 'no test ran';
  const left = readdirSync(temporary);
  return left.length === 0 ? undefined : `the tests left temporary files: ${left.join(', ')}`;
}
