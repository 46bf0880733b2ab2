/** The suite that every store passes. One store serves all cases: each makes its own rows and looks at no others. */
import { after, before, describe, it } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import type { StoreMaker } from '../../src/testing/temporary-store.ts';
import { budgetCases } from './contract/budgets.ts';
import type { StoreCases } from './contract/cases.ts';
import { eventCases } from './contract/events.ts';
import { responseCases } from './contract/responses.ts';
import { smallTableCases } from './contract/small-tables.ts';
import { transactionCases } from './contract/transactions.ts';

const cases: StoreCases = {
  ...responseCases,
  ...eventCases,
  ...budgetCases,
  ...smallTableCases,
  ...transactionCases,
};

export function describeStoreContract(
  kind: Store['kind'],
  createMaker: () => StoreMaker | Promise<StoreMaker>,
): void {
  describe(`store contract: ${kind}`, { timeout: 280_000 }, () => {
    let maker: StoreMaker;
    let store: Store;
    before(async () => {
      maker = await createMaker();
      store = await maker.open();
    });
    after(async () => {
      await store[Symbol.asyncDispose]();
      await maker[Symbol.asyncDispose]();
    });
    for (const [title, check] of Object.entries(cases)) it(title, () => check(store));
  });
}
