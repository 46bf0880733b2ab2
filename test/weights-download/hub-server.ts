/** A models' hub on this machine that can be told to cut, stall, lie and refuse. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface HubBehaviour {
  /** The bytes that it sends. */
  content: Buffer;
  /** What it announces; undefined: nothing. */
  sha256: string | undefined;
  /** Status of every answer; 200 unless told otherwise. */
  status: number;
  /** Answers that fail with a status first, then it works. */
  failuresFirst: { status: number; count: number; retryAfter?: string };
  /** Cuts the connection after so many bytes, this many times. */
  cut: { afterBytes: number; count: number };
  /** Sends so many bytes and then nothing more, this many times. */
  stall: { afterBytes: number; count: number };
  ignoresRange: boolean;
  /** Pause between blocks of 64 KiB. */
  pauseMs: number;
}

export interface HubServer extends AsyncDisposable {
  readonly url: string;
  readonly behaviour: HubBehaviour;
  /** Method, path, range and token of each request that came. */
  readonly requests: { method: string; path: string; range: string | undefined; token: string | undefined }[];
}

export function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The hub answers with its headers and sends on to a storage of another origin, as the real one does. */
export async function openHub(content: Buffer): Promise<HubServer> {
  const behaviour: HubBehaviour = {
    content,
    sha256: hashOf(content),
    status: 200,
    failuresFirst: { status: 503, count: 0 },
    cut: { afterBytes: 0, count: 0 },
    stall: { afterBytes: 0, count: 0 },
    ignoresRange: false,
    pauseMs: 0,
  };
  const requests: HubServer['requests'] = [];
  const storage = createServer((request, response) => {
    record(request);
    void sendContent(request, response, behaviour);
  });
  const storageUrl = await listen(storage);
  const hub = createServer((request, response) => {
    record(request);
    if (behaviour.failuresFirst.count-- > 0) {
      const { status, retryAfter } = behaviour.failuresFirst;
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
    } else if (behaviour.status !== 200) response.writeHead(behaviour.status).end();
    else {
      const announced: Record<string, string> = { 'x-linked-size': String(behaviour.content.length) };
      if (behaviour.sha256 !== undefined) announced['x-linked-etag'] = `"${behaviour.sha256}"`;
      response.writeHead(302, { location: `${storageUrl}/blob`, ...announced }).end();
    }
  });
  const url = await listen(hub);

  function record(request: IncomingMessage): void {
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, range: headers.range, token: headers.authorization });
  }
  return {
    url,
    behaviour,
    requests,
    async [Symbol.asyncDispose]() {
      for (const server of [hub, storage]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  behaviour: HubBehaviour,
): Promise<void> {
  const { content, cut, stall, pauseMs } = behaviour;
  const asked = behaviour.ignoresRange ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const start = Number(asked ?? 0);
  if (start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const headers: Record<string, string> = { 'content-length': String(content.length - start) };
  if (asked !== undefined)
    headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(asked === undefined ? 200 : 206, headers);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const cutAt = cut.count-- > 0 ? start + cut.afterBytes : Infinity;
  const stallAt = cutAt === Infinity && stall.count-- > 0 ? start + stall.afterBytes : Infinity;
  const end = Math.min(content.length, cutAt, stallAt);
  for (let at = start; at < end && !response.destroyed; at += 65_536) {
    if (!response.write(content.subarray(at, Math.min(at + 65_536, end)))) await once(response, 'drain');
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  if (cutAt < content.length) setTimeout(() => response.destroy(), 20);
  else if (stallAt >= content.length) response.end();
}
