/** Brings the stock clients that only tests need, on first use and again when their list changes. Needs npm and pip. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = import.meta.dirname;
const pythonFolder = join(here, '../../.cache/python-clients');

const installLimitMs = 180_000;

/** After this, files in this folder can `import('ai')`. It stands in `test/clients/node_modules`. */
export async function installNodeClients(): Promise<void> {
  const stamp = join(here, 'node_modules', '.installed');
  await once(stamp, join(here, 'package-lock.json'), async () => {
    await run('npm', ['ci'], { cwd: here, timeout: installLimitMs });
  });
}

/** Installs the Python client and returns the environment in which `python3` finds it. */
export async function installPythonClients(): Promise<{ readonly PYTHONPATH: string }> {
  const list = join(here, 'requirements.txt');
  await once(join(pythonFolder, '.installed'), list, async () => {
    mkdirSync(pythonFolder, { recursive: true });
    const args = ['-m', 'pip', 'install', '--quiet', '--upgrade', '--target', pythonFolder, '-r', list];
    await run('python3', args, { timeout: installLimitMs });
  });
  return { PYTHONPATH: pythonFolder };
}

/** Runs `install` unless the stamp says that it ran for this very list. */
async function once(stamp: string, list: string, install: () => Promise<void>): Promise<void> {
  const wanted = createHash('sha256').update(readFileSync(list)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await install();
  writeFileSync(stamp, wanted);
}
