/** What the api may count on of responses: replay, live streams, cancel, delete, repetition, hand-over; on PGlite. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import { chatLevel } from '../../src/levels/l1-chat/l1-chat.ts';
import { createResponseWork } from '../../src/levels/registry.ts';
import { openResponseRuns } from '../../src/runtime/open-response-runs.ts';
import type { NumberedEvent, ResponseRuns } from '../../src/runtime/response-runs.ts';
import type { Store } from '../../src/store/store.ts';
import { createRealClock, createRealIds } from '../../src/testing/real-clock.ts';
import { createPgliteStoreMaker } from '../../src/testing/temporary-store.ts';
import { askFor, drillScript, drillText } from './responses-script.ts';

const clock = createRealClock();
const ids = createRealIds();
const page = { limit: 10, order: 'asc' } as const;
const never = new AbortController().signal;

function openRuns(store: Store): Promise<ResponseRuns> {
  const engines = [createScriptedEngine({ clock, script: drillScript })];
  const work = createResponseWork({ engines, levels: [chatLevel], clock, ids });
  return openResponseRuns({ store, clock, executorId: 'test', work });
}

async function collect(events: AsyncIterable<NumberedEvent>, limit = Infinity): Promise<NumberedEvent[]> {
  const found: NumberedEvent[] = [];
  for await (const event of events) if (found.push(event) >= limit) break;
  return found;
}

describe('responses', { timeout: 120_000 }, () => {
  let store: Store;
  let runs: ResponseRuns;
  before(async () => {
    store = await createPgliteStoreMaker().open();
    runs = await openRuns(store);
  });
  after(async () => {
    await runs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  it('stream at once, and give the same events again from any number', async () => {
    const id = ids.create('resp');
    const started = await runs.start(askFor(id));
    assert.equal(started.status, 'in_progress');
    const live = await collect(runs.events(id, -1, never));
    assert.deepEqual(
      live.map((event) => event.sequence_number),
      live.map((_, i) => i),
    );
    assert.equal(live.at(-1)?.event.type, 'response.completed');
    assert.deepEqual(await collect(runs.events(id, -1, never)), live);
    assert.deepEqual(await collect(runs.events(id, 29, never)), live.slice(30));
    assert.deepEqual(await collect(runs.events(id, 10_000, never)), []);
    const loaded = await runs.load(id);
    assert.equal(loaded?.status, 'completed');
    assert.deepEqual(loaded.request, askFor(id).request);
    assert.deepEqual(
      loaded.output.flatMap((item) => (item.type === 'message' ? item.content : [])),
      [{ type: 'output_text', text: drillText, annotations: [], logprobs: [] }],
    );
    assert.deepEqual((await runs.inputItems(id, page)).data, [
      {
        type: 'message',
        id: `msg_in_${id}`,
        status: 'completed',
        role: 'user',
        content: [{ type: 'input_text', text: 'go' }],
      },
    ]);
  });

  it('are cancelled within 200 ms and keep what they had; a second cancel changes nothing', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    await collect(runs.events(id, -1, never), 10);
    const beganMs = performance.now();
    const cancelled = await runs.cancel(id);
    assert.ok(performance.now() - beganMs < 200);
    assert.equal(cancelled?.status, 'cancelled');
    assert.equal(cancelled.output.length, 1);
    assert.deepEqual(await runs.cancel(id), cancelled);
    assert.equal((await collect(runs.events(id, -1, never))).at(-1)?.event.type, 'response.cancelled');
  });

  it('are cancelled also before their first word, and in the background', async () => {
    for (const background of [false, true]) {
      const id = ids.create('resp');
      const started = await runs.start(askFor(id, { background }));
      assert.equal(started.status, background ? 'queued' : 'in_progress');
      assert.equal((await runs.cancel(id))?.status, 'cancelled');
    }
  });

  it('in the background say that they wait, then go on to their end', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id, { background: true }));
    const events = await collect(runs.events(id, -1, never));
    assert.deepEqual(
      events.slice(0, 3).map(({ event }) => event.type),
      ['response.created', 'response.queued', 'response.in_progress'],
    );
    assert.equal((await runs.load(id))?.status, 'completed');
  });

  it('are started once for one idempotency key, and refused for another request', async () => {
    const [first, second, third] = [ids.create('resp'), ids.create('resp'), ids.create('resp')];
    const idempotencyKey = 'k1';
    await runs.start(askFor(first, { idempotencyKey }));
    const again = await runs.start(askFor(second, { idempotencyKey }));
    assert.equal(again.id, first);
    assert.equal(await runs.load(second), undefined);
    const other = { ...askFor(third, { idempotencyKey }), background: true };
    await assert.rejects(runs.start(other), { code: 'conflict' });
    await assert.rejects(collect(runs.events(third, -1, never)), { code: 'not-found' });
    await runs.cancel(first);
  });

  it('refuse an id that is taken, while it runs and after', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    await assert.rejects(runs.start(askFor(id)), { code: 'conflict' });
    await collect(runs.events(id, -1, never));
    await assert.rejects(runs.start(askFor(id)), { code: 'conflict' });
    assert.equal((await runs.load(id))?.status, 'completed');
  });

  it('are gone when they are deleted, also while they run', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    await collect(runs.events(id, -1, never), 10);
    assert.equal(await runs.delete(id), true);
    assert.equal(await runs.delete(id), false);
    assert.equal(await runs.load(id), undefined);
    assert.equal(await runs.cancel(id), undefined);
    for (const table of ['workflow_status', 'operation_outputs']) {
      const left = await store.pool.query(`SELECT 1 FROM dbos.${table} WHERE workflow_uuid = $1`, [id]);
      assert.equal(left.rows.length, 0, table);
    }
    await assert.rejects(collect(runs.events(id, -1, never)), { code: 'not-found' });
  });

  it('fail with the code of what was thrown', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id, { served: 'nobody' }));
    const last = (await collect(runs.events(id, -1, never))).at(-1)?.event;
    assert.equal(last?.type, 'response.failed');
    assert.equal((await runs.load(id))?.error?.code, 'model-not-found');
  });

  it('add what was asked and answered to their conversation, once', async () => {
    const conversationId = ids.create('conv');
    await store.conversations.create({ id: conversationId, keyId: null, metadata: {}, createdAtMs: 1 });
    const id = ids.create('resp');
    await runs.start(askFor(id, { conversationId }));
    await collect(runs.events(id, -1, never));
    const items = await store.items.list(conversationId, page);
    assert.deepEqual(
      items.data.map((item) => item.direction),
      ['input', 'output'],
    );
    const listed = await runs.list({ conversationId }, page);
    assert.deepEqual(
      listed.data.map((response) => response.id),
      [id],
    );
  });

  it('are handed back when the process stops, and end in the next one as if nothing had been', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    const before = await collect(runs.events(id, -1, never), 20);
    const open = collect(runs.events(id, 10, never));
    const beganMs = performance.now();
    await runs[Symbol.asyncDispose]();
    assert.ok(performance.now() - beganMs < 1000);
    assert.ok((await open).every(({ event }) => event.type === 'response.output_text.delta'));
    assert.equal((await store.responses.load(id))?.status, 'in_progress');
    runs = await openRuns(store);
    const all = await collect(runs.events(id, -1, never));
    assert.deepEqual(all.slice(0, 20), before);
    assert.equal(all.map(({ event }) => ('delta' in event ? event.delta : '')).join(''), drillText);
    assert.equal((await runs.load(id))?.status, 'completed');
  });

  it('are taken up when the process ended between storing the row and starting the workflow', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    await collect(runs.events(id, -1, never), 12);
    await runs[Symbol.asyncDispose]();
    await store.pool.query('DELETE FROM dbos.workflow_status WHERE workflow_uuid = $1', [id]);
    runs = await openRuns(store);
    const all = await collect(runs.events(id, -1, never));
    assert.equal(all.map(({ event }) => ('delta' in event ? event.delta : '')).join(''), drillText);
  });

  it('that another machine was asked to cancel and never ended are ended at the next start', async () => {
    const id = ids.create('resp');
    await runs.start(askFor(id));
    await collect(runs.events(id, -1, never), 12);
    await runs[Symbol.asyncDispose]();
    await store.pool.query("UPDATE dbos.workflow_status SET status = 'CANCELLED' WHERE workflow_uuid = $1", [
      id,
    ]);
    runs = await openRuns(store);
    const all = await collect(runs.events(id, -1, never));
    assert.equal(all.at(-1)?.event.type, 'response.cancelled');
    assert.equal((await runs.load(id))?.status, 'cancelled');
  });
});
