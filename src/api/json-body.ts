/** From the bytes of a body to a JSON value, with what a hostile body can do to a parser refused first. */
import { isUtf8 } from 'node:buffer';
import { GradusError } from '../kernel/errors.ts';

/** Deeper values are refused: code behind the edge walks schemas by recursion. No known client sends more. */
export const maxJsonDepth = 200;

/** Throws `invalid-json` for bytes that are not UTF-8, not JSON, or nested deeper than `maxJsonDepth`. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) {
    throw new GradusError('invalid-json', { message: 'The body is empty; expected a JSON object' });
  }
  if (!isUtf8(bytes)) throw new GradusError('invalid-json', { message: 'The body is not valid UTF-8' });
  if (isDeeperThan(bytes, maxJsonDepth)) {
    throw new GradusError('invalid-json', {
      message: `The body is nested deeper than ${maxJsonDepth} levels`,
    });
  }
  const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return JSON.parse(bytes.toString('utf8', hasByteOrderMark ? 3 : 0));
  } catch (cause) {
    const reason = cause instanceof Error ? withoutExcerpt(cause.message) : 'unknown reason';
    throw new GradusError('invalid-json', { message: `The body is not valid JSON: ${reason}` }, { cause });
  }
}

/** V8 quotes the text around the mistake; a message of ours does not repeat what may be secret. */
function withoutExcerpt(message: string): string {
  return message.replace(/,? ?(\.\.\.)?"[\s\S]*" is not valid JSON$/, '').slice(0, 200);
}

function isDeeperThan(bytes: Buffer, limit: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (isInText) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) isInText = false;
    } else if (byte === 0x22) {
      isInText = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return false;
}
