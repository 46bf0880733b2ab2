/**
 * The contract of the store: every row that outlives a process. Two parts implement it, an embedded
 * Postgres and a Postgres server; both pass `test/store/store.contract.ts`.
 *
 * Promises that hold everywhere: a call that resolved is on the disk; a call that threw changed nothing,
 * except that 'database-unavailable' may leave a write done or not done. Times are milliseconds since 1970,
 * given by the caller. Ids order by their bytes.
 */
import type { Pool } from 'pg';
import type { JsonObject } from '../kernel/json.ts';

export interface Store extends StoreTables, AsyncDisposable {
  readonly kind: 'pglite' | 'postgres';
  /** The database's clients as `pg` knows them, for the workflow engine alone. Not to be ended by the borrower. */
  readonly pool: Pool;
  /**
   * Runs `work` in one transaction: all of its changes are kept, or none when it throws.
   * Only the tables handed to `work` belong to the transaction; using others inside it can block for ever.
   */
  transaction<T>(work: (tables: StoreTables) => Promise<T>): Promise<T>;
  /** Resolves when the database answers. Throws 'database-unavailable'. */
  check(signal?: AbortSignal): Promise<void>;
}

export interface StoreTables {
  readonly responses: ResponseTable;
  readonly items: ItemTable;
  readonly events: EventTable;
  readonly conversations: ConversationTable;
  readonly keys: KeyTable;
  readonly budgets: BudgetTable;
  readonly idempotency: IdempotencyTable;
  readonly leases: LeaseTable;
}

// Pages

export interface PageQuery {
  /** 1 to 1000. */
  readonly limit: number;
  /** By time of making for responses and conversations, by position for items. */
  readonly order: 'asc' | 'desc';
  /** The id after which the page starts, in `order`. Throws 'not-found' when there is no such row. */
  readonly after?: string;
  /** The id before which the page ends, in `order`; the page is then the last rows before it. */
  readonly before?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
}

// Responses

export type RunStatus = 'queued' | 'in_progress' | 'completed' | 'failed' | 'incomplete' | 'cancelled';

export interface ResponseRow {
  readonly id: string;
  /** Which dialect made it, and so which lists show it. */
  readonly kind: 'response' | 'chat';
  readonly status: RunStatus;
  readonly model: string;
  /** `chat`, `reason`, `act`, `invent` or `organize`. */
  readonly level: string;
  readonly request: JsonObject;
  /** The API's object as of the last change that was worth storing. */
  readonly snapshot: JsonObject | null;
  readonly conversationId: string | null;
  readonly previousResponseId: string | null;
  readonly parentId: string | null;
  readonly keyId: string | null;
  readonly isBackground: boolean;
  /** False: nobody can list or read it; the row exists for the run's own sake. */
  readonly isStored: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly spend: JsonObject;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
}

export interface ResponseChange {
  readonly status?: RunStatus;
  readonly snapshot?: JsonObject;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly spend?: JsonObject;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
}

export interface ResponseFilter {
  readonly kind?: 'response' | 'chat';
  readonly keyId?: string;
  readonly conversationId?: string;
  readonly parentId?: string;
  readonly model?: string;
  readonly statuses?: readonly RunStatus[];
  /** Pairs that the metadata must contain. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Also rows with `isStored` false. */
  readonly includeUnstored?: boolean;
}

export interface ResponseTable {
  /** Throws 'conflict' when the id is taken. */
  create(row: ResponseRow): Promise<void>;
  load(id: string): Promise<ResponseRow | undefined>;
  /**
   * Changes the fields given. With `onlyFrom`, only when the status is one of these; undefined means that
   * there is no such row or that it was in another status.
   */
  update(
    id: string,
    change: ResponseChange,
    onlyFrom?: readonly RunStatus[],
  ): Promise<ResponseRow | undefined>;
  list(filter: ResponseFilter, page: PageQuery): Promise<Page<ResponseRow>>;
  /** Deletes the row with its items and events; false when there was none. */
  delete(id: string): Promise<boolean>;
}

// Items

export interface ItemRow {
  /** Counts from 0 without gaps when it is written; deleting an item leaves its number free for ever. */
  readonly position: number;
  readonly id: string;
  readonly direction: 'input' | 'output';
  readonly item: JsonObject;
  readonly createdAtMs: number;
}

export interface NewItem {
  readonly id: string;
  readonly direction: 'input' | 'output';
  readonly item: JsonObject;
}

export interface ItemTable {
  /**
   * Adds items at the end of a response's or conversation's list and returns their first position.
   * Throws 'not-found' without such an owner, 'conflict' when an id is twice in the list.
   */
  append(ownerId: string, items: readonly NewItem[], nowMs: number): Promise<number>;
  load(ownerId: string, itemId: string): Promise<ItemRow | undefined>;
  list(ownerId: string, page: PageQuery, direction?: 'input' | 'output'): Promise<Page<ItemRow>>;
  delete(ownerId: string, itemId: string): Promise<boolean>;
}

// Events

export interface StoredEvent {
  readonly sequenceNumber: number;
  readonly type: string;
  readonly payload: JsonObject;
  readonly createdAtMs: number;
}

export interface NewEvent {
  readonly type: string;
  readonly payload: JsonObject;
}

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly nextSequenceNumber: number }
  /** Somebody else wrote: the number that is next now. */
  | { readonly kind: 'conflict'; readonly nextSequenceNumber: number }
  | { readonly kind: 'not-found' };

export interface EventTable {
  /**
   * Appends a batch whose first event gets `expected` as number, only when that is the next number.
   * So the numbers of a response are gap-free, and of two writers one is told.
   */
  append(
    responseId: string,
    expected: number,
    events: readonly NewEvent[],
    nowMs: number,
  ): Promise<AppendOutcome>;
  /** Events from number `from` on, at most `limit` (1 to 1000). */
  read(responseId: string, from: number, limit: number): Promise<readonly StoredEvent[]>;
  /** The number that the next event will get; 0 when there is none yet. */
  nextSequenceNumber(responseId: string): Promise<number>;
}

// Conversations

export interface ConversationRow {
  readonly id: string;
  readonly keyId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

export interface ConversationTable {
  create(row: ConversationRow): Promise<void>;
  load(id: string): Promise<ConversationRow | undefined>;
  setMetadata(id: string, metadata: Readonly<Record<string, string>>): Promise<ConversationRow | undefined>;
  list(keyId: string | undefined, page: PageQuery): Promise<Page<ConversationRow>>;
  /** Deletes it with its items; false when there was none. Responses made in it stay. */
  delete(id: string): Promise<boolean>;
}

// Keys

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key in hex. The key itself is nowhere. */
  readonly hash: string;
  /** The first letters of the key, so that its owner knows it again. */
  readonly hint: string;
  readonly limits: JsonObject;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface KeyTable {
  create(row: KeyRow): Promise<void>;
  /** Revoked ones as well: the caller decides. */
  findByHash(hash: string): Promise<KeyRow | undefined>;
  list(): Promise<readonly KeyRow[]>;
  /** False when there is no such key or it was revoked before. */
  revoke(id: string, nowMs: number): Promise<boolean>;
}

// Budgets

/** What can be limited. Whole numbers, at least 0. */
export interface Amounts {
  readonly tokens: number;
  readonly durationMs: number;
  readonly calls: number;
  readonly microUsd: number;
}

/** Null: no limit. */
export type Limits = { readonly [Unit in keyof Amounts]: number | null };

export interface BudgetRow {
  /** A run's id, a key's id, or whatever else has a budget. */
  readonly id: string;
  readonly limits: Limits;
  /** Used and settled. */
  readonly spent: Amounts;
  /** Promised to work that is under way. Never is spent + reserved above a limit. */
  readonly reserved: Amounts;
}

export type ReserveOutcome =
  | { readonly kind: 'reserved' }
  /** Nothing was reserved; the first budget and unit that lack. */
  | { readonly kind: 'exceeded'; readonly budgetId: string; readonly unit: keyof Amounts }
  | { readonly kind: 'not-found'; readonly budgetId: string };

export interface BudgetTable {
  /** Makes a budget or changes its limits. A limit below what is used already stops new reservations. */
  setLimits(id: string, limits: Limits): Promise<void>;
  load(id: string): Promise<BudgetRow | undefined>;
  /**
   * Reserves from all of the budgets or from none. The id is the caller's and names the step, so that a
   * step that runs again after a crash has one reservation and not two.
   */
  reserve(
    reservationId: string,
    budgetIds: readonly string[],
    amounts: Amounts,
    nowMs: number,
  ): Promise<ReserveOutcome>;
  /**
   * Turns a reservation into spending, once; later calls change nothing. Spending above the reservation is
   * a bug of the caller: it throws 'internal', and the reservation is settled at its full amount.
   */
  settle(reservationId: string, spent: Amounts): Promise<void>;
  /**
   * Ends the reservations whose ids start with `prefix`, as when their run is over: open ones are given
   * back, and all are forgotten. Returns how many were open.
   */
  close(prefix: string): Promise<number>;
  /** Deletes a budget and what was reserved from it. */
  delete(id: string): Promise<boolean>;
}

// Idempotency

export interface IdempotencyClaim {
  /** Whose key it is; an empty text for callers without one. */
  readonly keyId: string;
  readonly key: string;
  /** A hash of the request, so that the same key for another request is noticed. */
  readonly requestHash: string;
  readonly responseId: string;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

export type ClaimOutcome =
  | { readonly kind: 'new' }
  | { readonly kind: 'seen'; readonly responseId: string }
  | { readonly kind: 'other-request'; readonly responseId: string };

export interface IdempotencyTable {
  /** Of several callers with one key exactly one gets 'new'. */
  claim(claim: IdempotencyClaim): Promise<ClaimOutcome>;
  deleteExpired(nowMs: number): Promise<number>;
}

// Leases

export interface Lease {
  readonly resource: string;
  readonly holder: string;
  /** Larger for each new holder: a writer with a smaller one has lost its right. */
  readonly epoch: number;
}

/** Who may work on what. Time is the database's own, so that machines need not agree on theirs. */
export interface LeaseTable {
  /** Takes or renews; undefined while somebody else holds it. */
  acquire(resource: string, holder: string, durationMs: number): Promise<Lease | undefined>;
  /** Renews all that `holder` still holds, expired ones that nobody took included; returns their resources. */
  renewAll(holder: string, durationMs: number): Promise<readonly string[]>;
  release(resource: string, holder: string): Promise<boolean>;
  /** The oldest leases that have expired. */
  listExpired(limit: number): Promise<readonly Lease[]>;
}
