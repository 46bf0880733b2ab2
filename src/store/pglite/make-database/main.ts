/** A program: makes an empty database in the folder that its argument names. See ../data-folder.ts for why. */
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

const folder = process.argv[2];
if (folder === undefined) throw new Error('expected a folder');
const database = await PGlite.create({ fs: new NodeFS(folder) });
await database.close();
