#!/usr/bin/env node
/**
 * The `gradus` command. Sources run as they are, which needs Node 24.11 or newer; under an older Node it
 * hands over to the one that `npm install` put beside it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const main = new URL('../src/app/main.ts', import.meta.url);
const packagedNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (major > 24 || (major === 24 && minor >= 11)) {
  await import(main.href);
} else if (existsSync(packagedNode)) {
  const child = spawn(packagedNode, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides when to end, and this process ends with it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(`gradus: cannot start ${packagedNode}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
} else {
  console.error(
    `gradus: needs Node 24.11 or newer, found ${process.versions.node}; run "npm install" or install Node 24.`,
  );
  process.exitCode = 1;
}
