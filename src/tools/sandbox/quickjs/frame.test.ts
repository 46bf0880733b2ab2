import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader, maxFrameBytes, toFrame, type WorkerReply } from './frame.ts';

const reply = (printed: string): WorkerReply => ({
  kind: 'ran',
  report: { kind: 'value', json: '1' },
  printed,
  rssBytes: 1,
  cpuMs: 1,
});

test('frames come out whole and in order, however the bytes are cut', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 50 }), { maxLength: 5 });
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (printed, cuts) => {
      const bytes = Buffer.concat(printed.map((text) => toFrame(reply(text))));
      const reader = new FrameReader();
      const found: unknown[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const length = cuts[turn % cuts.length] ?? 1;
        reader.push(bytes.subarray(at, at + length));
        at += length;
        for (let frame = reader.next(); frame.kind === 'frame'; frame = reader.next()) found.push(frame.body);
      }
      assert.ok(reader.isEmpty);
      assert.deepEqual(
        found,
        printed.map((text) => JSON.parse(JSON.stringify(reply(text)))),
      );
    }),
  );
});

test('a frame that promises too much or is no JSON is broken', () => {
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32LE(maxFrameBytes + 1);
  const noJson = Buffer.from([2, 0, 0, 0, 0x7b, 0x7b]);
  for (const bytes of [tooLong, noJson, Buffer.from('hello, I am not a frame')]) {
    const reader = new FrameReader();
    reader.push(bytes);
    assert.equal(reader.next().kind, 'broken');
  }
});
