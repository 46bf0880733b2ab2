/** The first tables: responses with their items and events, conversations, keys, budgets, idempotency, leases. */
import type { Migration } from './migration.ts';

/** Ids order by their bytes in every database, whatever its own language says. */
const id = 'text COLLATE "C"';

/**
 * `json` keeps a text as it was written, with any Unicode escape; `jsonb` would refuse some. Only metadata,
 * which is searched, is `jsonb`. There are no foreign keys: the statements that write check the owner under
 * a lock, once for a batch and not once for a row.
 */
export const firstTables: Migration = {
  version: 1,
  name: 'first-tables',
  statements: [
    `CREATE TABLE gradus.responses (
      id ${id} PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('response', 'chat')),
      status text NOT NULL
        CHECK (status IN ('queued', 'in_progress', 'completed', 'failed', 'incomplete', 'cancelled')),
      model text NOT NULL,
      level text NOT NULL,
      request json NOT NULL,
      snapshot json,
      conversation_id ${id},
      previous_response_id ${id},
      parent_id ${id},
      key_id ${id},
      is_background boolean NOT NULL,
      is_stored boolean NOT NULL,
      metadata jsonb NOT NULL,
      spend json NOT NULL,
      created_at_ms bigint NOT NULL,
      started_at_ms bigint,
      finished_at_ms bigint
    )`,
    'CREATE INDEX responses_by_time ON gradus.responses (created_at_ms, id)',
    'CREATE INDEX responses_by_kind ON gradus.responses (kind, created_at_ms, id) WHERE is_stored',
    'CREATE INDEX responses_by_key ON gradus.responses (key_id, kind, created_at_ms, id) WHERE is_stored',
    'CREATE INDEX responses_by_model ON gradus.responses (model, kind, created_at_ms, id) WHERE is_stored',
    `CREATE INDEX responses_by_conversation ON gradus.responses (conversation_id, created_at_ms, id)
      WHERE conversation_id IS NOT NULL`,
    `CREATE INDEX responses_by_parent ON gradus.responses (parent_id, created_at_ms, id)
      WHERE parent_id IS NOT NULL`,
    `CREATE INDEX responses_active ON gradus.responses (created_at_ms, id)
      WHERE status IN ('queued', 'in_progress')`,
    `CREATE INDEX responses_by_metadata ON gradus.responses USING gin (metadata jsonb_path_ops)
      WHERE metadata <> '{}'`,

    `CREATE TABLE gradus.item_lists (
      owner_id ${id} PRIMARY KEY,
      next_position integer NOT NULL
    )`,
    `CREATE TABLE gradus.items (
      owner_id ${id} NOT NULL,
      position integer NOT NULL,
      id ${id} NOT NULL,
      direction text NOT NULL CHECK (direction IN ('input', 'output')),
      item json NOT NULL,
      created_at_ms bigint NOT NULL,
      PRIMARY KEY (owner_id, position),
      UNIQUE (owner_id, id)
    )`,

    `CREATE TABLE gradus.events (
      response_id ${id} NOT NULL,
      sequence_number integer NOT NULL CHECK (sequence_number >= 0),
      type text NOT NULL,
      payload json NOT NULL,
      created_at_ms bigint NOT NULL,
      PRIMARY KEY (response_id, sequence_number)
    )`,

    `CREATE TABLE gradus.conversations (
      id ${id} PRIMARY KEY,
      key_id ${id},
      metadata jsonb NOT NULL,
      created_at_ms bigint NOT NULL
    )`,
    'CREATE INDEX conversations_by_time ON gradus.conversations (created_at_ms, id)',
    'CREATE INDEX conversations_by_key ON gradus.conversations (key_id, created_at_ms, id)',

    `CREATE TABLE gradus.keys (
      id ${id} PRIMARY KEY,
      name text NOT NULL,
      hash text NOT NULL UNIQUE,
      hint text NOT NULL,
      limits json NOT NULL,
      created_at_ms bigint NOT NULL,
      revoked_at_ms bigint
    )`,

    `CREATE TABLE gradus.budgets (
      id ${id} PRIMARY KEY,
      limit_tokens bigint,
      limit_duration_ms bigint,
      limit_calls bigint,
      limit_micro_usd bigint,
      spent_tokens bigint NOT NULL DEFAULT 0,
      spent_duration_ms bigint NOT NULL DEFAULT 0,
      spent_calls bigint NOT NULL DEFAULT 0,
      spent_micro_usd bigint NOT NULL DEFAULT 0,
      reserved_tokens bigint NOT NULL DEFAULT 0 CHECK (reserved_tokens >= 0),
      reserved_duration_ms bigint NOT NULL DEFAULT 0 CHECK (reserved_duration_ms >= 0),
      reserved_calls bigint NOT NULL DEFAULT 0 CHECK (reserved_calls >= 0),
      reserved_micro_usd bigint NOT NULL DEFAULT 0 CHECK (reserved_micro_usd >= 0)
    )`,
    `CREATE TABLE gradus.reservations (
      id ${id} NOT NULL,
      budget_id ${id} NOT NULL,
      is_open boolean NOT NULL DEFAULT true,
      tokens bigint NOT NULL CHECK (tokens >= 0),
      duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
      calls bigint NOT NULL CHECK (calls >= 0),
      micro_usd bigint NOT NULL CHECK (micro_usd >= 0),
      created_at_ms bigint NOT NULL,
      PRIMARY KEY (id, budget_id)
    )`,
    'CREATE INDEX reservations_by_budget ON gradus.reservations (budget_id)',

    `CREATE TABLE gradus.idempotency (
      key_id ${id} NOT NULL,
      key ${id} NOT NULL,
      request_hash text NOT NULL,
      response_id ${id} NOT NULL,
      expires_at_ms bigint NOT NULL,
      PRIMARY KEY (key_id, key)
    )`,
    'CREATE INDEX idempotency_by_expiry ON gradus.idempotency (expires_at_ms)',

    'CREATE SEQUENCE gradus.lease_epochs',
    `CREATE TABLE gradus.leases (
      resource ${id} PRIMARY KEY,
      holder ${id} NOT NULL,
      epoch bigint NOT NULL,
      expires_at timestamptz NOT NULL
    )`,
  ],
};
