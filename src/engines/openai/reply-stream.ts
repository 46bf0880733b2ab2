/** From the bytes of a reply to pieces: server-sent events however they are cut, or one JSON answer. */
import { createParser } from 'eventsource-parser';
import type { Clock } from '../../kernel/clock.ts';
import type { Reply, ReplyBody } from './connection.ts';
import { parseWireChunk, type StreamError, type StreamPiece } from './wire-chunk.ts';

/** How long a reply may go on after its end mark before its socket is given up. */
const tailMs = 100;
/** A line longer than this is no token. */
const maxEventCharacters = 16 * 1024 * 1024;

/**
 * The pieces in order, then whether the end mark `[DONE]` was seen. Throws what the socket throws, and
 * `engine-failed` for what is no chunk. Leaving the loop gives the socket up.
 */
export async function* readPieces(
  { contentType, body }: Reply,
  clock: Clock,
): AsyncGenerator<StreamPiece | StreamError, boolean, undefined> {
  if (contentType.includes('application/json')) {
    // Some endpoints answer a streamed request in one piece.
    yield parseWireChunk(await body.text());
    return true;
  }
  const waiting: string[] = [];
  const seen = { endMark: false };
  const parser = createParser({
    maxBufferSize: maxEventCharacters,
    onEvent: ({ data }) => {
      if (data.trim() === '[DONE]') seen.endMark = true;
      else if (!seen.endMark && data !== '') waiting.push(data);
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });
  const decoder = new TextDecoder();
  const chunks = body[Symbol.asyncIterator]();
  let hasEnded = false;
  try {
    while (!seen.endMark && !hasEnded) {
      const next = await chunks.next();
      hasEnded = next.done === true;
      if (next.done === true) {
        parser.feed(decoder.decode());
        // The last event may lack its empty line.
        parser.feed('\n\n');
      } else {
        parser.feed(decoder.decode(next.value, { stream: true }));
      }
      for (const data of waiting) yield parseWireChunk(data);
      waiting.length = 0;
    }
    if (!hasEnded) hasEnded = await readTail(chunks, clock);
    return seen.endMark;
  } finally {
    if (!hasEnded) giveUp(chunks, body);
  }
}

/** Reads what follows the end mark, so that the connection can be used again. */
async function readTail(chunks: AsyncIterator<Uint8Array>, clock: Clock): Promise<boolean> {
  const stop = new AbortController();
  const drain = async (): Promise<boolean> => {
    for (;;) if ((await chunks.next()).done === true) return true;
  };
  const tooLate = clock.sleep(tailMs, stop.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([drain().catch(() => false), tooLate]);
  } finally {
    stop.abort();
  }
}

function giveUp(chunks: AsyncIterator<Uint8Array>, body: ReplyBody): void {
  body.destroy();
  chunks.return?.().catch(() => {
    // The socket is gone, which is what was wanted.
  });
}
