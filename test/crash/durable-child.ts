/**
 * A process that runs workflows until it is killed, or until all of them have ended. Each execution of a
 * step leaves a line in a file. Started by durable.test.ts.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { JsonValue } from '../../src/kernel/json.ts';
import { startDurable, type WorkflowScope } from '../../src/runtime/dbos/durable.ts';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';

const [, , kind, place = '', log = '', newCount, lastLife] = process.argv;
const clock = createRealClock();
const store =
  kind === 'pglite'
    ? await openPgliteStore({ folder: place, clock, templateFolder: pgliteTemplate() })
    : await openPostgresStore({ url: place, clock });

const durable = await startDurable({
  pool: store.pool,
  applicationVersion: 'drill',
  executorId: 'drill',
  workflows: {
    async whole(scope) {
      const before = await runSteps(scope, 0, 4);
      await scope.sleep(40);
      await scope.startChild('part', `${scope.id}-part`, null);
      const after = await runSteps(scope, 4, 7);
      return [...before, await scope.resultOf(`${scope.id}-part`), ...after];
    },
    part: (scope) => runSteps(scope, 0, 3),
  },
});

async function runSteps(scope: WorkflowScope, from: number, to: number): Promise<JsonValue[]> {
  const values: JsonValue[] = [];
  for (let number = from; number < to; number++) {
    const value = await scope.step(`step ${number}`, async () => {
      const chance = Math.random();
      appendFileSync(log, `${JSON.stringify({ id: scope.id, number, chance })}\n`);
      await wait(10);
      return chance;
    });
    values.push(value);
  }
  return values;
}

const ids = (process.argv[7] ?? '').split(',').filter((id) => id !== '');
for (let n = 0; n < Number(newCount); n++) {
  const id = `w${process.pid}-${n}`;
  await durable.start('whole', id, null);
  writeSync(1, `started ${id}\n`);
}
writeSync(1, 'running\n');
if (lastLife === 'last') {
  for (const id of ids) writeSync(1, `result ${id} ${JSON.stringify(await durable.result(id))}\n`);
  await durable[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
}
