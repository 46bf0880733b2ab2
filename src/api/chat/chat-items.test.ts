/** Messages become items; calls and their results must match up, and the message says which one does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GradusError } from '../../kernel/errors.ts';
import type { ChatMessageBody } from '../wire/chat-message.ts';
import { toItems } from './chat-items.ts';

const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'look', arguments: '{}' } });
const calls = (...ids: string[]): ChatMessageBody => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map(call),
});
const result = (id: string): ChatMessageBody => ({ role: 'tool', tool_call_id: id, content: `seen ${id}` });

/** The items in short: type, role or call, and text. */
function shorten(messages: readonly ChatMessageBody[]): string[] {
  return toItems(messages).map((item) => {
    switch (item.type) {
      case 'message':
        return `${item.role}: ${item.content.map((part) => ('text' in part ? part.text : part.type)).join('|')}`;
      case 'reasoning':
        return `thought: ${item.content.map((part) => part.text).join('|')}`;
      case 'function_call':
        return `call ${item.call_id}: ${item.name}`;
      case 'function_call_output':
        return `result ${item.call_id}: ${item.output}`;
    }
  });
}

function refusal(messages: readonly ChatMessageBody[]): string | undefined {
  try {
    toItems(messages);
  } catch (error) {
    assert.ok(error instanceof GradusError && error.code === 'invalid-request');
    return error.details.param;
  }
  throw new Error('it was not refused');
}

describe('chat messages as items', () => {
  test('a round of tools in all its parts', () => {
    assert.deepEqual(
      shorten([
        { role: 'developer', content: 'be kind' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: 'wait', reasoning_content: 'hm', tool_calls: [call('1'), call('2')] },
        {
          role: 'tool',
          tool_call_id: '2',
          content: [
            { type: 'text', text: 'x' },
            { type: 'text', text: 'y' },
          ],
          name: 'look',
        },
        result('1'),
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'so' },
            { type: 'refusal', refusal: 'no' },
          ],
        },
      ]),
      [
        'developer: be kind',
        'user: a|b',
        'thought: hm',
        'assistant: wait',
        'call 1: look',
        'call 2: look',
        'result 2: xy',
        'result 1: seen 1',
        'assistant: so|refusal',
      ],
    );
  });

  test('the name of a speaker goes before what is said, so that the model reads it', () => {
    assert.deepEqual(
      shorten([
        { role: 'user', name: 'Ann', content: 'hi' },
        {
          role: 'user',
          name: 'Bob',
          content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }],
        },
      ]),
      ['user: Ann: hi', 'user: Bob:|input_image'],
    );
  });

  const broken: readonly [string, readonly ChatMessageBody[], string][] = [
    ['a result without a call', [{ role: 'user', content: 'x' }, result('1')], 'messages[1].tool_call_id'],
    ['a result with another id', [calls('1'), result('2')], 'messages[1].tool_call_id'],
    ['a result given twice', [calls('1'), result('1'), result('1')], 'messages[2].tool_call_id'],
    [
      'a call without a result',
      [calls('1', '2'), result('1'), { role: 'user', content: 'x' }],
      'messages[0].tool_calls',
    ],
    ['a call at the end', [calls('1')], 'messages[0].tool_calls'],
    ['one id for two calls', [calls('1', '1')], 'messages[0].tool_calls[1].id'],
    [
      'a result under the name of another function',
      [calls('1'), { role: 'tool', tool_call_id: '1', content: '', name: 'listen' }],
      'messages[1].name',
    ],
    [
      'an assistant message with nothing in it',
      [{ role: 'assistant', content: null }],
      'messages[0].content',
    ],
  ];
  for (const [what, messages, param] of broken) {
    test(`refuses ${what}`, () => {
      assert.equal(refusal(messages), param);
    });
  }
});
