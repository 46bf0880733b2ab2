/** Opens durable responses on a store: starts the workflow engine, takes up what earlier processes left, serves readers. */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import type { ResponseRow, Store } from '../store/store.ts';
import { startDurable, type Durable, type WorkflowScope } from './dbos/durable.ts';
import type { ResponseEvent } from './event-fold.ts';
import { readEvents } from './event-reader.ts';
import { pageOf } from './item-page.ts';
import { ResponseLife } from './response-life.ts';
import { toNewEvent } from './response-log.ts';
import { hashRequest, isEnded, toRow, toStoredResponse } from './response-rows.ts';
import type { ResponseRuns, ResponseStart, StoredResponse } from './response-runs.ts';
import type { ResponseWork } from './response-work.ts';

export interface ResponseRunsOptions {
  /** Stays the caller's to close, after the runs. */
  readonly store: Store;
  readonly clock: Clock;
  /** Of this process; one that starts with the id of a dead one takes up its work at once. */
  readonly executorId: string;
  /** Answers a response. */
  readonly work: ResponseWork;
  readonly log?: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** Stays the same for as long as workflows call their steps in the same order; see `DurableOptions`. */
const applicationVersion = 'gradus-1';
const idempotencyMs = 24 * 3600_000;
const workflowName = 'response';

export async function openResponseRuns(options: ResponseRunsOptions): Promise<ResponseRuns> {
  const lives = new Map<string, ResponseLife>();
  const { store, clock } = options;
  let isClosing = false;

  const runResponse = async (scope: WorkflowScope): Promise<null> => {
    const begun = lives.get(scope.id);
    const row = begun === undefined ? await store.responses.load(scope.id) : undefined;
    if (begun === undefined && (row === undefined || isEnded(row.status))) return null;
    const life = begun ?? (row === undefined ? undefined : await ResponseLife.open({ row, store, clock }));
    if (life === undefined) return null;
    lives.set(scope.id, life);
    try {
      await life.run(options.work, scope);
    } finally {
      if (lives.get(scope.id) === life) lives.delete(scope.id);
    }
    return null;
  };
  const durable = await startDurable({
    pool: store.pool,
    applicationVersion,
    executorId: options.executorId,
    workflows: { [workflowName]: runResponse },
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  await takeUpOrphans({ store, clock, durable });

  const load = async (id: string): Promise<StoredResponse | undefined> => {
    const row = await store.responses.load(id);
    if (row === undefined || row.kind !== 'response' || !row.isStored) return undefined;
    if (isEnded(row.status)) return toStoredResponse(row, []);
    const running = lives.get(id);
    if (running !== undefined) return toStoredResponse(row, running.output());
    const life = await ResponseLife.open({ row, store, clock });
    return toStoredResponse(row, life.output());
  };

  const cancel = async (id: string): Promise<StoredResponse | undefined> => {
    const row = await store.responses.load(id);
    if (row === undefined || isEnded(row.status)) return load(id);
    const life = lives.get(id);
    if (life === undefined) {
      // It runs elsewhere, or nowhere: its machine is told, and when none answers it ends from here.
      await durable.cancel(id);
      for (let waitedMs = 0; waitedMs < 1000; waitedMs += 50) {
        await clock.sleep(50);
        const now = await store.responses.load(id);
        if (now === undefined || isEnded(now.status)) return load(id);
      }
      await endFromOutside({ store, clock, row, status: 'cancelled' });
    } else {
      life.cancel();
      await life.ended;
    }
    return load(id);
  };

  return {
    async start(start) {
      const row = toRow(start, clock.nowMs());
      if (lives.has(row.id)) {
        throw new GradusError('conflict', { message: `The response ${row.id} exists already.` });
      }
      const events = firstEvents(row);
      const storing = storeStart(store, { start, row, events });
      const life = ResponseLife.create({ row, store, clock }, { events, stored: storing });
      lives.set(row.id, life);
      // With a key it may be a repetition; in the background nobody waits for the first word.
      if (!start.background && start.idempotencyKey === undefined) life.begin(options.work);
      const forget = (): void => {
        life.abandon();
        if (lives.get(row.id) === life) lives.delete(row.id);
      };
      let holder: string | undefined;
      try {
        holder = await storing;
      } catch (error) {
        forget();
        throw error;
      }
      if (holder !== undefined) {
        forget();
        const stored = await load(holder);
        if (stored !== undefined) return stored;
        throw new GradusError('conflict', {
          message: `The idempotency key was used for the response ${holder}, which was deleted.`,
        });
      }
      // The row is enough for a next process to find it, so the caller need not wait for the engine's own row.
      durable.start(workflowName, row.id, null).catch((error: unknown) => {
        options.log?.('error', `the response ${row.id} waits for the next start: ${String(error)}`);
        forget();
      });
      return toStoredResponse(row, []);
    },

    load,
    cancel,

    events: (id, startingAfter, signal) =>
      readEvents({
        id,
        startingAfter,
        signal,
        store,
        clock,
        findLog: () => lives.get(id)?.log,
        isClosing: () => isClosing,
      }),

    async delete(id) {
      if ((await load(id)) === undefined) return false;
      await cancel(id);
      // The results of its steps hold its text as well. They go first: what is left by a crash can be deleted again.
      await durable.delete(id);
      return store.responses.delete(id);
    },

    async inputItems(id, page) {
      const stored = await load(id);
      if (stored === undefined) {
        throw new GradusError('not-found', { message: `There is no response "${id}".` });
      }
      const { input } = stored.request;
      return pageOf(input.kind === 'items' ? input.items : [], page);
    },

    async list(filter, page) {
      const rows = await store.responses.list(
        {
          kind: 'response',
          ...(filter.conversationId === undefined ? {} : { conversationId: filter.conversationId }),
          ...(filter.served === undefined ? {} : { model: filter.served }),
          ...(filter.statuses === undefined ? {} : { statuses: filter.statuses }),
          ...(filter.metadata === undefined ? {} : { metadata: filter.metadata }),
        },
        page,
      );
      return {
        data: rows.data.map((row) => toStoredResponse(row, lives.get(row.id)?.output() ?? [])),
        hasMore: rows.hasMore,
      };
    },

    async [Symbol.asyncDispose]() {
      isClosing = true;
      await Promise.all([...lives.values()].map((life) => life.handBack()));
      await durable[Symbol.asyncDispose]();
    },
  };
}

function firstEvents(row: ResponseRow): readonly ResponseEvent[] {
  return [
    { type: 'response.created' },
    { type: row.isBackground ? 'response.queued' : 'response.in_progress' },
  ];
}

interface Storing {
  readonly start: ResponseStart;
  readonly row: ResponseRow;
  readonly events: readonly ResponseEvent[];
}

/** The row, its first events and its idempotency key, all or nothing. Gives the response that holds the key already. */
async function storeStart(store: Store, { start, row, events }: Storing): Promise<string | undefined> {
  const nowMs = row.createdAtMs;
  return store.transaction(async (tables) => {
    if (start.idempotencyKey !== undefined) {
      const claim = await tables.idempotency.claim({
        keyId: start.keyLabel ?? '',
        key: start.idempotencyKey,
        requestHash: hashRequest(start),
        responseId: row.id,
        nowMs,
        expiresAtMs: nowMs + idempotencyMs,
      });
      if (claim.kind === 'seen') return claim.responseId;
      if (claim.kind === 'other-request') {
        throw new GradusError('conflict', {
          message: `The idempotency key was used for another request, the response ${claim.responseId}.`,
          param: 'Idempotency-Key',
        });
      }
    }
    await tables.responses.create(row);
    await tables.events.append(
      row.id,
      0,
      events.map((event) => toNewEvent(event)),
      nowMs,
    );
    return undefined;
  });
}

interface Surroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly durable: Durable;
}

/** A process can die between storing a row and starting its run, or before a cancelled run has said so. */
async function takeUpOrphans({ store, clock, durable }: Surroundings): Promise<void> {
  const filter = { kind: 'response', statuses: ['queued', 'in_progress'], includeUnstored: true } as const;
  for (let after: string | undefined; ;) {
    const page = await store.responses.list(filter, {
      limit: 200,
      order: 'asc',
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page.data) {
      const state = await durable.state(row.id);
      if (state === undefined) await durable.start(workflowName, row.id, null);
      else if (state === 'cancelled') await endFromOutside({ store, clock, row, status: 'cancelled' });
      else if (state === 'failed' || state === 'given-up') {
        await endFromOutside({ store, clock, row, status: 'failed' });
      }
    }
    after = page.data.at(-1)?.id;
    if (!page.hasMore || after === undefined) return;
  }
}

interface OutsideEnding {
  readonly store: Store;
  readonly clock: Clock;
  readonly row: ResponseRow;
  readonly status: 'cancelled' | 'failed';
}

/** Ends a response that runs nowhere. Somebody who was quicker wins. */
async function endFromOutside({ store, clock, row, status }: OutsideEnding): Promise<void> {
  const life = await ResponseLife.open({ row, store, clock });
  const error = { code: 'internal', message: 'The run ended without an answer.' };
  await life.end(status === 'failed' ? { status, error } : { status }).catch((thrown: unknown) => {
    if (!(thrown instanceof GradusError && ['conflict', 'not-found'].includes(thrown.code))) throw thrown;
  });
}
