/** Items become the messages that chat templates know: one message for each turn of the assistant. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Item } from '../../kernel/item.ts';
import { toChatMessages, toPrompt } from './prompt.ts';

const user = (text: string): Item => ({
  type: 'message',
  id: 'msg_1',
  status: 'completed',
  role: 'user',
  content: [{ type: 'input_text', text }],
});
const assistant = (text: string): Item => ({
  type: 'message',
  id: 'msg_2',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
});
const call = (id: string): Item => ({
  type: 'function_call',
  id: `fc_${id}`,
  status: 'completed',
  call_id: id,
  name: 'look',
  arguments: `{"at":"${id}"}`,
});
const output = (id: string): Item => ({
  type: 'function_call_output',
  id: `fco_${id}`,
  status: 'completed',
  call_id: id,
  output: `seen ${id}`,
});
const thought = (text: string): Item => ({
  type: 'reasoning',
  id: 'rs_1',
  status: 'completed',
  summary: [],
  content: [{ type: 'reasoning_text', text }],
});
const toolCall = (id: string) => ({ id, name: 'look', arguments: `{"at":"${id}"}` });

describe('items as chat messages', () => {
  test('instructions come first, and developer messages are system messages', () => {
    const developer: Item = {
      type: 'message',
      id: 'msg_0',
      status: 'completed',
      role: 'developer',
      content: [{ type: 'input_text', text: 'be kind' }],
    };
    assert.deepEqual(toChatMessages([developer, user('hi')], 'be short'), [
      { role: 'system', parts: [{ type: 'text', text: 'be short' }] },
      { role: 'system', parts: [{ type: 'text', text: 'be kind' }] },
      { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
    ]);
  });

  test('thought, text and parallel calls of one turn are one message, followed by the results', () => {
    const items = [
      user('look'),
      thought('hm'),
      assistant('wait'),
      call('a'),
      call('b'),
      output('a'),
      output('b'),
    ];
    assert.deepEqual(toChatMessages(items).slice(1), [
      { role: 'assistant', text: 'wait', thought: 'hm', toolCalls: [toolCall('a'), toolCall('b')] },
      { role: 'tool', toolCallId: 'a', text: 'seen a' },
      { role: 'tool', toolCallId: 'b', text: 'seen b' },
    ]);
  });

  test('a new turn begins after results, and when the assistant speaks twice', () => {
    assert.deepEqual(
      toChatMessages([call('a'), output('a'), call('b'), output('b'), assistant('x'), assistant('y')]),
      [
        { role: 'assistant', text: '', toolCalls: [toolCall('a')] },
        { role: 'tool', toolCallId: 'a', text: 'seen a' },
        { role: 'assistant', text: '', toolCalls: [toolCall('b')] },
        { role: 'tool', toolCallId: 'b', text: 'seen b' },
        { role: 'assistant', text: 'x', toolCalls: [] },
        { role: 'assistant', text: 'y', toolCalls: [] },
      ],
    );
  });

  test('thought after text belongs to the next turn', () => {
    assert.deepEqual(toChatMessages([assistant('x'), thought('hm'), assistant('y')]), [
      { role: 'assistant', text: 'x', toolCalls: [] },
      { role: 'assistant', text: 'y', thought: 'hm', toolCalls: [] },
    ]);
  });

  test('images stay where they are among the text', () => {
    const item: Item = {
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'user',
      content: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
      ],
    };
    assert.deepEqual(toChatMessages([item]), [
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'see' },
          { type: 'image', url: 'data:image/png;base64,AA==', detail: 'low' },
        ],
      },
    ]);
  });

  test('a refusal of before is text that the assistant said', () => {
    const refused: Item = {
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'refusal', refusal: 'no' }],
    };
    assert.deepEqual(toChatMessages([refused]), [{ role: 'assistant', text: 'no', toolCalls: [] }]);
  });
});

test('raw prompts go to the engine as they are, as text or as tokens', () => {
  assert.deepEqual(toPrompt({ kind: 'raw', prompt: 'once' }), { kind: 'text', text: 'once' });
  assert.deepEqual(toPrompt({ kind: 'raw', prompt: [1, 2] }), { kind: 'tokens', tokens: [1, 2] });
});
