/** The api on a port. */
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { GradusError } from '../kernel/errors.ts';
import type { ApiEnv } from './api-context.ts';
import { toErrorBody } from './wire/error.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** How long open answers may go on when the server is disposed. Default 1,000. */
  readonly graceMs?: number;
}

export interface RunningServer extends AsyncDisposable {
  /** The port that was really bound. */
  readonly port: number;
  /** Without a slash at its end. */
  readonly url: string;
}

/** Longer than the idle time of usual clients, so that they close first and no request meets a closed socket. */
const keepAliveMs = 75_000;

/** Throws `address-in-use` when something listens there already. */
export async function serve(app: Hono<ApiEnv>, options: ServeOptions): Promise<RunningServer> {
  const listener = getRequestListener(app.fetch, {
    hostname: options.host,
    errorHandler: (thrown) => answerUnreadable(thrown instanceof Error ? thrown.message : 'unknown reason'),
  });
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseBrokenRequest(error, socket);
  });
  const port = await listen(server, options);
  const shownHost = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    port,
    url: `http://${shownHost}:${port}`,
    [Symbol.asyncDispose]: () => close(server, options.graceMs ?? 1_000),
  };
}

function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') {
        reject(cause);
        return;
      }
      reject(
        new GradusError(
          'address-in-use',
          { message: `Port ${port} on ${host} is in use by another program.`, data: { host, port } },
          { cause },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Takes no new request, lets open answers end for `graceMs`, then breaks them off. */
function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** For requests whose head the adapter cannot take: a bad host name, a backslash in the path. */
function answerUnreadable(reason: string): Response {
  const error = new GradusError('invalid-request', { message: `The request cannot be read: ${reason}` });
  return new Response(JSON.stringify(toErrorBody(error)), {
    status: 400,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
  });
}

/** For bytes that are not HTTP, or heads that are too large: Node has no response object for them. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, message } = toBrokenReason(error.code);
  const body = JSON.stringify(toErrorBody(new GradusError('invalid-request', { message })));
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `x-should-retry: false\r\nconnection: close\r\n\r\n${body}`,
  );
}

function toBrokenReason(code: string | undefined): { readonly status: string; readonly message: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: '431 Request Header Fields Too Large',
        message: 'The head of the request is too large',
      };
    case 'HPE_INVALID_EOF_STATE':
      return { status: '400 Bad Request', message: 'The request ended before its body was complete' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: '408 Request Timeout', message: 'The request took too long to arrive' };
    default:
      return { status: '400 Bad Request', message: 'The request is not HTTP/1.1' };
  }
}
