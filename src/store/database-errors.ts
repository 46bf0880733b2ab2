/** What went wrong in the database, in Gradus' words. What is not known here is a bug and stays as it is. */
import { GradusError, type ErrorCode } from '../kernel/errors.ts';

/** Turns an error of the driver or the server into a GradusError where the code table has a word for it. */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof GradusError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const kind = errorCode(code, error.message);
  if (kind === undefined) return error;
  return new GradusError(kind, { message: `The database says: ${error.message}` }, { cause: error });
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof GradusError && error.code === 'database-unavailable';
}

/** Codes: https://www.postgresql.org/docs/18/errcodes-appendix.html */
function errorCode(code: string, message: string): ErrorCode | undefined {
  if (code === '53100' || code === 'ENOSPC') return 'disk-full';
  if (code.startsWith('08') || code.startsWith('57P') || code === '53300' || code === '25P03') {
    return 'database-unavailable';
  }
  // Text that no Postgres can store: a NUL character.
  if (code === '22021' || code === '22P05') return 'invalid-request';
  if (
    networkCodes.has(code) ||
    /connection terminated|not queryable|timeout exceeded|Query read timeout/i.test(message)
  ) {
    return 'database-unavailable';
  }
  return undefined;
}

/** ENOENT: the server's socket file is gone while it is down. */
const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
