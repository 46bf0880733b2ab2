/** Code that runs again after a crash adds what the log lacks: nothing twice, nothing lost, and new items for those that began anew. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MessageItem } from '../kernel/item.ts';
import { EmissionFold, OutputFold, type ResponseEvent } from './event-fold.ts';

function message(id: string, text?: string): MessageItem {
  return {
    type: 'message',
    id,
    status: text === undefined ? 'in_progress' : 'completed',
    role: 'assistant',
    content: text === undefined ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
}

function delta(id: string, text: string): ResponseEvent {
  return {
    type: 'response.output_text.delta',
    item_id: id,
    output_index: 0,
    content_index: 0,
    delta: text,
    logprobs: Array.from(text).map((token) => ({ token, logprob: -1, bytes: [], top_logprobs: [] })),
  };
}

/** The events of one message whose text comes in pieces of these lengths. */
function answer(text: string, cuts: readonly number[]): ResponseEvent[] {
  const deltas: ResponseEvent[] = [];
  for (let from = 0, i = 0; from < text.length; i++) {
    const to = from + (cuts[i % cuts.length] ?? 1);
    deltas.push(delta('m', text.slice(from, to)));
    from = to;
  }
  return [
    { type: 'response.output_item.added', output_index: 0, item: message('m'), choice: 0 },
    ...deltas,
    { type: 'response.output_item.done', output_index: 0, item: message('m', text), choice: 0 },
  ];
}

const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
const textOf = (events: readonly ResponseEvent[]): string =>
  events.map((event) => ('delta' in event ? event.delta : '')).join('');

describe('the fold of what was emitted', () => {
  test('completes any cut of the log to the whole, however the second life cuts its deltas', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), cuts, cuts, fc.nat(50), (text, first, second, kept) => {
        const log = answer(text, first).slice(0, kept);
        const fold = new EmissionFold();
        for (const event of log) fold.absorb(event);
        for (const event of answer(text, second)) {
          const fresh = fold.admit(event);
          if (fresh !== undefined) log.push(fresh);
        }
        assert.equal(textOf(log), text);
        assert.equal(log.filter((event) => event.type === 'response.output_item.added').length, 1);
        assert.equal(log.filter((event) => event.type === 'response.output_item.done').length, 1);
        for (const event of log) {
          if (event.type !== 'response.output_text.delta') continue;
          assert.equal(event.logprobs.map(({ token }) => token).join(''), event.delta);
        }
      }),
    );
  });

  test('forgets the items that the second life has not come to, so that they come anew', () => {
    const fold = new EmissionFold();
    for (const event of answer('old words', [3]).slice(0, 3)) fold.absorb(event);
    assert.deepEqual(fold.forgetUnclaimed(), ['m']);
    const again = answer('new', [1]);
    assert.deepEqual(
      again.map((event) => fold.admit(event)),
      again,
    );
  });

  test('keeps an item that the second life has come to', () => {
    const fold = new EmissionFold();
    const events = answer('words', [2]);
    for (const event of events) fold.absorb(event);
    for (const event of events.slice(0, 1)) fold.admit(event);
    assert.deepEqual(fold.forgetUnclaimed(), []);
  });
});

describe('the fold of the output', () => {
  test('gives done items as they are and open ones with their text so far', () => {
    const fold = new OutputFold();
    for (const event of answer('abc', [1]).slice(0, 3)) fold.add(event);
    assert.deepEqual(fold.items(), [{ ...message('m', 'ab'), status: 'in_progress' }]);
    for (const event of answer('abc', [1]).slice(3)) fold.add(event);
    assert.deepEqual(fold.items(), [message('m', 'abc')]);
    fold.add({ type: 'gradus.item_restarted', item_id: 'm' });
    assert.deepEqual(fold.items(), []);
  });
});
