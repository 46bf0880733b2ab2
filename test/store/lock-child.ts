/** Opens the embedded store in a folder, says so, and holds it until it is killed. Started by pglite.test.ts. */
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';

await openPgliteStore({
  folder: process.argv[2] ?? '',
  clock: createRealClock(),
  templateFolder: pgliteTemplate(),
});
process.stdout.write('open\n');
setInterval(() => undefined, 1000);
