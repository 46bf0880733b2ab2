/** The store on a Postgres server keeps the contract. */
import { createPostgresStoreMaker } from '../../src/testing/temporary-store.ts';
import { describeStoreContract } from './store.contract.ts';

describeStoreContract('postgres', createPostgresStoreMaker);
