/**
 * One life of a response: from its start, or from what the log has of an earlier life, to its end or to the
 * moment when this process hands it back.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../kernel/clock.ts';
import { errorKinds, GradusError, toGradusError, type ErrorCode } from '../kernel/errors.ts';
import type { LevelResult } from '../kernel/event.ts';
import type { IdSource } from '../kernel/ids.ts';
import type { Item } from '../kernel/item.ts';
import type { JsonValue } from '../kernel/json.ts';
import type { ResponseRow, Store, StoreTables } from '../store/store.ts';
import type { WorkflowScope } from './dbos/durable.ts';
import { EmissionFold, OutputFold, type ResponseEvent } from './event-fold.ts';
import { readStoredEvent, ResponseLog, toNewEvent, type JournalEntry } from './response-log.ts';
import { toJsonObject, toStoredResponse, type Ending } from './response-rows.ts';
import type { NumberedEvent } from './response-runs.ts';
import type { ResponseScope, ResponseWork, StepProgress } from './response-work.ts';

export interface LifeOptions {
  readonly row: ResponseRow;
  readonly store: Store;
  readonly clock: Clock;
}

/** Of a response that has no earlier life: the events that are stored with its row, and when they are. */
export interface FreshStart {
  readonly events: readonly ResponseEvent[];
  readonly stored: Promise<unknown>;
}

export class ResponseLife {
  readonly log: ResponseLog;
  readonly #options: LifeOptions;
  readonly #controller = new AbortController();
  readonly #emission: EmissionFold;
  readonly #output: OutputFold;
  readonly #journal: Map<number, JsonValue[]>;
  readonly #ended = Promise.withResolvers<void>();
  readonly #isFresh: boolean;
  #isHandedBack = false;
  #steps = 0;

  #answer: Promise<Omit<Ending, 'output'>> | undefined;
  readonly #attached = Promise.withResolvers<Attached>();

  private constructor(options: LifeOptions, past: Past, fresh?: FreshStart) {
    this.#options = options;
    this.#emission = past.emission;
    this.#output = past.output;
    this.#journal = past.journal;
    this.#isFresh = fresh !== undefined;
    this.log = new ResponseLog({
      id: options.row.id,
      events: options.store.events,
      clock: options.clock,
      next: past.next,
      ...(fresh === undefined ? {} : { ready: fresh.stored, recent: fresh.events.map(toNumbered) }),
      onLost: (error) => this.#controller.abort(error),
    });
  }

  static async open(options: LifeOptions): Promise<ResponseLife> {
    const past = createPast(0);
    await readPast(options, past);
    return new ResponseLife(options, past);
  }

  static create(options: LifeOptions, fresh: FreshStart): ResponseLife {
    return new ResponseLife(options, createPast(fresh.events.length), fresh);
  }

  /** Resolves when this life is over and no more events come from it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  output(): Ending['output'] {
    return this.#output.items();
  }

  cancel(): void {
    this.#controller.abort(new GradusError('cancelled', { message: 'The response was cancelled.' }));
  }

  /** Stops here without an end; what is emitted from now on is left to the next life. */
  async handBack(): Promise<void> {
    this.#isHandedBack = true;
    this.log.seal();
    await this.log.flush().catch(() => undefined);
    this.log.wakeAll();
  }

  /**
   * Begins to answer before the workflow is stored, so that nobody waits for that: a step's work begins at
   * once, and its result is stored when the workflow is there.
   */
  begin(work: ResponseWork): void {
    const { row } = this.#options;
    const { request } = toStoredResponse(row, []);
    this.#answer ??= this.#makeAnswer(() => work(row.model, request, this.#createScope()));
  }

  /** Stops what had begun of a response that could not be stored. */
  abandon(): void {
    this.cancel();
    this.log.seal();
    this.#ended.resolve();
    this.log.wakeAll();
  }

  /** Runs to the end and stores it. Never settles when it was handed back. */
  async run(work: ResponseWork, workflow: WorkflowScope): Promise<void> {
    const { row, store, clock } = this.#options;
    const onAbort = (): void => this.#controller.abort(workflow.signal.reason);
    if (workflow.signal.aborted) onAbort();
    workflow.signal.addEventListener('abort', onAbort, { once: true });
    this.#attached.resolve({ workflow, inWorkflow: AsyncLocalStorage.snapshot() });
    try {
      if (row.status === 'queued') {
        const change = { status: 'in_progress', startedAtMs: clock.nowMs() } as const;
        await store.responses.update(row.id, change, ['queued']);
        this.#emit({ type: 'response.in_progress' });
      }
      this.begin(work);
      const ending = await this.#answer;
      if (this.#isHandedBack || ending === undefined) return await never();
      await this.end(ending);
    } catch (error) {
      if (this.#isHandedBack) return await never();
      // A response that was deleted, or that another process goes on with, needs no end from here.
      if (!(error instanceof GradusError && ['not-found', 'conflict'].includes(error.code))) throw error;
    } finally {
      workflow.signal.removeEventListener('abort', onAbort);
      this.#ended.resolve();
      this.log.wakeAll();
    }
  }

  /** Stores the end with its last event, all or nothing, then tells readers. */
  async end(ending: Omit<Ending, 'output'>): Promise<void> {
    const { row, store, clock } = this.#options;
    await this.log.flush();
    const whole: Ending = { ...ending, output: this.#output.items() };
    const last: ResponseEvent = {
      type: `response.${ending.status}`,
      ...(ending.result === undefined ? {} : { result: ending.result }),
      ...(ending.error === undefined ? {} : { error: ending.error }),
    };
    const nowMs = clock.nowMs();
    await store.transaction(async (tables) => {
      const outcome = await tables.events.append(row.id, this.log.next, [toNewEvent(last)], nowMs);
      if (outcome.kind !== 'appended') {
        throw new GradusError(outcome.kind, { message: `The response ${row.id} has ended elsewhere.` });
      }
      await tables.responses.update(row.id, {
        status: ending.status,
        snapshot: toJsonObject(whole),
        finishedAtMs: nowMs,
        ...(ending.result === undefined ? {} : { spend: { usage: toJsonObject(ending.result.usage) } }),
      });
      if (row.conversationId !== null && ending.status !== 'failed') {
        await addToConversation(tables, row, whole, nowMs);
      }
    });
    this.log.close(last);
  }

  async #makeAnswer(work: () => Promise<LevelResult>): Promise<Omit<Ending, 'output'>> {
    const { signal } = this.#controller;
    try {
      signal.throwIfAborted();
      const result = await work();
      return { status: signal.aborted ? 'cancelled' : toStatus(result), result };
    } catch (thrown) {
      if (signal.aborted) return { status: 'cancelled' };
      const error = toGradusError(thrown);
      return { status: 'failed', error: { code: error.code, message: error.message } };
    }
  }

  #emit(event: ResponseEvent): void {
    if (this.#isHandedBack) return;
    const fresh = this.#emission.admit(event);
    if (fresh === undefined) return;
    this.#output.add(fresh);
    this.log.emit(fresh);
  }

  #createScope(): ResponseScope {
    const { id } = this.#options.row;
    return {
      id,
      signal: this.#controller.signal,
      ids: createCountedIds(id),
      emit: (event) => this.#emit(event),
      step: (name, work, { mayBeginEarly = false } = {}) => this.#step({ name, mayBeginEarly }, work),
    };
  }

  async #step<T extends JsonValue>(
    { name, mayBeginEarly }: { readonly name: string; readonly mayBeginEarly: boolean },
    work: (progress: StepProgress) => Promise<T>,
  ): Promise<T> {
    const step = this.#steps++;
    const progress: StepProgress = {
      earlier: this.#journal.get(step) ?? [],
      note: (value) => this.log.note([step, value]),
      restart: () => this.#restart(step),
    };
    const attempt = async (): Promise<StepOutcome<T>> => {
      try {
        const value = await work(progress);
        return this.#isHandedBack ? await never() : { value };
      } catch (thrown) {
        if (this.#isHandedBack) return never();
        // The engine would keep the message alone; the code is what callers decide by.
        if (this.#controller.signal.aborted || !(thrown instanceof GradusError)) throw thrown;
        return { error: { code: thrown.code, message: thrown.message } };
      }
    };
    const early = this.#isFresh && step === 0 && mayBeginEarly ? attempt() : undefined;
    early?.catch(() => undefined);
    const { workflow, inWorkflow } = await this.#attached.promise;
    const outcome = await inWorkflow(() => workflow.step(name, () => early ?? attempt()));
    this.#journal.delete(step);
    if ('value' in outcome) return outcome.value;
    const { code, message } = outcome.error;
    throw new GradusError(isErrorCode(code) ? code : 'internal', { message });
  }

  #restart(step: number): void {
    this.#journal.delete(step);
    this.log.note([step]);
    for (const item_id of this.#emission.forgetUnclaimed()) {
      const event: ResponseEvent = { type: 'gradus.item_restarted', item_id };
      this.#output.add(event);
      this.log.emit(event);
    }
  }
}

/** The workflow, and the way into its asynchronous context, which the engine knows it by. */
interface Attached {
  readonly workflow: WorkflowScope;
  readonly inWorkflow: <R>(work: () => R) => R;
}

function toNumbered(event: ResponseEvent, sequence_number: number): NumberedEvent {
  return { sequence_number, event };
}

type StepOutcome<T extends JsonValue> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly message: string } };

interface Past {
  readonly emission: EmissionFold;
  readonly output: OutputFold;
  readonly journal: Map<number, JsonValue[]>;
  next: number;
}

function createPast(next: number): Past {
  return { emission: new EmissionFold(), output: new OutputFold(), journal: new Map(), next };
}

async function readPast({ row, store }: LifeOptions, past: Past): Promise<void> {
  for (;;) {
    const page = await store.events.read(row.id, past.next, 1000);
    if (page.length === 0) return;
    for (const stored of page) {
      const { numbered, journal } = readStoredEvent(stored);
      past.emission.absorb(numbered.event);
      past.output.add(numbered.event);
      for (const entry of journal) addNote(past.journal, entry);
      past.next = numbered.sequence_number + 1;
    }
  }
}

function addNote(journal: Map<number, JsonValue[]>, [step, value]: JournalEntry): void {
  if (value === undefined) {
    journal.delete(step);
    return;
  }
  const notes = journal.get(step) ?? [];
  notes.push(value);
  journal.set(step, notes);
}

/** `resp_X` makes `msg_X00`, `msg_X01` …: the same in each life, and nowhere twice. */
function createCountedIds(id: string): IdSource {
  const stem = id.slice(id.indexOf('_') + 1);
  let count = 0;
  return { create: (prefix) => `${prefix}_${stem}${(count++).toString(36).padStart(2, '0')}` };
}

function toStatus({ finishReasons }: LevelResult): Ending['status'] {
  if (finishReasons.includes('cancelled')) return 'cancelled';
  return finishReasons.some((reason) => reason === 'length' || reason === 'content_filter')
    ? 'incomplete'
    : 'completed';
}

/** Adds what the conversation does not have yet. One that was deleted in between gets nothing. */
async function addToConversation(
  tables: StoreTables,
  row: ResponseRow,
  ending: Ending,
  nowMs: number,
): Promise<void> {
  const conversationId = row.conversationId;
  if (conversationId === null || (await tables.conversations.load(conversationId)) === undefined) return;
  const { input } = toStoredResponse(row, []).request;
  const asked: readonly Item[] = input.kind === 'items' ? input.items : [];
  const added = [];
  for (const [direction, items] of [
    ['input', asked],
    ['output', ending.output],
  ] as const) {
    for (const item of items) {
      const isKnown = (await tables.items.load(conversationId, item.id)) !== undefined;
      if (!isKnown) added.push({ id: item.id, direction, item: toJsonObject(item) });
    }
  }
  if (added.length > 0) await tables.items.append(conversationId, added, nowMs);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorKinds, code);
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
