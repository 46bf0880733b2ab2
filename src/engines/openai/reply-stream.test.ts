/** Server-sent events give the same pieces however the bytes are cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Reply } from './connection.ts';
import { readPieces } from './reply-stream.ts';
import type { StreamError, StreamPiece } from './wire-chunk.ts';

interface Body {
  readonly reply: Reply;
  readonly isDestroyed: () => boolean;
}

function toBody(chunks: readonly Uint8Array[], contentType = 'text/event-stream', hangs = false): Body {
  let isDestroyed = false;
  async function* read(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    if (hangs) await new Promise(() => {});
  }
  return {
    isDestroyed: () => isDestroyed,
    reply: {
      kind: 'done',
      contentType,
      body: {
        [Symbol.asyncIterator]: read,
        text: async () => Buffer.concat(chunks).toString(),
        destroy: () => {
          isDestroyed = true;
        },
      },
    },
  };
}

async function readAll(reply: Reply): Promise<{ texts: readonly string[]; sawEnd: boolean }> {
  const stream = readPieces(reply, createFakeClock());
  const pieces: (StreamPiece | StreamError)[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done === true) {
      const texts = pieces.map((piece) =>
        'error' in piece ? 'error' : piece.choices.map((choice) => choice.text).join(''),
      );
      return { texts, sawEnd: next.value };
    }
    pieces.push(next.value);
  }
}

/** Cuts bytes at the given places, which need not be at the edge of a character. */
function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].toSorted(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
}

const toEvent = (content: string, newline: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}${newline}${newline}`;

test('the pieces are the same however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.toWellFormed()),
        { maxLength: 6 },
      ),
      fc.array(fc.nat(2000), { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (texts, places, newline, hasEnd) => {
        const comment = `: keep-alive${newline}${newline}`;
        const body = texts.map((text) => comment + toEvent(text, newline)).join('');
        const end = hasEnd ? `data: [DONE]${newline}${newline}` : '';
        const { reply } = toBody(cut(Buffer.from(body + end), places));
        assert.deepEqual(await readAll(reply), { texts, sawEnd: hasEnd });
      },
    ),
    { numRuns: 60 },
  );
});

test('a last event without its empty line is read', async () => {
  const { reply } = toBody([Buffer.from(toEvent('whole', '\n').trimEnd())]);
  assert.deepEqual(await readAll(reply), { texts: ['whole'], sawEnd: false });
});

test('what comes after the end mark is not read', async () => {
  const { reply, isDestroyed } = toBody([Buffer.from(`data: [DONE]\n\n${toEvent('more', '\n')}`)]);
  assert.deepEqual(await readAll(reply), { texts: [], sawEnd: true });
  assert.equal(isDestroyed(), false);
});

test('a body that never ends after its end mark is given up', async () => {
  const clock = createFakeClock();
  const { reply, isDestroyed } = toBody([Buffer.from('data: [DONE]\n\n')], 'text/event-stream', true);
  const next = readPieces(reply, clock).next();
  await clock.advance(100);
  assert.deepEqual(await next, { done: true, value: true });
  assert.equal(isDestroyed(), true);
});

test('leaving the loop gives the body up', async () => {
  const { reply, isDestroyed } = toBody(
    [Buffer.from(toEvent('a', '\n') + toEvent('b', '\n'))],
    undefined,
    true,
  );
  for await (const piece of readPieces(reply, createFakeClock())) {
    assert.ok('choices' in piece);
    break;
  }
  assert.equal(isDestroyed(), true);
});

test('an answer in one JSON text is one piece', async () => {
  const text = JSON.stringify({
    choices: [{ index: 0, message: { content: 'all' }, finish_reason: 'stop' }],
  });
  const { reply } = toBody([Buffer.from(text)], 'application/json; charset=utf-8');
  assert.deepEqual(await readAll(reply), { texts: ['all'], sawEnd: true });
});

test('an event that is not JSON is a failure that shows its beginning', async () => {
  const { reply } = toBody([Buffer.from('data: <html>busy</html>\n\n')]);
  await assert.rejects(readAll(reply), /not JSON: <html>busy/);
});
