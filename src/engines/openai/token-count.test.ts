/** Usage is believed where it can be, and what was seen is counted where it cannot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countReply, estimatePromptTokens, type SampleTrace } from './token-count.ts';
import type { UsagePiece } from './wire-chunk.ts';

const empty: SampleTrace = {
  textDeltas: 0,
  thoughtDeltas: 0,
  callDeltas: 0,
  textBytes: 0,
  thoughtBytes: 0,
  callBytes: 0,
  logprobEntries: 0,
  tokenIds: 0,
};
const text = (deltas: number): SampleTrace => ({ ...empty, textDeltas: deltas, textBytes: deltas * 4 });

function usage(outputTokens: number | undefined, reasoningTokens?: number): UsagePiece {
  return { inputTokens: 10, outputTokens, cachedTokens: 3, reasoningTokens };
}

const count = (
  traces: readonly SampleTrace[],
  found: UsagePiece | undefined,
  usageIsWrongForN = false,
): ReturnType<typeof countReply> => countReply({ traces, usage: found, usageIsWrongForN, promptEstimate: 8 });

test('usage that can be is believed to the token', () => {
  assert.deepEqual(count([text(5)], usage(6)), {
    samples: [{ sampledTokens: 6, thoughtTokens: 0 }],
    usage: { inputTokens: 10, cachedTokens: 3, outputTokens: 6, reasoningTokens: 0 },
    isEstimate: false,
  });
  const thinking = { ...text(5), thoughtDeltas: 3, thoughtBytes: 20 };
  assert.deepEqual(count([thinking], usage(9, 4)).samples, [{ sampledTokens: 9, thoughtTokens: 4 }]);
});

test('usage that tells one choice of many is found out, and all are counted', () => {
  const result = count(
    Array.from({ length: 8 }, () => text(200)),
    usage(200),
  );
  assert.equal(result.usage.outputTokens, 1600);
  assert.equal(result.isEstimate, true);
  const declared = count([text(10), text(1)], usage(11), true);
  assert.deepEqual([declared.usage.outputTokens, declared.isEstimate], [11, true]);
});

test('a believed total for many samples is split so that it sums up', () => {
  const result = count([text(3), text(9)], usage(14));
  assert.deepEqual(
    result.samples.map((sample) => sample.sampledTokens),
    [4, 10],
  );
  assert.equal(result.isEstimate, false);
  fc.assert(
    fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), fc.nat(30), (deltas, more) => {
      const total = deltas.reduce((sum, value) => sum + value, 0) + more;
      const { samples, usage: all } = count(deltas.map(text), usage(total));
      assert.equal(all.outputTokens, total);
      assert.equal(
        samples.reduce((sum, sample) => sum + sample.sampledTokens, 0),
        total,
      );
    }),
  );
});

test('without usage the count is an estimate, except by token ids', () => {
  const plain = count([text(5)], undefined);
  assert.deepEqual([plain.usage.inputTokens, plain.usage.outputTokens, plain.isEstimate], [8, 5, true]);
  const large = count([{ ...empty, textDeltas: 1, textBytes: 400 }], undefined);
  assert.equal(large.usage.outputTokens, 100);
  const ids = count([{ ...text(5), tokenIds: 7 }], usage(undefined));
  assert.deepEqual([ids.usage.outputTokens, ids.isEstimate], [7, false]);
});

test('usage below the entries that arrived is not believed; text cut into letters does not raise doubts by little', () => {
  assert.equal(count([{ ...text(5), logprobEntries: 9 }], usage(8)).usage.outputTokens, 9);
  assert.equal(count([text(12)], usage(8)).usage.outputTokens, 8);
  assert.equal(count([text(20)], usage(8)).usage.outputTokens, 20);
});

test('the thought of many samples is split by its share of the text', () => {
  const trace = { ...text(2), thoughtBytes: 8, thoughtDeltas: 2 };
  const { samples, usage: all } = count([trace, text(4)], usage(8, 99));
  assert.deepEqual(samples, [
    { sampledTokens: 4, thoughtTokens: 2 },
    { sampledTokens: 4, thoughtTokens: 0 },
  ]);
  assert.equal(all.reasoningTokens, 2);
});

test('a prompt is estimated from all that it holds', () => {
  const messages = [
    { role: 'system', parts: [{ type: 'text', text: 'a'.repeat(8) }] },
    { role: 'user', parts: [{ type: 'image', url: 'data:,', detail: 'auto' }] },
    { role: 'assistant', text: '', toolCalls: [{ id: '1', name: 'ffff', arguments: '{}' }] },
    { role: 'tool', toolCallId: '1', text: 'aaaa' },
  ] as const;
  assert.equal(
    estimatePromptTokens({ kind: 'chat', messages }, []),
    4 + (4 + 2) + (4 + 85) + (4 + 2) + (4 + 1),
  );
  assert.equal(estimatePromptTokens({ kind: 'text', text: 'a'.repeat(9) }, []), 3);
  assert.equal(estimatePromptTokens({ kind: 'tokens', tokens: [1, 2] }, []), 2);
});
