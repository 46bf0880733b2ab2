/** Budgets: what is spent and reserved never is above a limit, at any moment, for any number of callers. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Amounts, Limits } from '../../../src/store/store.ts';
import { ids, type StoreCases } from './cases.ts';

const none: Amounts = { tokens: 0, durationMs: 0, calls: 0, microUsd: 0 };
const noLimits: Limits = { tokens: null, durationMs: null, calls: null, microUsd: null };

export const budgetCases: StoreCases = {
  'a reservation counts at once and becomes spending when it is settled': async (store) => {
    const id = ids.create('run');
    await store.budgets.setLimits(id, { ...noLimits, tokens: 100 });
    assert.deepEqual(await store.budgets.reserve(`${id}/1`, [id], { ...none, tokens: 60, calls: 1 }, 1), {
      kind: 'reserved',
    });
    assert.deepEqual((await store.budgets.load(id))?.reserved, { ...none, tokens: 60, calls: 1 });
    assert.deepEqual(await store.budgets.reserve(`${id}/2`, [id], { ...none, tokens: 41 }, 1), {
      kind: 'exceeded',
      budgetId: id,
      unit: 'tokens',
    });
    await store.budgets.settle(`${id}/1`, { ...none, tokens: 25, calls: 1 });
    assert.deepEqual(await store.budgets.load(id), {
      id,
      limits: { ...noLimits, tokens: 100 },
      spent: { ...none, tokens: 25, calls: 1 },
      reserved: none,
    });
    assert.equal((await store.budgets.reserve(`${id}/2`, [id], { ...none, tokens: 75 }, 1)).kind, 'reserved');
  },

  'the same step reserves once and settles once, however often it is run': async (store) => {
    const id = ids.create('run');
    await store.budgets.setLimits(id, { ...noLimits, calls: 3 });
    const amounts = { ...none, calls: 2 };
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await store.budgets.reserve(`${id}/1`, [id], amounts, 1), { kind: 'reserved' });
    }
    for (let i = 0; i < 3; i++) await store.budgets.settle(`${id}/1`, amounts);
    const budget = await store.budgets.load(id);
    assert.deepEqual([budget?.spent, budget?.reserved], [amounts, none]);
    await store.budgets.settle('nothing-of-that-name', none);
  },

  'reserving from several budgets is all or nothing': async (store) => {
    const run = ids.create('run');
    const key = ids.create('key');
    await store.budgets.setLimits(run, { ...noLimits, microUsd: 10 });
    await store.budgets.setLimits(key, { ...noLimits, microUsd: 5 });
    assert.deepEqual(await store.budgets.reserve(`${run}/1`, [run, key], { ...none, microUsd: 6 }, 1), {
      kind: 'exceeded',
      budgetId: key,
      unit: 'microUsd',
    });
    assert.deepEqual(await store.budgets.reserve(`${run}/1`, [run, 'no-such'], { ...none, microUsd: 1 }, 1), {
      kind: 'not-found',
      budgetId: 'no-such',
    });
    assert.deepEqual((await store.budgets.load(run))?.reserved, none);
    assert.equal(
      (await store.budgets.reserve(`${run}/1`, [run, key], { ...none, microUsd: 5 }, 1)).kind,
      'reserved',
    );
  },

  'spending above the reservation is a bug that is thrown, and the limit holds all the same': async (
    store,
  ) => {
    const id = ids.create('run');
    await store.budgets.setLimits(id, { ...noLimits, tokens: 10 });
    await store.budgets.reserve(`${id}/1`, [id], { ...none, tokens: 10 }, 1);
    await assert.rejects(store.budgets.settle(`${id}/1`, { ...none, tokens: 11 }), { code: 'internal' });
    assert.deepEqual((await store.budgets.load(id))?.spent, { ...none, tokens: 10 });
    await assert.rejects(store.budgets.reserve(`${id}/2`, [id], { ...none, tokens: -1 }, 1), {
      code: 'internal',
    });
  },

  'closing a run gives back what it still held and keeps what it spent': async (store) => {
    const key = ids.create('key');
    const run = ids.create('run');
    await store.budgets.setLimits(key, noLimits);
    await store.budgets.reserve(`${run}/1`, [key], { ...none, tokens: 3 }, 1);
    await store.budgets.reserve(`${run}/2`, [key], { ...none, tokens: 4 }, 1);
    await store.budgets.reserve(`${run}x/1`, [key], { ...none, tokens: 5 }, 1);
    await store.budgets.settle(`${run}/1`, { ...none, tokens: 2 });
    assert.equal(await store.budgets.close(`${run}/`), 1);
    const budget = await store.budgets.load(key);
    assert.deepEqual([budget?.spent.tokens, budget?.reserved.tokens], [2, 5]);
    assert.equal(await store.budgets.close(`${run}/`), 0);
  },

  'a limit may be set below what is used, and stops what comes': async (store) => {
    const id = ids.create('run');
    await store.budgets.setLimits(id, noLimits);
    await store.budgets.reserve(`${id}/1`, [id], { ...none, tokens: 50 }, 1);
    await store.budgets.setLimits(id, { ...noLimits, tokens: 20 });
    assert.equal((await store.budgets.reserve(`${id}/2`, [id], { ...none, tokens: 1 }, 1)).kind, 'exceeded');
    assert.equal((await store.budgets.reserve(`${id}/3`, [id], { ...none, calls: 1 }, 1)).kind, 'exceeded');
    assert.equal(await store.budgets.delete(id), true);
    assert.equal(await store.budgets.load(id), undefined);
  },

  '20 callers at once never overshoot any limit': async (store) => {
    const amounts = fc.record({
      tokens: fc.nat(40),
      durationMs: fc.nat(40),
      calls: fc.nat(3),
      microUsd: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(amounts, { minLength: 20, maxLength: 20 }), async (wanted) => {
        const run = ids.create('run');
        const key = ids.create('key');
        const limits = { tokens: 150, durationMs: 170, calls: 12, microUsd: 160 };
        await store.budgets.setLimits(run, limits);
        await store.budgets.setLimits(key, { ...noLimits, tokens: 120 });
        let reservedTokens = 0;
        await Promise.all(
          wanted.map(async (want, index) => {
            const order = index % 2 === 0 ? [run, key] : [key, run];
            const outcome = await store.budgets.reserve(`${run}/${index}`, order, want, 1);
            if (outcome.kind !== 'reserved') return;
            reservedTokens += want.tokens;
            if (index % 3 === 0)
              await store.budgets.settle(`${run}/${index}`, { ...none, tokens: want.tokens });
          }),
        );
        for (const [id, limit] of [[run, limits] as const, [key, { ...noLimits, tokens: 120 }] as const]) {
          const budget = await store.budgets.load(id);
          assert.ok(budget !== undefined);
          assert.equal(budget.spent.tokens + budget.reserved.tokens, reservedTokens);
          for (const unit of ['tokens', 'durationMs', 'calls', 'microUsd'] as const) {
            assert.ok(budget.spent[unit] + budget.reserved[unit] <= (limit[unit] ?? Infinity), unit);
          }
        }
      }),
      { seed: 6, numRuns: 15 },
    );
  },
};
