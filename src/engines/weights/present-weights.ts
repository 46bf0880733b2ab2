/** Finds out whether a pull has anything to do: weights that lie here already, verified or by hand. */
import { GradusError } from '../../kernel/errors.ts';
import { hashFile } from './disk.ts';
import { readGguf } from './gguf.ts';
import { findInPlace, findInstalled, isUsable, saveRecord } from './local.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { PulledWeights, PullOptions } from './pull-task.ts';

/**
 * The weights when they are here already; a file that was put there by hand is verified once. Throws
 * `conflict` when such a file has other bytes than the catalog names.
 */
export async function findPresent(
  options: PullOptions,
  meter: ProgressMeter,
): Promise<PulledWeights | undefined> {
  const { entry, modelsFolder } = options;
  const installed = await findInstalled(modelsFolder, entry);
  if (installed === undefined) {
    const path = options.fromFile === undefined ? await findInPlace(entry) : undefined;
    if (path === undefined) return undefined;
    return await describeInPlace(path, options, meter);
  }
  const { path, sizeBytes, record } = installed;
  if (isUsable(installed, entry)) {
    meter.start('done', path, sizeBytes);
    const { sha256, source } = record ?? { sha256: undefined, source: 'unknown' };
    return { path, sha256, sizeBytes, source, fresh: false, notes: [] };
  }
  // What Gradus itself brought may be replaced; what a person put there may not.
  if (record !== undefined) return undefined;
  meter.start('verifying', path);
  const sha256 = await hashFile(path, {
    signal: options.signal,
    onBytes: (bytes) => meter.update(bytes, sizeBytes),
  });
  if (entry.sha256 !== undefined && sha256 !== entry.sha256) {
    throw new GradusError('conflict', {
      message: `The file ${path} is not ${entry.id}: its sha256 is ${sha256}. Move it away, or remove it with "gradus models remove ${entry.id}".`,
    });
  }
  if (entry.sha256 === undefined) await readGguf(path);
  const source = 'a file put there by hand';
  const trust = entry.sha256 === undefined ? 'file' : 'catalog';
  const { id, licence } = entry;
  const pulledAtMs = options.clock.nowMs();
  await saveRecord(path, { id, sha256, sizeBytes, source, trust, licence, pulledAtMs });
  meter.start('done', path, sizeBytes);
  return { path, sha256, sizeBytes, source, fresh: false, notes: [] };
}

async function describeInPlace(
  path: string,
  options: PullOptions,
  meter: ProgressMeter,
): Promise<PulledWeights> {
  const { fileBytes: sizeBytes } = await readGguf(path);
  const wanted = options.entry.sha256;
  let sha256: string | undefined;
  if (wanted !== undefined) {
    meter.start('verifying', path);
    const onBytes = (bytes: number): void => meter.update(bytes, sizeBytes);
    sha256 = await hashFile(path, { signal: options.signal, onBytes });
    if (sha256 !== wanted) {
      const message = `The file ${path} has the sha256 ${sha256} instead of ${wanted}.`;
      throw new GradusError('weights-hash-mismatch', { message });
    }
  }
  meter.start('done', path, sizeBytes);
  return { path, sha256, sizeBytes, source: `the file ${path}, in place`, fresh: false, notes: [] };
}
