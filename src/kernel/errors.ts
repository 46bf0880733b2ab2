/**
 * One error class and one table of codes. Each code says its HTTP status, whether the same call can
 * succeed later, and what to do about it, so that no caller has to guess from a message.
 */
import type { JsonValue } from './json.ts';

export interface ErrorKind {
  readonly status: number;
  /** Whether repeating the same call unchanged may help. */
  readonly retryable: boolean;
  /** The `type` field of the API's error body, as the OpenAI SDKs know it. */
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'not_found_error'
    | 'rate_limit_error'
    | 'server_error';
  readonly advice: string;
}

const bad = (advice: string): ErrorKind => ({
  status: 400,
  retryable: false,
  type: 'invalid_request_error',
  advice,
});

export type ErrorCode =
  | 'invalid-json'
  | 'invalid-request'
  | 'unsupported-parameter'
  | 'invalid-schema'
  | 'context-length-exceeded'
  | 'body-too-large'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'model-not-found'
  | 'conflict'
  | 'queue-full'
  | 'rate-limited'
  | 'budget-exceeded'
  | 'cancelled'
  | 'timed-out'
  | 'engine-unreachable'
  | 'engine-refused'
  | 'engine-failed'
  | 'model-load-failed'
  | 'not-enough-memory'
  | 'weights-hash-mismatch'
  | 'disk-full'
  | 'source-unavailable'
  | 'pip-missing'
  | 'address-in-use'
  | 'home-in-use'
  | 'invalid-config'
  | 'database-unavailable'
  | 'database-too-new'
  | 'sandbox-failed'
  | 'internal';

export const errorKinds: Readonly<Record<ErrorCode, ErrorKind>> = {
  'invalid-json': bad('Send one well-formed JSON document in UTF-8.'),
  'invalid-request': bad('Correct the field that the message names.'),
  'unsupported-parameter': bad('Leave the field out, or use a model or level that supports it.'),
  'invalid-schema': bad('Correct the JSON schema, or leave out the keyword that the message names.'),
  'context-length-exceeded': bad(
    'Shorten the input, lower the output limit, or use a model with a longer context.',
  ),
  'body-too-large': {
    status: 413,
    retryable: false,
    type: 'invalid_request_error',
    advice: 'Send a smaller body.',
  },
  unauthorized: {
    status: 401,
    retryable: false,
    type: 'authentication_error',
    advice: 'Send a valid key as "Authorization: Bearer KEY".',
  },
  forbidden: { status: 403, retryable: false, type: 'permission_error', advice: 'Ask the owner for access.' },
  'not-found': {
    status: 404,
    retryable: false,
    type: 'not_found_error',
    advice: 'Check the id or the path.',
  },
  'method-not-allowed': {
    status: 405,
    retryable: false,
    type: 'invalid_request_error',
    advice: 'Use a method that the reference names for this path.',
  },
  'model-not-found': {
    status: 404,
    retryable: false,
    type: 'not_found_error',
    advice: 'See GET /v1/models or "gradus models list" for the names.',
  },
  conflict: {
    status: 409,
    retryable: false,
    type: 'invalid_request_error',
    advice: 'Read the current state, then decide again.',
  },
  'queue-full': {
    status: 429,
    retryable: true,
    type: 'rate_limit_error',
    advice: 'Wait as long as the retry-after header says, then try again.',
  },
  'rate-limited': {
    status: 429,
    retryable: true,
    type: 'rate_limit_error',
    advice: 'Wait as long as the retry-after header says, then try again.',
  },
  'budget-exceeded': {
    status: 429,
    retryable: false,
    type: 'rate_limit_error',
    advice: 'Raise the budget of this run or key.',
  },
  cancelled: {
    status: 499,
    retryable: false,
    type: 'invalid_request_error',
    advice: 'Nothing: it was cancelled.',
  },
  'timed-out': {
    status: 504,
    retryable: true,
    type: 'server_error',
    advice: 'Try again, with a longer limit if the work needs it.',
  },
  'engine-unreachable': {
    status: 503,
    retryable: true,
    type: 'server_error',
    advice: 'Check that the endpoint is up and its address in gradus.json is right.',
  },
  'engine-refused': {
    status: 502,
    retryable: false,
    type: 'server_error',
    advice: 'Read what the endpoint said; its key, model name or limits may be wrong.',
  },
  'engine-failed': {
    status: 500,
    retryable: true,
    type: 'server_error',
    advice: 'Try again; if it stays, run "gradus doctor" and see the log.',
  },
  'model-load-failed': {
    status: 500,
    retryable: false,
    type: 'server_error',
    advice: 'Run "gradus models show NAME"; remove and pull the model again if its file is damaged.',
  },
  'not-enough-memory': {
    status: 503,
    retryable: false,
    type: 'server_error',
    advice: 'Choose a smaller model or a shorter context, or free memory.',
  },
  'weights-hash-mismatch': {
    status: 502,
    retryable: false,
    type: 'server_error',
    advice: 'The source served other bytes than the catalog names; use another source.',
  },
  'disk-full': {
    status: 507,
    retryable: false,
    type: 'server_error',
    advice: 'Free disk space, or set GRADUS_HOME to a larger disk.',
  },
  'source-unavailable': {
    status: 503,
    retryable: true,
    type: 'server_error',
    advice: 'Check the network, or give a local file with "gradus models pull NAME --from FILE".',
  },
  'pip-missing': {
    status: 503,
    retryable: false,
    type: 'server_error',
    advice: 'Install Python 3 with pip, or give a local file.',
  },
  'address-in-use': {
    status: 500,
    retryable: false,
    type: 'server_error',
    advice: 'Choose another port with --port, or stop what listens there.',
  },
  'home-in-use': {
    status: 500,
    retryable: false,
    type: 'server_error',
    advice: 'Stop the other server, or set GRADUS_HOME to another folder.',
  },
  'invalid-config': bad('Correct the field in gradus.json that the message names.'),
  'database-unavailable': {
    status: 503,
    retryable: true,
    type: 'server_error',
    advice: 'Check that the database is up; the request can be repeated.',
  },
  'database-too-new': {
    status: 500,
    retryable: false,
    type: 'server_error',
    advice: 'Use the Gradus version that wrote this database, or a newer one.',
  },
  'sandbox-failed': {
    status: 500,
    retryable: true,
    type: 'server_error',
    advice: 'Try again; run "gradus doctor" if it stays.',
  },
  internal: {
    status: 500,
    retryable: false,
    type: 'server_error',
    advice: 'This is a bug in Gradus: please report it with the request id.',
  },
};

export interface ErrorDetails {
  /** What was expected and what was found, in one or two sentences, without secrets or whole prompts. */
  readonly message: string;
  /** The path of the field that is wrong, as in `messages[0].content`. */
  readonly param?: string;
  /** How long a caller should wait before a retry. */
  readonly retryAfterMs?: number;
  /** More facts for logs and programs. */
  readonly data?: Readonly<Record<string, JsonValue>>;
}

/** The only error that Gradus throws on purpose. Anything else that is thrown is a bug. */
export class GradusError extends Error {
  override readonly name = 'GradusError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, options?: { readonly cause?: unknown }) {
    super(details.message, options);
    this.code = code;
    this.details = details;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }
}

/** Turns whatever was thrown into a GradusError; unknown things become `internal` and keep their cause. */
export function toGradusError(thrown: unknown): GradusError {
  if (thrown instanceof GradusError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new GradusError('cancelled', { message: 'The work was cancelled.' }, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new GradusError('internal', { message: `Unexpected error: ${message}` }, { cause: thrown });
}
