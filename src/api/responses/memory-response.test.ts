/** Whatever a run emits, and however it ends: the events are numbered, ordered and valid, and add up to the object. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GradusError } from '../../kernel/errors.ts';
import { startRun } from '../../runtime/run.ts';
import type { NumberedEvent, ResponseRuns } from '../../runtime/response-runs.ts';
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { FinishReason, OutputItem } from '../../kernel/item.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { parse } from '../../kernel/schema.ts';
import { responseObject, responseStreamEvent } from '../wire/response.ts';
import { responseRequest } from '../wire/response-request.ts';
import { MemoryResponse } from './memory-response.ts';
import { toEventText } from './response-event.ts';
import { toResponseObject, type ResponseState } from './response-object.ts';
import { toEnvelope } from './response-request.ts';

const envelope = toEnvelope(parse(responseRequest, { model: 'm', input: 'x' }), { model: 'm', store: false });

interface Piece {
  readonly kind: 'message' | 'refusal' | 'reasoning' | 'summary' | 'function_call';
  readonly deltas: readonly string[];
}

type Ending = FinishReason | 'thrown';

const pieces = fc.array(
  fc.record({
    kind: fc.constantFrom<Piece['kind']>('message', 'refusal', 'reasoning', 'summary', 'function_call'),
    deltas: fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
  }),
  { maxLength: 4 },
);
const endings = fc.constantFrom<Ending>(
  'stop',
  'length',
  'tool_calls',
  'content_filter',
  'cancelled',
  'thrown',
);

test('any run gives a stream that is numbered, ordered and valid, and the object that its items make', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, endings, async (given, ending) => {
      const texts: string[] = [];
      const { state } = await play(given, ending, (event, at) => texts.push(toEventText(event, at)));
      const events = texts.map(readEventText);
      events.forEach((event, index) => {
        responseStreamEvent.parse(event);
        assert.equal(event['sequence_number'], index);
      });
      assert.deepEqual(
        events.slice(0, 2).map((event) => event['type']),
        ['response.created', 'response.in_progress'],
      );
      const last = events.at(-1);
      const expected = ending === 'thrown' ? 'failed' : toExpectedStatus(ending);
      assert.equal(last?.['type'], `response.${expected === 'cancelled' ? 'incomplete' : expected}`);
      assert.equal(events.filter((event) => 'response' in event).length, 3);
      const done = events.filter((event) => event['type'] === 'response.output_item.done');
      const object = last['response'];
      responseObject.parse(object);
      assert.deepEqual(
        (object as { output: unknown }).output,
        done.map((event) => event['item']),
      );
      if (state !== undefined) assert.deepEqual(object, JSON.parse(JSON.stringify(toResponseObject(state))));
    }),
    { numRuns: 100 },
  );
});

test('a delta carries its own text and no more, however long the answer', async () => {
  const sizes: number[] = [];
  const deltas = Array.from({ length: 500 }, () => '12345678');
  await play([{ kind: 'message', deltas }], 'stop', (event, at) => {
    if (event.event.type.endsWith('.delta')) sizes.push(toEventText(event, at).length);
  });
  assert.equal(sizes.length, 500);
  assert.ok(Math.max(...sizes) < 260, `${Math.max(...sizes)}`);
});

test('thoughts go by the names that OpenAI clients demand, with the part that they add to', async () => {
  const events: Readonly<Record<string, unknown>>[] = [];
  await play([{ kind: 'reasoning', deltas: ['a'] }], 'stop', (event, at) => {
    events.push(readEventText(toEventText(event, at)));
  });
  assert.deepEqual(events.map((event) => event['type']).slice(2, 5), [
    'response.output_item.added',
    'response.reasoning_text.delta',
    'response.reasoning_text.done',
  ]);
  const item = events[2]?.['item'] as OutputItem | undefined;
  assert.deepEqual(item?.type === 'reasoning' && item.content, [{ type: 'reasoning_text', text: '' }]);
});

test('an item that comes anew is taken out of the response by an event that clients know', () => {
  const state: ResponseState = { id: 'resp_1', envelope, status: 'in_progress', createdAtMs: 0, output: [] };
  const event = { type: 'gradus.item_restarted', item_id: 'msg_1' } as const;
  const read = readEventText(toEventText({ sequence_number: 9, event }, state));
  responseStreamEvent.parse(read);
  assert.equal(read['type'], 'response.in_progress');
  assert.deepEqual((read['response'] as { gradus: unknown }).gradus, { restarted_item: 'msg_1' });
});

/** Plays a run of these pieces; gives the state that it ended with, unless it failed. */
async function play(
  given: readonly Piece[],
  ending: Ending,
  onEvent: (event: NumberedEvent, state: ResponseState) => void,
): Promise<{ readonly state: ResponseState | undefined }> {
  const run = startRun({
    id: 'run_1',
    async work(scope): Promise<LevelResult> {
      given.forEach((piece, index) => toEvents(piece, index).forEach((event) => scope.emit(event)));
      await Promise.resolve();
      if (ending === 'thrown') throw new GradusError('engine-failed', { message: 'broken' });
      const usage = { inputTokens: 1, cachedTokens: 0, outputTokens: 2, reasoningTokens: 1 };
      return { usage, finishReasons: [ending] };
    },
  });
  const response = new MemoryResponse({ id: 'resp_1', envelope, clock: createFakeClock(), run, onEvent });
  try {
    return { state: await response.finish() };
  } catch (error) {
    assert.ok(error instanceof GradusError && ending === 'thrown');
    return { state: undefined };
  }
}

function toExpectedStatus(reason: FinishReason): Awaited<ReturnType<ResponseRuns['start']>>['status'] {
  if (reason === 'cancelled') return 'cancelled';
  return reason === 'stop' || reason === 'tool_calls' ? 'completed' : 'incomplete';
}

function readEventText(text: string): Readonly<Record<string, unknown>> {
  const match = /^event: (\S+)\ndata: (.*)\n\n$/.exec(text);
  assert.ok(match !== null, text);
  const data = JSON.parse(match[2] ?? '') as Record<string, unknown>;
  assert.equal(data['type'], match[1]);
  return data;
}

function toEvents(piece: Piece, index: number): readonly LevelEvent[] {
  const text = piece.deltas.join('');
  const at = { item_id: `item_${index}`, output_index: index };
  const inPart = { ...at, content_index: 0 };
  const item = (isDone: boolean): OutputItem => {
    const common = { id: at.item_id, status: isDone ? 'completed' : 'in_progress' } as const;
    switch (piece.kind) {
      case 'message':
        return { type: 'message', ...common, role: 'assistant', content: isDone ? [said(text)] : [] };
      case 'refusal':
        return { type: 'message', ...common, role: 'assistant', content: isDone ? [refused(text)] : [] };
      case 'reasoning':
        return {
          type: 'reasoning',
          ...common,
          summary: [],
          content: isDone ? [{ type: 'reasoning_text', text }] : [],
        };
      case 'summary':
        return {
          type: 'reasoning',
          ...common,
          summary: isDone ? [{ type: 'summary_text', text }] : [],
          content: [],
        };
      case 'function_call':
        return {
          type: 'function_call',
          ...common,
          call_id: `call_${index}`,
          name: 'f',
          arguments: isDone ? text : '',
        };
    }
  };
  const inside = (): readonly LevelEvent[] => {
    const each = (make: (delta: string) => LevelEvent): readonly LevelEvent[] => piece.deltas.map(make);
    switch (piece.kind) {
      case 'message':
        return [
          { type: 'response.content_part.added', ...inPart, part: said('') },
          ...each((delta) => ({ type: 'response.output_text.delta', ...inPart, delta, logprobs: [] })),
          { type: 'response.output_text.done', ...inPart, text, logprobs: [] },
          { type: 'response.content_part.done', ...inPart, part: said(text) },
        ];
      case 'refusal':
        return [
          { type: 'response.content_part.added', ...inPart, part: refused('') },
          ...each((delta) => ({ type: 'response.refusal.delta', ...inPart, delta })),
          { type: 'response.refusal.done', ...inPart, refusal: text },
          { type: 'response.content_part.done', ...inPart, part: refused(text) },
        ];
      case 'reasoning':
        return [
          ...each((delta) => ({ type: 'response.reasoning.delta', ...inPart, delta })),
          { type: 'response.reasoning.done', ...inPart, text },
        ];
      case 'summary': {
        const inSummary = { ...at, summary_index: 0 };
        const part = (text: string) => ({ type: 'summary_text' as const, text });
        return [
          { type: 'response.reasoning_summary_part.added', ...inSummary, part: part('') },
          ...each((delta) => ({ type: 'response.reasoning_summary_text.delta', ...inSummary, delta })),
          { type: 'response.reasoning_summary_text.done', ...inSummary, text },
          { type: 'response.reasoning_summary_part.done', ...inSummary, part: part(text) },
        ];
      }
      case 'function_call':
        return [
          ...each((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
          { type: 'response.function_call_arguments.done', ...at, name: 'f', arguments: text },
        ];
    }
  };
  return [
    { type: 'response.output_item.added', output_index: index, item: item(false), choice: 0 },
    ...inside(),
    { type: 'response.output_item.done', output_index: index, item: item(true), choice: 0 },
  ];
}

function said(text: string): { type: 'output_text'; text: string; annotations: []; logprobs: [] } {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function refused(refusal: string): { type: 'refusal'; refusal: string } {
  return { type: 'refusal', refusal };
}
