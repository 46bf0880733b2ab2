/**
 * A process that answers responses until it is killed, or until all have ended. It says on stdout each event
 * that a reader was shown, as JSON. Started by responses.test.ts.
 */
import { writeSync } from 'node:fs';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import { chatLevel } from '../../src/levels/l1-chat/l1-chat.ts';
import { createResponseWork } from '../../src/levels/registry.ts';
import { openResponseRuns } from '../../src/runtime/open-response-runs.ts';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import { createRealClock, createRealIds } from '../../src/testing/real-clock.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';
import { askFor, drillScript } from './responses-script.ts';

const [, , kind, place = '', canContinue, startIds = '', followIds = ''] = process.argv;
const clock = createRealClock();
await using store =
  kind === 'pglite'
    ? await openPgliteStore({ folder: place, clock, templateFolder: pgliteTemplate() })
    : await openPostgresStore({ url: place, clock });
const engine = createScriptedEngine({
  clock,
  script: drillScript,
  models: [{ id: 'scripted', capabilities: { continues: canContinue === 'continues' } }],
});
const work = createResponseWork({ engines: [engine], levels: [chatLevel], clock, ids: createRealIds() });
await using runs = await openResponseRuns({ store, clock, executorId: 'drill', work });

const starting = toList(startIds);
for (const id of starting) {
  await runs.start(askFor(id));
  say({ started: id });
}
say({ running: true });
await Promise.all([...starting, ...toList(followIds)].map(follow));
say({ over: true });

async function follow(id: string): Promise<void> {
  for await (const { sequence_number, event } of runs.events(id, -1, new AbortController().signal)) {
    say({ id, sequence_number, event });
  }
  say({ loaded: await runs.load(id) });
}

function say(value: unknown): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

function toList(text: string): readonly string[] {
  return text.split(',').filter((id) => id !== '');
}
