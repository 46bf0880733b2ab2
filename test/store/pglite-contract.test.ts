/** The embedded store keeps the contract. */
import { createPgliteStoreMaker } from '../../src/testing/temporary-store.ts';
import { describeStoreContract } from './store.contract.ts';

describeStoreContract('pglite', createPgliteStoreMaker);
