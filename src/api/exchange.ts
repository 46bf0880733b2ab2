/** One HTTP exchange: the body read within its limit, and the answer with the headers that all answers have. */
import type { IncomingMessage } from 'node:http';
import { GradusError } from '../kernel/errors.ts';
import type { Api, ApiContext, RateLimit } from './api-context.ts';
import { invalidField } from './invalid-field.ts';
import { parseJsonBody } from './json-body.ts';
import type { LabelBody, StreamOptionsBody } from './wire/parameter.ts';

/**
 * The JSON value of the body, whatever content type it claims, as long as it is not compressed.
 * Throws `body-too-large` as soon as the limit is known to be passed, and reads no further.
 */
export async function readJson(c: ApiContext, api: Api): Promise<unknown> {
  const limitBytes = api.limits.bodyBytes;
  const encoding = requestHeader(c, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw invalidField('content-encoding', `expected a body without compression, found "${encoding}"`);
  }
  const announcedBytes = Number(requestHeader(c, 'content-length') ?? 0);
  if (announcedBytes > limitBytes) throw tooLarge(limitBytes);
  const incoming = c.env.incoming;
  const bytes =
    incoming === undefined
      ? Buffer.from(await c.req.arrayBuffer())
      : await readIncoming(incoming, limitBytes);
  if (bytes.length > limitBytes) throw tooLarge(limitBytes);
  return parseJsonBody(bytes);
}

/** A request header by its lower-case name. Node has them parsed already; a web Headers object would be made anew. */
export function requestHeader(
  c: ApiContext,
  name: 'host' | 'origin' | 'authorization' | 'content-length' | 'content-encoding',
): string | undefined {
  const incoming = c.env.incoming;
  return incoming === undefined ? c.req.header(name) : incoming.headers[name];
}

export function reply(c: ApiContext, api: Api, body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...answerHeaders(c, api), 'content-type': 'application/json' },
  });
}

/** The headers of every answer, with the time that passed since the request came. */
export function answerHeaders(c: ApiContext, api: Api): Record<string, string> {
  const caller = c.get('caller');
  const headers: Record<string, string> = {
    ...c.get('headers'),
    'x-request-id': c.get('requestId'),
    'openai-processing-ms': String(Math.round(api.clock.monotonicMs() - c.get('startedMs'))),
  };
  addRateLimit(headers, 'requests', caller?.rateLimits?.requests);
  addRateLimit(headers, 'tokens', caller?.rateLimits?.tokens);
  return headers;
}

/** What the client calls itself goes into the log line. */
export function noteLabels(c: ApiContext, body: LabelBody & { readonly model: string }): void {
  const facts = c.get('facts');
  facts['model'] = body.model;
  const user = body.safety_identifier ?? body.user;
  if (typeof user === 'string') facts['user'] = user;
}

export function requireStreamForOptions(body: {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: StreamOptionsBody | null | undefined;
}): void {
  if (body.stream_options != null && body.stream !== true) {
    throw invalidField('stream_options', 'is only allowed with stream: true');
  }
}

function addRateLimit(headers: Record<string, string>, what: string, limit: RateLimit | undefined): void {
  if (limit === undefined) return;
  headers[`x-ratelimit-limit-${what}`] = String(limit.limit);
  headers[`x-ratelimit-remaining-${what}`] = String(limit.remaining);
  headers[`x-ratelimit-reset-${what}`] = `${Math.ceil(limit.resetMs)}ms`;
}

function readIncoming(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const stop = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError);
    };
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      stop();
      incoming.pause();
      reject(tooLarge(limitBytes));
    };
    const onEnd = (): void => {
      stop();
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, sizeBytes));
    };
    const onClose = (): void => {
      stop();
      reject(new GradusError('cancelled', { message: 'The client went away before its body was complete.' }));
    };
    const onError = (cause: Error): void => {
      stop();
      reject(
        new GradusError(
          'cancelled',
          { message: 'The connection failed before the body was complete.' },
          { cause },
        ),
      );
    };
    incoming.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onError);
  });
}

function tooLarge(limitBytes: number): GradusError {
  return new GradusError('body-too-large', {
    message: `The body is larger than ${limitBytes} bytes, which is the limit of this server.`,
  });
}
