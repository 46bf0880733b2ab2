/** The event log: one gap-free sequence, whatever writers do. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Store } from '../../../src/store/store.ts';
import { newResponse, type StoreCases } from './cases.ts';

export const eventCases: StoreCases = {
  'events are numbered from 0 in the order of writing and read from any number': async (store) => {
    const id = await createResponse(store);
    const first = [0, 1, 2].map((n) => ({ type: `t${n}`, payload: { n, text: 'half \ud800 NUL \0' } }));
    assert.deepEqual(await store.events.append(id, 0, first, 5), { kind: 'appended', nextSequenceNumber: 3 });
    assert.deepEqual(await store.events.append(id, 3, [{ type: 't3', payload: { n: 3 } }], 6), {
      kind: 'appended',
      nextSequenceNumber: 4,
    });
    assert.deepEqual(await store.events.read(id, 2, 10), [
      { sequenceNumber: 2, type: 't2', payload: { n: 2, text: 'half \ud800 NUL \0' }, createdAtMs: 5 },
      { sequenceNumber: 3, type: 't3', payload: { n: 3 }, createdAtMs: 6 },
    ]);
    assert.deepEqual(
      (await store.events.read(id, 0, 2)).map((event) => event.sequenceNumber),
      [0, 1],
    );
    assert.deepEqual(await store.events.read(id, 4, 10), []);
    assert.equal(await store.events.nextSequenceNumber(id), 4);
    await assert.rejects(store.events.read(id, 0, 0), { code: 'invalid-request' });
  },

  'a writer that does not know the next number is told it, and nothing is written': async (store) => {
    const id = await createResponse(store);
    const batch = [{ type: 'a', payload: {} }];
    assert.deepEqual(await store.events.append(id, 1, batch, 1), { kind: 'conflict', nextSequenceNumber: 0 });
    await store.events.append(id, 0, batch, 1);
    assert.deepEqual(await store.events.append(id, 0, batch, 1), { kind: 'conflict', nextSequenceNumber: 1 });
    assert.deepEqual(await store.events.append(id, 5, batch, 1), { kind: 'conflict', nextSequenceNumber: 1 });
    assert.deepEqual(await store.events.append(id, 1, [], 1), { kind: 'appended', nextSequenceNumber: 1 });
    assert.equal((await store.events.read(id, 0, 10)).length, 1);
    assert.deepEqual(await store.events.append('resp_none', 0, batch, 1), { kind: 'not-found' });
    assert.equal(await store.events.nextSequenceNumber('resp_none'), 0);
  },

  'of writers that append at the same number exactly one gets through, with its whole batch': async (
    store,
  ) => {
    const id = await createResponse(store);
    const outcomes = await Promise.all(
      Array.from({ length: 15 }, (_, writer) =>
        store.events.append(
          id,
          0,
          Array.from({ length: 1 + (writer % 4) }, () => ({ type: `w${writer}`, payload: {} })),
          1,
        ),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome.kind === 'appended').length, 1);
    const types = new Set((await store.events.read(id, 0, 100)).map((event) => event.type));
    assert.equal(types.size, 1);
  },

  'any interleaving of writers and readers gives one gap-free sequence': async (store) => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('append' as const),
        writer: fc.nat(2),
        count: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ kind: fc.constant('read' as const), from: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        const id = await createResponse(store);
        const written: string[] = [];
        const known = [0, 0, 0];
        await Promise.all(
          steps.map(async (action, index) => {
            if (action.kind === 'read') {
              const events = await store.events.read(id, action.from, 100);
              assert.deepEqual(
                events.map((event) => event.sequenceNumber),
                events.map((_, place) => action.from + place),
              );
              return;
            }
            const batch = Array.from({ length: action.count }, (_, n) => ({
              type: `${index}.${n}`,
              payload: {},
            }));
            const outcome = await store.events.append(id, known[action.writer] ?? 0, batch, 1);
            if (outcome.kind !== 'not-found') known[action.writer] = outcome.nextSequenceNumber;
            if (outcome.kind === 'appended') written.push(...batch.map((event) => event.type));
          }),
        );
        const log = await store.events.read(id, 0, 1000);
        assert.deepEqual(
          log.map((event) => event.sequenceNumber),
          log.map((_, place) => place),
        );
        // Everything that was said to be written is there once, and batches are in one piece.
        assert.deepEqual(log.map((event) => event.type).sort(), written.sort());
        for (const [place, event] of log.entries()) {
          const [writer, part] = event.type.split('.');
          if (part !== '0') assert.equal(log[place - 1]?.type, `${writer}.${Number(part) - 1}`);
        }
      }),
      { seed: 6, numRuns: 30 },
    );
  },
};

async function createResponse(store: Store): Promise<string> {
  const row = newResponse();
  await store.responses.create(row);
  return row.id;
}
