/** Inserts rows one by one and prints how often fsync was called meanwhile. Started by pglite.test.ts. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

let calls = 0;
const original = fs.fsyncSync;
fs.fsyncSync = (descriptor) => {
  calls += 1;
  original(descriptor);
};
syncBuiltinESMExports();

const { PGlite } = await import('@electric-sql/pglite');
const { NodeFS } = await import('@electric-sql/pglite/nodefs');
const { DurableNodeFS, durableStartParameters } =
  await import('../../src/store/pglite/durable-file-system.ts');

const [, , folder = '', fileSystem, rowCount] = process.argv;
const database = await PGlite.create({
  fs: fileSystem === 'durable' ? new DurableNodeFS(folder) : new NodeFS(folder),
  startParams: [...durableStartParameters],
});
await database.exec('CREATE TABLE IF NOT EXISTS t (a int)');
const before = calls;
for (let i = 0; i < Number(rowCount); i++) await database.query('INSERT INTO t VALUES ($1)', [i]);
process.stdout.write(`${calls - before}\n`);
await database.close();
