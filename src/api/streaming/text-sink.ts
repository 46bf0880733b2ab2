/**
 * Where a stream's text goes. With a server it is Node's own response object: a web stream in between costs
 * several promises per write. Without one (tests that call the app directly) it is a web stream.
 */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { ApiContext } from '../api-context.ts';

export interface TextSink {
  /** False when the reader is behind: write no more until `onDrain` was called. */
  write(text: string): boolean;
  end(text: string): void;
  /** Breaks the connection off, so that the reader sees a failure and not an end. */
  destroy(): void;
  /** What the handler returns. */
  readonly response: Response;
}

export interface SinkEvents {
  readonly onDrain: () => void;
}

/** Sends the head of the answer; from here on its status is settled. */
export function openTextSink(
  c: ApiContext,
  headers: Readonly<Record<string, string>>,
  events: SinkEvents,
): TextSink {
  const outgoing = c.env.outgoing;
  if (outgoing === undefined) return openWebSink(headers, events);
  outgoing.writeHead(200, headers);
  outgoing.on('drain', events.onDrain);
  return {
    write: (text) => outgoing.write(text),
    end: (text) => outgoing.end(text),
    destroy: () => outgoing.destroy(),
    response: RESPONSE_ALREADY_SENT,
  };
}

/** Calls `listener` once when the client goes away before its answer is complete. */
export function onClientGone(c: ApiContext, listener: () => void): void {
  const outgoing = c.env.outgoing;
  if (outgoing === undefined) {
    if (c.req.raw.signal.aborted) listener();
    else c.req.raw.signal.addEventListener('abort', listener, { once: true });
    return;
  }
  const onClose = (): void => {
    if (!outgoing.writableFinished) listener();
  };
  if (outgoing.closed) onClose();
  else outgoing.once('close', onClose);
}

function openWebSink(headers: Readonly<Record<string, string>>, events: SinkEvents): TextSink {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started;
      },
      pull: events.onDrain,
    },
    { highWaterMark: 16 },
  );
  const write = (text: string): boolean => {
    if (text !== '') controller?.enqueue(encoder.encode(text));
    return (controller?.desiredSize ?? 0) > 0;
  };
  return {
    write,
    end(text) {
      write(text);
      controller?.close();
    },
    destroy: () => controller?.error(new Error('the stream was broken off')),
    response: new Response(body, { status: 200, headers }),
  };
}
