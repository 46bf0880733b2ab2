/** The tables as kysely sees them. `pg` gives 64-bit numbers as text; the tables' own files turn them into numbers. */
import type { ColumnType, GeneratedAlways } from 'kysely';
import type { JsonObject } from '../kernel/json.ts';
import type { ItemRow, ResponseRow } from './store.ts';

export interface Database {
  readonly migrations: MigrationsTable;
  readonly responses: ResponsesTable;
  readonly item_lists: { readonly owner_id: string; readonly next_position: number };
  readonly items: ItemsTable;
  readonly events: EventsTable;
  readonly conversations: ConversationsTable;
  readonly keys: KeysTable;
  readonly budgets: BudgetsTable;
  readonly reservations: ReservationsTable;
  readonly idempotency: IdempotencyTable;
  readonly leases: LeasesTable;
}

/** A whole number up to 2^53. */
type BigInteger = ColumnType<string, number, number>;
type NullableBigInteger = ColumnType<string | null, number | null, number | null>;
/** Written as text, read as a value. */
type Json<T> = ColumnType<T, string, string>;

interface MigrationsTable {
  readonly version: number;
  readonly name: string;
  readonly applied_at: GeneratedAlways<Date>;
}

interface ResponsesTable {
  readonly id: string;
  readonly kind: ResponseRow['kind'];
  readonly status: ResponseRow['status'];
  readonly model: string;
  readonly level: string;
  readonly request: Json<JsonObject>;
  readonly snapshot: ColumnType<JsonObject | null, string | null, string>;
  readonly conversation_id: string | null;
  readonly previous_response_id: string | null;
  readonly parent_id: string | null;
  readonly key_id: string | null;
  readonly is_background: boolean;
  readonly is_stored: boolean;
  readonly metadata: Json<Record<string, string>>;
  readonly spend: Json<JsonObject>;
  readonly created_at_ms: BigInteger;
  readonly started_at_ms: NullableBigInteger;
  readonly finished_at_ms: NullableBigInteger;
}

interface ItemsTable {
  readonly owner_id: string;
  readonly position: number;
  readonly id: string;
  readonly direction: ItemRow['direction'];
  readonly item: Json<JsonObject>;
  readonly created_at_ms: BigInteger;
}

interface EventsTable {
  readonly response_id: string;
  readonly sequence_number: number;
  readonly type: string;
  readonly payload: Json<JsonObject>;
  readonly created_at_ms: BigInteger;
}

interface ConversationsTable {
  readonly id: string;
  readonly key_id: string | null;
  readonly metadata: Json<Record<string, string>>;
  readonly created_at_ms: BigInteger;
}

interface KeysTable {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly hint: string;
  readonly limits: Json<JsonObject>;
  readonly created_at_ms: BigInteger;
  readonly revoked_at_ms: NullableBigInteger;
}

interface BudgetsTable {
  readonly id: string;
  readonly limit_tokens: NullableBigInteger;
  readonly limit_duration_ms: NullableBigInteger;
  readonly limit_calls: NullableBigInteger;
  readonly limit_micro_usd: NullableBigInteger;
  readonly spent_tokens: BigIntegerOrZero;
  readonly spent_duration_ms: BigIntegerOrZero;
  readonly spent_calls: BigIntegerOrZero;
  readonly spent_micro_usd: BigIntegerOrZero;
  readonly reserved_tokens: BigIntegerOrZero;
  readonly reserved_duration_ms: BigIntegerOrZero;
  readonly reserved_calls: BigIntegerOrZero;
  readonly reserved_micro_usd: BigIntegerOrZero;
}

type BigIntegerOrZero = ColumnType<string, number | undefined, number>;

interface ReservationsTable {
  readonly id: string;
  readonly budget_id: string;
  readonly is_open: ColumnType<boolean, boolean | undefined, boolean>;
  readonly tokens: BigInteger;
  readonly duration_ms: BigInteger;
  readonly calls: BigInteger;
  readonly micro_usd: BigInteger;
  readonly created_at_ms: BigInteger;
}

interface IdempotencyTable {
  readonly key_id: string;
  readonly key: string;
  readonly request_hash: string;
  readonly response_id: string;
  readonly expires_at_ms: BigInteger;
}

interface LeasesTable {
  readonly resource: string;
  readonly holder: string;
  readonly epoch: BigInteger;
  readonly expires_at: Date;
}
