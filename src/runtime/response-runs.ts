/**
 * The contract of responses as durable runs: what the api sees of them. A response is stored before it is
 * answered, grows by numbered events that can be read again from any number, and outlives its process.
 */
import type { LevelEvent, LevelResult } from '../kernel/event.ts';
import type { Item, OutputItem } from '../kernel/item.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { ResponseRequest } from '../kernel/request.ts';

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

export interface ResponseFailure {
  readonly code: string;
  readonly message: string;
}

export type LifecycleEvent =
  | { readonly type: 'response.created' | 'response.queued' | 'response.in_progress' }
  | {
      /** The last event of every response. */
      readonly type: 'response.completed' | 'response.failed' | 'response.incomplete' | 'response.cancelled';
      readonly result?: LevelResult;
      readonly error?: ResponseFailure;
    }
  | {
      /** After a crash, when the engine cannot go on inside this item: forget it, it comes anew. */
      readonly type: 'gradus.item_restarted';
      readonly item_id: string;
    };

export interface NumberedEvent {
  /** Counts from 0 without gaps. */
  readonly sequence_number: number;
  readonly event: LevelEvent | LifecycleEvent;
}

export interface ResponseStart {
  readonly id: string;
  /** The model's id with the level's suffix. */
  readonly served: string;
  readonly request: ResponseRequest;
  /** Facts of the wire that the response object echoes; nobody here looks inside. */
  readonly envelope: JsonObject;
  /** Input and output items are added to it when the response has ended. */
  readonly conversationId?: string;
  readonly previousResponseId?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly background: boolean;
  /** A second start with the same key and request gives the first response. */
  readonly idempotencyKey?: string;
  readonly keyLabel?: string;
}

export interface StoredResponse {
  readonly id: string;
  readonly served: string;
  readonly request: ResponseRequest;
  readonly envelope: JsonObject;
  readonly status: ResponseStatus;
  readonly createdAtMs: number;
  readonly completedAtMs?: number;
  readonly output: readonly OutputItem[];
  readonly result?: LevelResult;
  readonly error?: ResponseFailure;
  readonly conversationId?: string;
  readonly previousResponseId?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly background: boolean;
}

export interface PageRequest {
  /** 1 to 1000. */
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  /** The id after which the page starts, in `order`. Throws 'not-found' when there is no such thing. */
  readonly after?: string;
  readonly before?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly hasMore: boolean;
}

export interface ResponseListFilter {
  readonly conversationId?: string;
  /** The model's id with the level's suffix. */
  readonly served?: string;
  readonly statuses?: readonly ResponseStatus[];
  /** Pairs that the metadata must contain. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ResponseRuns extends AsyncDisposable {
  /**
   * Stores the response and starts its run; both are durable when this resolves.
   * Throws 'conflict' when the idempotency key was used for another request, or the id is taken.
   */
  start(options: ResponseStart): Promise<StoredResponse>;
  load(id: string): Promise<StoredResponse | undefined>;
  /**
   * The events after the number `startingAfter` (-1: all), then new ones as they come, up to the terminal one;
   * without it when the response is deleted, the signal is aborted or this process stops.
   * Throws 'not-found' for an unknown id. A slow reader costs no memory: it reads from the stored log.
   */
  events(id: string, startingAfter: number, signal: AbortSignal): AsyncIterable<NumberedEvent>;
  /** Resolves when it has stopped; of a response that had ended, nothing changes. Undefined: no such response. */
  cancel(id: string): Promise<StoredResponse | undefined>;
  /** Cancels it when it runs, then forgets it. False: no such response. */
  delete(id: string): Promise<boolean>;
  /** The items that the response was asked with. Throws 'not-found' for an unknown id. */
  inputItems(id: string, page: PageRequest): Promise<Page<Item>>;
  list(filter: ResponseListFilter, page: PageRequest): Promise<Page<StoredResponse>>;
}
