/**
 * What kysely sees of the pool. Getting a connection is patient: while the database is away, a bounded number
 * of callers wait for it and the others are told at once, so that an outage costs time and not memory. What
 * has been sent is never sent again: only the caller knows whether it may be done twice.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import { isUnavailable, toStoreError } from './database-errors.ts';

export interface PatientPoolOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** How long a caller waits for a database that is away. */
  readonly patienceMs: number;
  /** How many callers may wait at once. */
  readonly maxWaiting: number;
}

export class PatientPool implements PostgresPool {
  readonly #options: PatientPoolOptions;
  /** kysely keeps facts about a client by identity. */
  readonly #wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  readonly #closing = new AbortController();
  #waiting = 0;

  constructor(options: PatientPoolOptions) {
    this.#options = options;
  }

  async connect(): Promise<PostgresPoolClient> {
    const { pool, clock, patienceMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + patienceMs;
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
      try {
        return this.#wrap(await pool.connect());
      } catch (thrown) {
        const error = toStoreError(thrown);
        if (!isUnavailable(error) || clock.monotonicMs() + pauseMs > deadlineMs) throw error;
        await this.#wait(pauseMs, error);
      }
    }
  }

  /** Sends the waiting away. The pool itself is its owner's to end. */
  async end(): Promise<void> {
    this.#closing.abort(new GradusError('database-unavailable', { message: 'The store is closing.' }));
    return Promise.resolve();
  }

  async #wait(durationMs: number, cause: unknown): Promise<void> {
    if (this.#waiting >= this.#options.maxWaiting) {
      const message = `The database is away, and ${this.#waiting} requests wait for it already.`;
      throw new GradusError('database-unavailable', { message, retryAfterMs: 1000 }, { cause });
    }
    this.#waiting += 1;
    try {
      await this.#options.clock.sleep(durationMs, this.#closing.signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  #wrap(client: PoolClient): PostgresPoolClient {
    const known = this.#wrapped.get(client);
    if (known !== undefined) return known;
    const wrapped = translateErrors(client);
    this.#wrapped.set(client, wrapped);
    return wrapped;
  }
}

/** A client whose errors speak Gradus' words, and which is thrown away after its connection has broken. */
function translateErrors(client: PoolClient): PostgresPoolClient {
  let isBroken = false;
  client.on('error', () => (isBroken = true));
  const query = async (text: unknown, values: unknown): Promise<unknown> => {
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- kysely's driver passes text and values only
      return await client.query(text as string, values as unknown[]);
    } catch (thrown) {
      const error = toStoreError(thrown);
      if (isUnavailable(error)) isBroken = true;
      throw error;
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the result is the driver's own
  return { query, release: () => client.release(isBroken) } as PostgresPoolClient;
}
