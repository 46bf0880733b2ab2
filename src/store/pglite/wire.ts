/**
 * The frames of the Postgres wire protocol, as far as a switchboard must see them: where a message ends,
 * which prepared statement it names, whether a transaction is open. Contents stay as they are.
 * https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export interface Frame {
  /** The type byte as a letter. */
  readonly type: string;
  /** The whole message with type and length. */
  readonly bytes: Buffer;
}

/** Splits whole messages off the front of `bytes`; `rest` is the beginning of one that is not complete. */
export function splitFrames(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let offset = 0;
  while (bytes.length - offset >= 5) {
    const end = offset + 1 + bytes.readUInt32BE(offset + 1);
    if (end > bytes.length) break;
    frames.push({ type: String.fromCharCode(bytes[offset] ?? 0), bytes: bytes.subarray(offset, end) });
    offset = end;
  }
  return { frames, rest: bytes.subarray(offset) };
}

/** The start-up message alone has no type byte. Returns its length, or undefined while it is incomplete. */
export function startupLengthBytes(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE(0);
  return bytes.length >= length ? length : undefined;
}

/** What a server says when it lets a client in: AuthenticationOk, then ReadyForQuery outside a transaction. */
export const welcome: Buffer = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

export type TransactionStatus = 'idle' | 'open' | 'failed';

/** The status that a ReadyForQuery message ('Z') carries. */
export function transactionStatus(readyForQuery: Frame): TransactionStatus {
  const letter = String.fromCharCode(readyForQuery.bytes[5] ?? 0);
  if (letter === 'I') return 'idle';
  return letter === 'T' ? 'open' : 'failed';
}

/**
 * Puts `prefix` before the name of a prepared statement in Parse, Bind, Describe and Close, so that the
 * statements of sessions that share one backend do not meet. Unnamed ones stay unnamed.
 */
export function prefixStatementName(frame: Frame, prefix: string): { frame: Frame; name: string } {
  const start = nameOffset(frame);
  if (start === undefined || frame.bytes[start] === 0) return { frame, name: '' };
  const end = frame.bytes.indexOf(0, start);
  const name = prefix + frame.bytes.toString('utf8', start, end);
  const bytes = Buffer.concat([
    frame.bytes.subarray(0, start),
    Buffer.from(name, 'utf8'),
    frame.bytes.subarray(end),
  ]);
  bytes.writeUInt32BE(bytes.length - 1, 1);
  return { frame: { type: frame.type, bytes }, name };
}

/** The channel of a NotificationResponse ('A'). */
export function notificationChannel(notification: Frame): string {
  return notification.bytes.toString('utf8', 9, notification.bytes.indexOf(0, 9));
}

/** The SQL text of a Query or Parse message, else an empty text. */
export function sqlText(frame: Frame): string {
  if (frame.type === 'Q') return cString(frame.bytes, 5);
  if (frame.type !== 'P') return '';
  return cString(frame.bytes, frame.bytes.indexOf(0, 5) + 1);
}

/** A simple Query message. */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(sql, 'utf8');
  const bytes = Buffer.alloc(text.length + 6);
  bytes.write('Q', 0);
  bytes.writeUInt32BE(text.length + 5, 1);
  text.copy(bytes, 5);
  return bytes;
}

function nameOffset(frame: Frame): number | undefined {
  switch (frame.type) {
    case 'P':
      return 5;
    case 'B':
      return frame.bytes.indexOf(0, 5) + 1;
    case 'D':
    case 'C':
      return frame.bytes[5] === 0x53 ? 6 : undefined;
    default:
      return undefined;
  }
}

function cString(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start));
}
