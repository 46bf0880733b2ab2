/** Prints how much disk `npm install` takes, the largest packages first; fails above the limit that we promise. */
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const limitMiB = 350;

const { values } = parseArgs({ options: { rows: { type: 'string', default: '25' } } });
const sizes = listPackages('node_modules')
  .map((name) => ({ name, blocks: countBlocks(join('node_modules', name)) }))
  .sort((a, b) => b.blocks - a.blocks);
const rows = sizes.slice(0, Number(values.rows));
const rest = sizes.slice(rows.length);

for (const { name, blocks } of rows) console.log(`${toMiB(blocks).padStart(7)} MiB  ${name}`);
console.log(`${toMiB(sum(rest)).padStart(7)} MiB  ${rest.length} more packages`);
console.log(`${toMiB(sum(sizes)).padStart(7)} MiB  in all (limit ${limitMiB})`);
process.exitCode = sizes.length > 0 && sum(sizes) / 2048 <= limitMiB ? 0 : 1;

function listPackages(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

/** Disk blocks of 512 bytes, as `du` counts them: many small files take more than their bytes. */
function countBlocks(path: string): number {
  const stats = lstatSync(path);
  const own = stats.blocks;
  if (!stats.isDirectory()) return own;
  return readdirSync(path).reduce((total, name) => total + countBlocks(join(path, name)), own);
}

function sum(entries: readonly { readonly blocks: number }[]): number {
  return entries.reduce((total, entry) => total + entry.blocks, 0);
}

function toMiB(blocks: number): string {
  return (blocks / 2048).toFixed(1);
}
