/** A backup takes the workflows along: one that ran on the embedded store goes on on a Postgres server. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { durableTables, startDurable, type Workflow } from '../../src/runtime/dbos/durable.ts';
import { backup } from '../../src/store/backup/backup.ts';
import { restore } from '../../src/store/backup/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { createPgliteStoreMaker, createPostgresStoreMaker } from '../../src/testing/temporary-store.ts';

it('a workflow goes on after its last stored step in the store that it was restored into', async () => {
  await using folder = openTemporaryFolder();
  await using servers = await createPostgresStoreMaker();
  await using source = await createPgliteStoreMaker().open();
  await using target = await servers.open();
  const file = join(folder.path, 'backup');
  const options = { schemas: [durableTables], clock: createRealClock() };
  const reached = Promise.withResolvers<void>();
  let isRestored = false;
  let firstSteps = 0;
  const work: Workflow = async (scope) => {
    const value = await scope.step('first', () => Promise.resolve(++firstSteps));
    await scope.step('second', async () => {
      if (isRestored) return null;
      reached.resolve();
      return new Promise<null>((_resolve, reject) => {
        scope.signal.addEventListener('abort', () => reject(scope.signal.reason as Error));
      });
    });
    return value;
  };
  const start = (store: Store): ReturnType<typeof startDurable> =>
    startDurable({ pool: store.pool, applicationVersion: '1', executorId: 'old', workflows: { work } });

  {
    await using durable = await start(source);
    await durable.start('work', 'w', null);
    await reached.promise;
    await backup(source, file, options);
  }
  isRestored = true;
  await using durable = await start(target);
  await restore(target, file, options);
  assert.deepEqual(await durable.takeOver('old'), ['w']);
  assert.equal(await durable.result('w'), 1);
  assert.equal(firstSteps, 1);
});
