/**
 * Calls the machine's own pip to fetch one wheel. No address of a package index stands in Gradus: pip
 * knows its index, proxy and certificates. Only ready-made wheels are taken, so no foreign code runs.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GradusError } from '../../kernel/errors.ts';
import type { WheelPackage } from './catalog-schema.ts';
import { createDiskFullError, measureFolder } from './disk.ts';
import type { PullLimits, PullOptions } from './pull-task.ts';
import { runProcess } from './run-process.ts';

export type PipCommand = readonly [string, ...string[]];

const defaultPipCommands: readonly PipCommand[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
];

export type PipSearch =
  | { readonly kind: 'found'; readonly command: PipCommand; readonly version: string }
  | { readonly kind: 'missing'; readonly reason: string };

export type PipOutcome =
  | { readonly kind: 'wheel'; readonly path: string }
  | { readonly kind: 'failed'; readonly failure: 'unreachable' | 'refused'; readonly reason: string };

/** The first of the commands that is a pip; else why none is. */
export async function findPip(
  options: Pick<PullOptions, 'pipCommands' | 'environment' | 'signal'>,
): Promise<PipSearch> {
  const reasons: string[] = [];
  for (const command of options.pipCommands ?? defaultPipCommands) {
    const { environment, signal } = options;
    const run = await runProcess({ command, args: ['--version'], environment, signal });
    const version = /^pip (\S+)/.exec(run.output)?.[1];
    if (run.exitCode === 0 && version !== undefined) return { kind: 'found', command, version };
    reasons.push(
      run.exitCode === undefined
        ? `${command[0]} is not there`
        : /No module named/.test(run.output)
          ? `${command[0]} has no pip`
          : `"${command.join(' ')}" failed: ${toLastLine(run.output)}`,
    );
  }
  return { kind: 'missing', reason: reasons.join(', ') };
}

/**
 * Fetches one wheel into `folder`, which must be empty. `onBytes` hears how much lies there so far.
 * Throws when aborted and `disk-full`; that pip refuses, or cannot reach its index, is an outcome.
 */
export async function downloadWheel(options: {
  readonly command: PipCommand;
  readonly wheel: WheelPackage;
  readonly folder: string;
  readonly pull: Pick<PullOptions, 'environment' | 'clock'>;
  readonly limits: PullLimits;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}): Promise<PipOutcome> {
  const { command, wheel, folder, limits, signal } = options;
  const { clock, environment } = options.pull;
  const stall = new AbortController();
  const stop = AbortSignal.any([signal, stall.signal]);
  const running = runProcess({
    command,
    args: toArguments(wheel, folder, limits),
    // pip unpacks into its temporary folder first: there its progress can be seen, and cleaned up.
    environment: { ...environment, TMPDIR: folder, TEMP: folder, TMP: folder, PIP_REQUIRE_VIRTUALENV: '0' },
    signal: stop,
  });
  await using _watch = watchGrowth({ folder, limits, clock, onBytes: options.onBytes, stall, stop });
  const run = await running;
  signal.throwIfAborted();
  if (run.exitCode === 0) {
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (file !== undefined) return { kind: 'wheel', path: join(folder, file) };
    return { kind: 'failed', failure: 'refused', reason: `pip brought no wheel of ${wheel.name}` };
  }
  if (stall.signal.aborted) {
    const reason = `pip brought nothing for ${Math.round(limits.idleTimeoutMs / 1000)} s (${wheel.name})`;
    return { kind: 'failed', failure: 'unreachable', reason };
  }
  return explain(run.output, wheel, folder);
}

function toArguments(wheel: WheelPackage, folder: string, limits: PullLimits): string[] {
  const timeoutSeconds = Math.max(1, Math.ceil(limits.idleTimeoutMs / 3000));
  const options =
    'download --no-deps --only-binary :all: --no-cache-dir --no-input --disable-pip-version-check ' +
    `--progress-bar off --retries 1 --timeout ${timeoutSeconds}`;
  return [...options.split(' '), '--dest', folder, `${wheel.name}==${wheel.version}`];
}

function explain(output: string, wheel: WheelPackage, folder: string): PipOutcome {
  if (/No space left on device|\[Errno 28\]|Disk quota exceeded/i.test(output)) {
    throw createDiskFullError({ folder });
  }
  if (/Operation cancelled by user/i.test(output)) {
    throw new GradusError('cancelled', { message: 'pip was interrupted.' });
  }
  // Without a network pip ends with "No matching distribution", so the warnings before it decide.
  if (/timed out|timeout/i.test(output)) {
    return { kind: 'failed', failure: 'unreachable', reason: 'pip timed out waiting for its package index' };
  }
  const trouble = findLine(output, /connection|resolution|unreachable|getaddrinfo|proxy|ssl|not a trusted/i);
  if (trouble !== undefined) {
    return {
      kind: 'failed',
      failure: 'unreachable',
      reason: `pip cannot reach its package index: ${trouble}`,
    };
  }
  // The first error says what is wrong, later ones what follows from it; of a crash the last line says it.
  const first = findLine(output, /^ERROR: (?!Exception)/);
  const why = first ?? toLastLine(output);
  return { kind: 'failed', failure: 'refused', reason: `pip refused ${wheel.name} ${wheel.version}: ${why}` };
}

function findLine(output: string, wanted: RegExp): string | undefined {
  const line = output.split('\n').find((text) => wanted.test(text));
  return line === undefined ? undefined : toClause(line);
}

function toLastLine(output: string): string {
  return toClause(output.split('\n').findLast((text) => text.trim() !== '') ?? 'it said nothing');
}

/** Short, without the names of Python objects, and without passwords that an index address may hold. */
function toClause(line: string): string {
  return line
    .trim()
    .replace(/^(?:ERROR|WARNING): /, '')
    .replaceAll(/<[^>]{0,200} object at [^>]{0,40}>:? ?/g, '')
    .replaceAll(/\/\/[^\s/@]+@/g, '//***@')
    .slice(0, 300);
}

/** Reports the growing files, and ends the process by `stall` when they stop growing. */
function watchGrowth(options: {
  readonly folder: string;
  readonly limits: PullLimits;
  readonly clock: PullOptions['clock'];
  readonly onBytes: (bytes: number) => void;
  readonly stall: AbortController;
  readonly stop: AbortSignal;
}): AsyncDisposable {
  const { folder, limits, clock, stall } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, options.stop]);
  async function watch(): Promise<void> {
    let lastBytes = 0;
    let lastGrowthMs = clock.monotonicMs();
    while (!signal.aborted) {
      const bytes = await measureFolder(folder);
      const nowMs = clock.monotonicMs();
      if (bytes !== lastBytes) {
        lastBytes = bytes;
        lastGrowthMs = nowMs;
        options.onBytes(bytes);
      } else if (nowMs - lastGrowthMs > limits.idleTimeoutMs) stall.abort();
      await clock.sleep(limits.pollMs, signal).catch(() => undefined);
    }
  }
  const watching = watch();
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await watching;
    },
  };
}
