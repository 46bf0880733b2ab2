#!/usr/bin/env node
/** The `gradus` command: the program itself where Node is new enough, else a child on the packaged Node. */
import { fileURLToPath } from 'node:url';
import { isNodeNewEnough, runWithNode } from './with-node.js';

const main = new URL('../src/app/main.ts', import.meta.url);

if (isNodeNewEnough()) await import(main.href);
else runWithNode(fileURLToPath(main), process.argv.slice(2));
