/**
 * The models folder: which weights lie there, where they came from, and their removal. Beside each file
 * `NAME.gguf` a small `NAME.gguf.json` says what was verified when it arrived.
 */
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import { toFileName, type Catalog } from './catalog.ts';
import type { CatalogEntry } from './catalog-schema.ts';
import { getFileBytes } from './disk.ts';
import { readGguf, type GgufDescription } from './gguf.ts';

export interface WeightsRecord {
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Where the bytes came from, for people. */
  readonly source: string;
  /** Who said what the sha256 must be: the catalog, the hub at the first pull, or nobody but the file. */
  readonly trust: 'catalog' | 'hub' | 'file';
  readonly licence?: string | undefined;
  readonly pulledAtMs: number;
}

export interface InstalledWeights {
  readonly fileName: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** The catalog's id for this file; undefined for a file that no entry names. */
  readonly id: string | undefined;
  /** Undefined for a file that was put there by hand and never verified. */
  readonly record: WeightsRecord | undefined;
  /** `damaged`: it has not the size that it had when it was verified. */
  readonly state: 'verified' | 'unverified' | 'damaged';
}

/** Everything that ends in `.gguf` in the folder, by name. A folder that does not exist is an empty one. */
export async function listInstalled(modelsFolder: string, catalog: Catalog): Promise<InstalledWeights[]> {
  const names = await readdir(modelsFolder).catch(() => []);
  const ids = new Map(catalog.entries.map((entry) => [toFileName(entry), entry.id]));
  const installed: InstalledWeights[] = [];
  for (const fileName of names.filter((name) => name.endsWith('.gguf')).sort()) {
    const found = await findFile(modelsFolder, fileName);
    if (found !== undefined) installed.push({ ...found, id: ids.get(fileName) ?? found.record?.id });
  }
  return installed;
}

/** The entry's file in the models folder, whatever its state. */
export async function findInstalled(
  modelsFolder: string,
  entry: CatalogEntry,
): Promise<InstalledWeights | undefined> {
  const found = await findFile(modelsFolder, toFileName(entry));
  return found === undefined ? undefined : { ...found, id: entry.id };
}

/**
 * The path to load a model from: its whole file in the models folder, or for an entry that names local
 * files only, the first of them that is there. Undefined when the model must be pulled first.
 */
export async function locateWeights(modelsFolder: string, entry: CatalogEntry): Promise<string | undefined> {
  const installed = await findInstalled(modelsFolder, entry);
  if (installed !== undefined && isUsable(installed, entry)) return installed.path;
  return findInPlace(entry);
}

/** Whether the file is what the entry names, as far as its record and its size tell. */
export function isUsable(installed: InstalledWeights, entry: CatalogEntry): boolean {
  if (installed.state !== 'verified') return false;
  return entry.sha256 === undefined || installed.record?.sha256 === entry.sha256;
}

/** The local file of an entry whose sources are files only; such weights are used where they lie. */
export async function findInPlace(entry: CatalogEntry): Promise<string | undefined> {
  for (const source of entry.sources) {
    if (source.kind !== 'file') return undefined;
    if ((await getFileBytes(source.path)) !== undefined) return source.path;
  }
  return undefined;
}

/** What is known of a model's file on this machine. Throws `not-found` when there is none. */
export async function showInstalled(
  modelsFolder: string,
  entry: CatalogEntry,
): Promise<{ readonly installed: InstalledWeights | undefined; readonly gguf: GgufDescription }> {
  const installed = await findInstalled(modelsFolder, entry);
  const path = installed?.path ?? (await findInPlace(entry));
  if (path === undefined) throw toNotInstalled(entry);
  return { installed, gguf: await readGguf(path) };
}

/**
 * Deletes the model's file, its record and what an unfinished pull left. Returns the bytes that were freed.
 * The sha256 that was pinned at the first pull stays, unless `forget`. Throws `not-found` when there is nothing.
 */
export async function removeInstalled(
  modelsFolder: string,
  entry: CatalogEntry,
  options: { readonly forget?: boolean } = {},
): Promise<number> {
  const installed = await findInstalled(modelsFolder, entry);
  const workFolder = toWorkFolder(modelsFolder, entry);
  const partial = await readdir(workFolder, { withFileTypes: true }).catch(() => undefined);
  if (installed === undefined && partial === undefined) throw toNotInstalled(entry);
  let freedBytes = installed?.sizeBytes ?? 0;
  for (const item of partial ?? []) {
    freedBytes += (await getFileBytes(join(workFolder, item.name))) ?? 0;
  }
  const path = join(modelsFolder, toFileName(entry));
  await rm(path, { force: true });
  await rm(toRecordPath(path), { force: true });
  await rm(workFolder, { recursive: true, force: true });
  if (options.forget === true) await rm(toPinPath(modelsFolder, entry), { force: true });
  return freedBytes;
}

/** Writes the record of a file, whole or not at all. */
export async function saveRecord(path: string, record: WeightsRecord): Promise<void> {
  await saveJson(toRecordPath(path), record);
}

/** The sha256 that a hub announced when a model without one in the catalog was pulled for the first time. */
export async function loadPin(modelsFolder: string, entry: CatalogEntry): Promise<string | undefined> {
  const pin = await loadJson(toPinPath(modelsFolder, entry), pinSchema);
  return pin?.sha256;
}

export async function savePin(modelsFolder: string, entry: CatalogEntry, sha256: string): Promise<void> {
  await saveJson(toPinPath(modelsFolder, entry), { sha256 });
}

/** Where the partial data of a pull lies. */
export function toWorkFolder(modelsFolder: string, entry: CatalogEntry): string {
  return join(modelsFolder, '.partial', entry.id);
}

const recordSchema: z.ZodType<WeightsRecord> = z.object({
  id: z.string(),
  sha256: z.string(),
  sizeBytes: z.number(),
  source: z.string(),
  trust: z.enum(['catalog', 'hub', 'file']),
  licence: z.string().optional(),
  pulledAtMs: z.number(),
});

const pinSchema: z.ZodType<{ readonly sha256: string }> = z.object({ sha256: z.string() });

async function findFile(
  modelsFolder: string,
  fileName: string,
): Promise<Omit<InstalledWeights, 'id'> | undefined> {
  const path = join(modelsFolder, fileName);
  const sizeBytes = await getFileBytes(path);
  if (sizeBytes === undefined) return undefined;
  const record = await loadJson(toRecordPath(path), recordSchema);
  const state = record === undefined ? 'unverified' : record.sizeBytes === sizeBytes ? 'verified' : 'damaged';
  return { fileName, path, sizeBytes, record, state };
}

function toRecordPath(path: string): string {
  return `${path}.json`;
}

function toPinPath(modelsFolder: string, entry: CatalogEntry): string {
  return join(modelsFolder, '.pins', `${entry.id}.json`);
}

/** A file that is missing or broken counts as not there: it only records, and can be made anew. */
async function loadJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function saveJson(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  try {
    await using file = await open(temporary, 'w');
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await rename(temporary, path);
}

function toNotInstalled(entry: CatalogEntry): GradusError {
  return new GradusError('not-found', { message: `The weights of ${entry.id} are not on this machine.` });
}
