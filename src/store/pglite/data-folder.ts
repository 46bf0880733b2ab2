/**
 * Makes the database's folder. Making one takes seconds and a gigabyte of memory for a moment, and may be
 * interrupted; so it is made under another name by a thread that ends, and renamed when it is whole.
 */
import { closeSync, cpSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Engine } from './engine.ts';

export interface DataFolderOptions {
  readonly folder: string;
  /** A folder to keep a copy of a new, empty database in, so that the next one is a copy and made at once. */
  readonly templateFolder?: string;
}

/** Makes sure that `folder` holds a database. The caller holds the lock. */
export async function createDataFolder(options: DataFolderOptions): Promise<void> {
  const { folder, templateFolder } = options;
  if (existsSync(join(folder, 'PG_VERSION'))) return;
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  if (templateFolder !== undefined && existsSync(join(templateFolder, 'PG_VERSION'))) {
    cpSync(templateFolder, unfinished, { recursive: true });
  } else {
    await (await Engine.open(unfinished))[Symbol.asyncDispose]();
    if (templateFolder !== undefined) keepTemplate(unfinished, templateFolder);
  }
  syncTree(unfinished);
  renameSync(unfinished, folder);
  syncPath(dirname(folder));
}

function keepTemplate(source: string, templateFolder: string): void {
  const unfinished = `${templateFolder}.${process.pid}`;
  cpSync(source, unfinished, { recursive: true });
  try {
    renameSync(unfinished, templateFolder);
  } catch (error) {
    // Somebody else made the same template meanwhile; theirs is as good.
    rmSync(unfinished, { recursive: true });
    if (!existsSync(templateFolder)) throw error;
  }
}

function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() || entry.isDirectory()) syncPath(join(entry.parentPath, entry.name));
  }
  syncPath(folder);
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
