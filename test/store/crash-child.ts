/**
 * Writes events, items and reservations as fast as it can, and prints a line for each write that was
 * acknowledged, until it is killed. Started by crash.test.ts.
 */
import { writeSync } from 'node:fs';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';

const [, , kind, place = '', responseId = ''] = process.argv;
const clock = createRealClock();
const store =
  kind === 'pglite'
    ? await openPgliteStore({ folder: place, clock, templateFolder: pgliteTemplate() })
    : await openPostgresStore({ url: place, clock });
const amounts = { tokens: 1, durationMs: 0, calls: 1, microUsd: 0 };

let next = await store.events.nextSequenceNumber(responseId);
writeSync(1, `open ${next}\n`);
// Three writers at once, so that a kill meets transactions in every state.
await Promise.all([writeEvents(), writeItems(), spend()]);

async function writeEvents(): Promise<void> {
  for (;;) {
    const batch = Array.from({ length: 1 + (next % 4) }, (_, n) => ({
      type: 'e',
      payload: { n: next + n, text: 'x'.repeat(200) },
    }));
    const outcome = await store.events.append(responseId, next, batch, 1);
    if (outcome.kind !== 'appended') throw new Error(`append: ${JSON.stringify(outcome)}`);
    next = outcome.nextSequenceNumber;
    writeSync(1, `event ${next}\n`);
  }
}

async function writeItems(): Promise<void> {
  for (;;) {
    const id = `i${process.pid}_${performance.now()}`;
    const position = await store.items.append(responseId, [{ id, direction: 'output', item: { id } }], 1);
    writeSync(1, `item ${position} ${id}\n`);
  }
}

async function spend(): Promise<void> {
  for (let step = 0; ; step++) {
    const id = `${process.pid}/${step}`;
    const outcome = await store.budgets.reserve(id, ['run', 'key'], amounts, 1);
    if (outcome.kind === 'exceeded') return;
    await store.budgets.settle(id, amounts);
    writeSync(1, `spent ${id}\n`);
  }
}
