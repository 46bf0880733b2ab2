/**
 * Talks HTTP to a fetch handler (such as a Hono app's `fetch`) without a port or a socket: the fast way
 * to test routes. Streams arrive as parsed server-sent events.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';

export type FetchHandler = (request: Request) => Response | Promise<Response>;

export interface ClientRequest {
  readonly method?: string;
  /** Sent as JSON; leave it out for no body. Use `rawBody` for text that is not JSON. */
  readonly body?: unknown;
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface ServerSentEvent {
  /** The `event:` line; absent when the server sent none. */
  readonly event?: string;
  readonly data: string;
}

export interface HttpClient {
  /** The bare response, for headers, status and bodies that are not JSON. */
  send(path: string, request?: ClientRequest): Promise<Response>;
  /** Status and parsed JSON body. */
  json(path: string, request?: ClientRequest): Promise<{ readonly status: number; readonly body: unknown }>;
  /** The events of a stream until it ends; throws when the answer is not an event stream. */
  events(path: string, request?: ClientRequest): AsyncGenerator<ServerSentEvent, void, undefined>;
}

/** Requests carry `http://gradus.test` as their origin; a body makes the method POST unless another is given. */
export function createHttpClient(
  handler: FetchHandler,
  baseHeaders: Readonly<Record<string, string>> = {},
): HttpClient {
  const send = async (path: string, request: ClientRequest = {}): Promise<Response> => {
    const { body, rawBody, signal } = request;
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
    return await handler(
      new Request(new URL(path, 'http://gradus.test'), {
        method: request.method ?? (payload === undefined ? 'GET' : 'POST'),
        headers: {
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...baseHeaders,
          ...request.headers,
        },
        ...(payload === undefined ? {} : { body: payload }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  };

  return {
    send,

    async json(path, request) {
      const response = await send(path, request);
      const body: unknown = await response.json();
      return { status: response.status, body };
    },

    async *events(path, request) {
      const response = await send(path, request);
      const type = response.headers.get('content-type') ?? 'nothing';
      if (!type.startsWith('text/event-stream') || response.body === null) {
        throw new Error(`expected an event stream, got ${response.status} ${type}: ${await response.text()}`);
      }
      const parsed = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { event, data } of parsed) yield event === undefined ? { data } : { event, data };
    },
  };
}
