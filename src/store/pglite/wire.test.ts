/** Frames are cut where they end, and only names of prepared statements are changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  notificationChannel,
  prefixStatementName,
  queryMessage,
  splitFrames,
  sqlText,
  startupLengthBytes,
  transactionStatus,
  welcome,
} from './wire.ts';

const frame = (type: string, body: string): Buffer => {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(body));
  bytes.write(type, 0);
  bytes.writeUInt32BE(bytes.length - 1, 1);
  bytes.write(body, 5);
  return bytes;
};

test('messages that arrive in any pieces come out whole and in order', () => {
  const message = fc.tuple(fc.constantFrom('Q', 'P', 'S', 'Z'), fc.string({ maxLength: 20 }));
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(30)), (messages, cuts) => {
      const all = Buffer.concat(messages.map(([type, body]) => frame(type, body)));
      const got: string[] = [];
      let unread = Buffer.alloc(0);
      let at = 0;
      for (const cut of [...cuts, all.length]) {
        const next = Buffer.concat([unread, all.subarray(at, at + cut)]);
        at = Math.min(all.length, at + cut);
        const { frames, rest } = splitFrames(next);
        got.push(...frames.map((found) => found.type + found.bytes.toString('utf8', 5)));
        unread = Buffer.from(rest);
      }
      assert.equal(unread.length, 0);
      assert.deepEqual(
        got,
        messages.map(([type, body]) => type + body),
      );
    }),
    { seed: 6 },
  );
});

test('the start-up message is taken when it is whole', () => {
  const startup = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
  assert.equal(startupLengthBytes(startup.subarray(0, 3)), undefined);
  assert.equal(startupLengthBytes(startup.subarray(0, 7)), undefined);
  assert.equal(startupLengthBytes(Buffer.concat([startup, startup])), 8);
});

test('names of prepared statements get the prefix, all else stays', () => {
  const renamed = (type: string, body: string): string => {
    const [only] = splitFrames(frame(type, body)).frames;
    assert.ok(only !== undefined);
    const { frame: result } = prefixStatementName(only, 's1_');
    assert.equal(result.bytes.readUInt32BE(1), result.bytes.length - 1);
    return result.bytes.toString('utf8', 5);
  };
  assert.equal(renamed('P', 'name\0SELECT 1\0'), 's1_name\0SELECT 1\0');
  assert.equal(renamed('P', '\0SELECT 1\0'), '\0SELECT 1\0');
  assert.equal(renamed('B', 'portal\0name\0rest'), 'portal\0s1_name\0rest');
  assert.equal(renamed('B', '\0\0rest'), '\0\0rest');
  assert.equal(renamed('D', 'Sname\0'), 'Ss1_name\0');
  assert.equal(renamed('D', 'Pportal\0'), 'Pportal\0');
  assert.equal(renamed('C', 'Sname\0'), 'Ss1_name\0');
  assert.equal(renamed('Q', 'name\0'), 'name\0');
});

test('the text of a statement, the channel of a notification and the state of a transaction are read', () => {
  const [query] = splitFrames(queryMessage('LISTEN é')).frames;
  const [parse] = splitFrames(frame('P', 'name\0SELECT 1\0')).frames;
  const [note] = splitFrames(frame('A', '\0\0\0\u0001alarm\0fire\0')).frames;
  assert.ok(query !== undefined && parse !== undefined && note !== undefined);
  assert.equal(sqlText(query), 'LISTEN é');
  assert.equal(sqlText(parse), 'SELECT 1');
  assert.equal(sqlText(note), '');
  assert.equal(notificationChannel(note), 'alarm');
  const statuses = ['I', 'T', 'E'].map((letter) => splitFrames(frame('Z', letter)).frames[0]);
  assert.deepEqual(
    statuses.map((ready) => ready && transactionStatus(ready)),
    ['idle', 'open', 'failed'],
  );
  assert.deepEqual(
    splitFrames(welcome).frames.map((found) => found.type),
    ['R', 'Z'],
  );
});
