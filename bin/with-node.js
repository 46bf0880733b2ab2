/**
 * Runs a file of this repository on a Node that can (24.11 or newer), whatever Node started it:
 * `node bin/with-node.js FILE [ARGUMENT …]`. All npm scripts go through here, so that they work on machines
 * with an older Node, and do not depend on npm's link to the packaged one (docs/decisions/002).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const minNode = [24, 11];

/** Whether the Node that runs this file can run Gradus. */
export function isNodeNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > minNode[0] || (major === minNode[0] && minor >= minNode[1]);
}

/** Starts `file` in a child that shares the terminal, and ends as the child ends. */
export function runWithNode(file, args) {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `Gradus needs Node ${minNode.join('.')} or newer and found ${process.versions.node}. ` +
        `Run "npm install"; on a platform without a Node package (this is ${process.platform} ${process.arch}) ` +
        `install Node ${minNode[0]} yourself.`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, [file, ...args], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides when to end, and this process ends with it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }[signal] ?? 1;
  });
}

/** The packaged Node first: it is the one that the tests ran on. */
function findNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const program = platform === 'win' ? 'node.exe' : 'node';
  const packaged = new URL(
    `../node_modules/node-${platform}-${process.arch}/bin/${program}`,
    import.meta.url,
  );
  if (existsSync(packaged)) return fileURLToPath(packaged);
  return isNodeNewEnough() ? process.execPath : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) {
    console.error('usage: node bin/with-node.js FILE [ARGUMENT …]');
    process.exitCode = 2;
  } else runWithNode(file, args);
}
