/** Reads a response's events from any number: stored ones by pages, then those of the running life as they come. */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { readStoredEvent, type ResponseLog } from './response-log.ts';
import { isEnded } from './response-rows.ts';
import type { NumberedEvent } from './response-runs.ts';

export interface EventReaderOptions {
  readonly id: string;
  readonly startingAfter: number;
  readonly signal: AbortSignal;
  readonly store: Store;
  readonly clock: Clock;
  /** The log's end in this process while the response runs here. */
  readonly findLog: () => ResponseLog | undefined;
  /** Whether this process is handing its responses back; readers then come again to the next one. */
  readonly isClosing: () => boolean;
}

/** The first page is small, so that its first event comes at once. */
const firstPageLimit = 16;
const pageLimit = 500;
/** How often to look at a response that runs in another process. */
const pollMs = 100;

/**
 * Ends after the terminal event, and without one when the response is deleted, the signal is aborted or this
 * process stops.
 */
export async function* readEvents(options: EventReaderOptions): AsyncGenerator<NumberedEvent> {
  const { id, signal, store, clock, findLog, isClosing } = options;
  if (findLog() === undefined && (await store.responses.load(id)) === undefined) {
    throw new GradusError('not-found', { message: `There is no response "${id}".` });
  }
  let next = options.startingAfter + 1;
  let limit = firstPageLimit;
  while (!signal.aborted && !isClosing()) {
    const log = findLog();
    const page = log?.tail(next) ?? (await loadPage({ store, id }, next, limit));
    limit = Math.min(limit * 4, pageLimit);
    for (const numbered of page) {
      if (signal.aborted) return;
      yield numbered;
      if (isTerminal(numbered)) return;
      next = numbered.sequence_number + 1;
    }
    if (page.length > 0) continue;
    if (log !== undefined) {
      await log.wait(next, signal);
      // Over and not gone on with here: let the one who runs it leave the list first.
      if (next >= log.next) await clock.sleep(1, signal).catch(() => undefined);
      continue;
    }
    const row = await store.responses.load(id);
    if (row === undefined) return;
    if (isEnded(row.status)) {
      const rest = await loadPage({ store, id }, next, 1);
      if (rest.length === 0) return;
      continue;
    }
    await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}

async function loadPage(
  { store, id }: Pick<EventReaderOptions, 'store' | 'id'>,
  from: number,
  limit: number,
): Promise<readonly NumberedEvent[]> {
  const page = await store.events.read(id, from, limit);
  return page.map((stored) => readStoredEvent(stored).numbered);
}

function isTerminal({ event }: NumberedEvent): boolean {
  switch (event.type) {
    case 'response.completed':
    case 'response.failed':
    case 'response.incomplete':
    case 'response.cancelled':
      return true;
    default:
      return false;
  }
}
