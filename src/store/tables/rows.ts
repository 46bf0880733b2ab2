/** What every table does with its values on the way in and out, and how several statements become one change. */
import type { Kysely, Transaction } from 'kysely';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Database } from '../schema.ts';

/** Runs `work` in the transaction that `db` already is, or in a new one. */
export function inTransaction<T>(
  db: Kysely<Database>,
  work: (transaction: Kysely<Database>) => Promise<T>,
): Promise<T> {
  return db.isTransaction
    ? work(db)
    : db.transaction().execute((transaction: Transaction<Database>) => work(transaction));
}

/** A 64-bit number as `pg` gives it. */
export function toNumber(text: string): number {
  return Number(text);
}

export function toNullableNumber(text: string | null): number | null {
  return text === null ? null : Number(text);
}

export function toJsonText(value: JsonObject): string {
  return JSON.stringify(value);
}

/** Metadata is searched, so it is stored in a form that has no NUL character and no half of a character. */
export function toMetadataText(metadata: Readonly<Record<string, string>>): string {
  for (const [name, value] of Object.entries(metadata)) {
    if (`${name}${value}`.includes('\0') || !name.isWellFormed() || !value.isWellFormed()) {
      throw new GradusError('invalid-request', {
        message: `metadata.${name}: expected text without NUL characters and unpaired surrogates.`,
        param: `metadata.${name}`,
      });
    }
  }
  return JSON.stringify(metadata);
}

/** Whether the database refused a row because its key is taken. */
export function isUniqueViolation(error: unknown): boolean {
  return isPostgresError(error) && error.code === '23505';
}

function isPostgresError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

export function conflict(what: string): GradusError {
  return new GradusError('conflict', { message: `${what} exists already.` });
}
