/** What the cases of the contract share: how a case looks, and rows to begin with. */
import type { IdSource } from '../../../src/kernel/ids.ts';
import { createRealIds } from '../../../src/testing/real-clock.ts';
import type { ResponseRow, Store } from '../../../src/store/store.ts';

/** The sentence that the case shows, and the case. */
export type StoreCases = Readonly<Record<string, (store: Store) => Promise<void>>>;

export const ids: IdSource = createRealIds();

/** A row with nothing special in it. */
export function newResponse(change: Partial<ResponseRow> = {}): ResponseRow {
  return {
    id: ids.create('resp'),
    kind: 'response',
    status: 'queued',
    model: 'm',
    level: 'chat',
    request: { input: 'hello' },
    snapshot: null,
    conversationId: null,
    previousResponseId: null,
    parentId: null,
    keyId: null,
    isBackground: false,
    isStored: true,
    metadata: {},
    spend: {},
    createdAtMs: 1_700_000_000_000,
    startedAtMs: null,
    finishedAtMs: null,
    ...change,
  };
}
