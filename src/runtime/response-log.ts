/**
 * The end of one response's event log in the process that runs it. Events get their number and reach readers
 * at once; they are stored in batches, each at most `batchAgeMs` after its first event, beside the stream.
 */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import { isJsonObject, type JsonValue } from '../kernel/json.ts';
import type { EventTable, NewEvent, StoredEvent } from '../store/store.ts';
import type { ResponseEvent } from './event-fold.ts';
import { toJsonObject } from './response-rows.ts';
import type { NumberedEvent } from './response-runs.ts';

const batchAgeMs = 50;
const batchLimit = 1000;
/** Events kept for readers after they were stored; who is further behind reads the stored log. */
const keptEvents = 1024;
const retryPausesMs: readonly number[] = [100, 500, 2000, 5000];

/** What a step noted: its number and the value, or its number alone when its notes are to be forgotten. */
export type JournalEntry = readonly [step: number] | readonly [step: number, value: JsonValue];

const journalKey = 'gradus_journal';

export interface ResponseLogOptions {
  readonly id: string;
  readonly events: EventTable;
  readonly clock: Clock;
  /** The number of the next event. */
  readonly next: number;
  /** The stored events before `next` that readers may have from memory. */
  readonly recent?: readonly NumberedEvent[];
  /** Resolves when the response's row is stored; nothing is written before. */
  readonly ready?: Promise<unknown>;
  /** Told when the log can no longer be written, as when the response was deleted. */
  readonly onLost: (error: GradusError) => void;
}

export class ResponseLog {
  readonly #options: ResponseLogOptions;
  #recent: NumberedEvent[] = [];
  #next: number;
  #stored: number;
  #journal: JournalEntry[] = [];
  #waiting = new Set<() => void>();
  #writing: Promise<void> | undefined;
  #hurry = new AbortController();
  #isSealed = false;
  #lost: GradusError | undefined;

  constructor(options: ResponseLogOptions) {
    this.#options = options;
    this.#recent = [...(options.recent ?? [])];
    this.#next = options.next;
    this.#stored = options.next;
  }

  get next(): number {
    return this.#next;
  }

  emit(event: ResponseEvent): void {
    if (this.#isSealed) return;
    this.#tell(event);
    this.#writing ??= this.#write();
  }

  note(entry: JournalEntry): void {
    if (!this.#isSealed) this.#journal.push(entry);
  }

  /** From now on nothing is added: what still comes belongs to the next life. */
  seal(): void {
    this.#isSealed = true;
  }

  /** Resolves when everything emitted is stored. Throws what `onLost` was told. */
  async flush(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** Shows readers an event that the caller has stored itself, as the last one. */
  close(last: ResponseEvent): void {
    this.#tell(last);
    this.#stored = this.#next;
    this.#isSealed = true;
  }

  /** Events from the number on that are in memory; undefined when the stored log must be read. */
  tail(from: number): readonly NumberedEvent[] | undefined {
    const first = this.#next - this.#recent.length;
    return from < first ? undefined : this.#recent.slice(from - first, from - first + 256);
  }

  /** Resolves when there may be an event of this number or a later one, or when the signal is aborted. */
  async wait(number: number, signal: AbortSignal): Promise<void> {
    if (number < this.#next || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Lets all who wait look again, as when this life of the response is over. */
  wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }

  #tell(event: ResponseEvent): void {
    this.#recent.push({ sequence_number: this.#next, event });
    this.#next += 1;
    const unstored = this.#next - this.#stored;
    if (this.#recent.length > 2 * keptEvents + unstored) {
      this.#recent = this.#recent.slice(-(keptEvents + unstored));
    }
    this.wakeAll();
  }

  async #write(): Promise<void> {
    while (this.#stored < this.#next && this.#lost === undefined) {
      await this.#options.clock.sleep(batchAgeMs, this.#hurry.signal).catch(() => undefined);
      const first = this.#next - this.#recent.length;
      const batch = this.#recent.slice(this.#stored - first, this.#stored - first + batchLimit);
      const isAll = this.#stored + batch.length === this.#next;
      const journal = isAll ? this.#journal : [];
      if (isAll) this.#journal = [];
      try {
        await this.#append(batch, journal);
        this.#stored += batch.length;
      } catch (error) {
        this.#lost =
          error instanceof GradusError
            ? error
            : new GradusError(
                'internal',
                { message: `The events of ${this.#options.id} could not be stored.` },
                { cause: error },
              );
        this.#options.onLost(this.#lost);
      }
    }
    this.#hurry = new AbortController();
    this.#writing = undefined;
  }

  async #append(batch: readonly NumberedEvent[], journal: readonly JournalEntry[]): Promise<void> {
    const { id, events, clock } = this.#options;
    const rows = batch.map(({ event }, i) => toNewEvent(event, i === batch.length - 1 ? journal : []));
    const expected = this.#stored;
    await this.#options.ready;
    for (let attempt = 0; ; attempt++) {
      try {
        const outcome = await events.append(id, expected, rows, clock.nowMs());
        if (outcome.kind === 'appended') return;
        if (outcome.kind === 'not-found') {
          throw new GradusError('not-found', { message: `The response ${id} was deleted.` });
        }
        // A try before this one may have been done without our hearing of it.
        if (attempt > 0 && outcome.nextSequenceNumber === expected + rows.length) return;
        throw new GradusError('conflict', { message: `The response ${id} goes on elsewhere.` });
      } catch (error) {
        const pauseMs = retryPausesMs[attempt];
        if (!(error instanceof GradusError) || !error.kind.retryable || pauseMs === undefined) throw error;
        await clock.sleep(pauseMs);
      }
    }
  }
}

export function toNewEvent(event: ResponseEvent, journal: readonly JournalEntry[] = []): NewEvent {
  const payload = toJsonObject(event);
  return {
    type: event.type,
    payload: journal.length === 0 ? payload : { ...payload, [journalKey]: journal },
  };
}

/** An event of the stored log, and what steps noted with it. Nobody else writes this log, so its shape is known. */
export function readStoredEvent(stored: StoredEvent): {
  readonly numbered: NumberedEvent;
  readonly journal: readonly JournalEntry[];
} {
  const { [journalKey]: journal, ...event } = stored.payload;
  if (!isResponseEvent(event)) throw new Error(`event ${stored.sequenceNumber} of the log has no type`);
  return {
    numbered: { sequence_number: stored.sequenceNumber, event },
    journal: isJournal(journal) ? journal : [],
  };
}

function isResponseEvent(value: unknown): value is ResponseEvent {
  return isJsonObject(value) && typeof value['type'] === 'string';
}

function isJournal(value: unknown): value is readonly JournalEntry[] {
  return Array.isArray(value);
}
