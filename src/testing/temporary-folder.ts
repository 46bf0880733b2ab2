/** A folder that lives as long as one test. */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Use with `await using`. The name carries the process id, so that leftovers are told apart. */
export function openTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), folderPrefix()));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
    },
  };
}

/** The temporary folders of this process that still exist. */
export function listTemporaryFolders(): readonly string[] {
  const parent = tmpdir();
  if (!existsSync(parent)) return [];
  return readdirSync(parent).filter((name) => name.startsWith(folderPrefix()));
}

function folderPrefix(): string {
  return `gradus-test-${process.pid}-`;
}
