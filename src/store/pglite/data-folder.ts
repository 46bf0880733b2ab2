/**
 * Makes the database's folder. Making one takes seconds and a gigabyte of memory for a moment, and may be
 * interrupted; so a process of its own makes it under another name, and it is renamed when it is whole.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GradusError } from '../../kernel/errors.ts';

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
    await runMaker(unfinished);
    if (templateFolder !== undefined) keepTemplate(unfinished, templateFolder);
  }
  syncTree(unfinished);
  renameSync(unfinished, folder);
  syncPath(dirname(folder));
}

async function runMaker(folder: string): Promise<void> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./make-database/main.${ending}`, import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const [code]: unknown[] = await once(child, 'close');
  if (code === 0) return;
  throw new GradusError(/ENOSPC|No space left/.test(complaints) ? 'disk-full' : 'database-unavailable', {
    message: `The database could not be made in ${folder}: ${complaints.slice(-500)}`,
  });
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
