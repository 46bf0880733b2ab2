/** The last steps of a pull: a delivered file is verified, recorded and given its name, or thrown away. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toFileName } from './catalog.ts';
import { getFileBytes, hashFile, syncFolder, syncToDisk } from './disk.ts';
import { readGguf } from './gguf.ts';
import { savePin, saveRecord } from './local.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { PulledWeights, SourceOutcome, SourceTask } from './pull-task.ts';

/** Verifies what a source delivered and gives it its name; other bytes than wanted are deleted. */
export async function acceptWeights(
  delivered: Extract<SourceOutcome, { kind: 'delivered' }>,
  source: string,
  task: SourceTask,
  meter: ProgressMeter,
): Promise<Omit<PulledWeights, 'notes'> | Extract<SourceOutcome, { kind: 'failed' }>> {
  const { options, signal, workFolder } = task;
  const { entry, modelsFolder } = options;
  meter.start('verifying', source);
  const totalBytes = (await getFileBytes(delivered.path)) ?? 0;
  const sha256 = await hashFile(delivered.path, {
    signal,
    onBytes: (bytes) => meter.update(bytes, totalBytes),
  });
  const wanted = task.expectedSha256 ?? delivered.announcedSha256;
  if (wanted !== undefined && sha256 !== wanted) {
    // All of it: what lies beside may be the journal of the wrong file.
    await rm(workFolder, { recursive: true, force: true });
    await mkdir(workFolder, { recursive: true });
    const reason = `what it delivered has the sha256 ${sha256} instead of ${wanted}, and was deleted`;
    return { kind: 'failed', failure: 'mismatch', reason };
  }
  if (entry.sha256 === undefined) await requireModel(delivered.path);
  const trust = entry.sha256 !== undefined ? 'catalog' : wanted !== undefined ? 'hub' : 'file';
  if (trust === 'hub' && task.expectedSha256 === undefined) {
    await savePin(modelsFolder, entry, sha256);
    task.note(
      `The catalog names no sha256 of ${entry.id}; the one that the hub announced is pinned: ${sha256}.`,
    );
  }
  await syncToDisk(delivered.path);
  signal.throwIfAborted();
  const path = join(modelsFolder, toFileName(entry));
  // The record first: should the machine stop here, it describes no file, which is harmless.
  const { id, licence } = entry;
  const pulledAtMs = options.clock.nowMs();
  await saveRecord(path, { id, sha256, sizeBytes: totalBytes, source, trust, licence, pulledAtMs });
  await rename(delivered.path, path);
  await syncFolder(modelsFolder);
  await rm(workFolder, { recursive: true, force: true });
  meter.start('done', source, totalBytes);
  return { path, sha256, sizeBytes: totalBytes, source, fresh: true };
}

/** Without a sha256 in the catalog the file must at least be a model; one that is none is not kept. */
async function requireModel(path: string): Promise<void> {
  try {
    await readGguf(path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
