/** Whatever is wrong with an input, the error must name the field by a path that the caller can find. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { GradusError, type ErrorCode } from './errors.ts';
import { parse, unsupported } from './schema.ts';

const part = z.union([
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('image'), image: z.strictObject({ url: z.string(), width: z.number() }) }),
]);
const chat = z.strictObject({
  model: z.string(),
  messages: z.array(
    z.strictObject({ role: z.enum(['user', 'assistant']), content: z.union([z.string(), z.array(part)]) }),
  ),
  n: z
    .int()
    .positive()
    .refine((n) => n <= 8, { message: 'at most 8 are served', params: unsupported })
    .optional(),
});

function failure(input: unknown, code?: ErrorCode): GradusError {
  try {
    parse(chat, input, code);
  } catch (error) {
    if (error instanceof GradusError) return error;
    throw error;
  }
  throw new Error('the input was accepted');
}

const message = (content: unknown): unknown => ({ model: 'm', messages: [{ role: 'user', content }] });

describe('parse', () => {
  test('gives the parsed value back', () => {
    const input = { model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], n: 2 };
    assert.deepEqual(parse(chat, input), input);
  });

  const cases: readonly [name: string, input: unknown, param: string | undefined, says: RegExp][] = [
    ['a missing field', { messages: [] }, 'model', /expected string/],
    ['a wrong type at the top', [], undefined, /expected object/],
    ['a wrong type', { model: 7, messages: [] }, 'model', /expected string/],
    ['a wrong type in an array', { model: 'm', messages: [7] }, 'messages[0]', /expected object/],
    [
      'a wrong word',
      { model: 'm', messages: [{ role: 'boss', content: '' }] },
      'messages[0].role',
      /user.*assistant/,
    ],
    [
      'a wrong field in the meant alternative',
      message([{ type: 'text', text: 7 }]),
      'messages[0].content[0].text',
      /string/,
    ],
    [
      'a wrong field two unions deep',
      message([
        { type: 'text', text: '' },
        { type: 'image', image: { url: '', width: 'wide' } },
      ]),
      'messages[0].content[1].image.width',
      /expected number/,
    ],
    ['a value that fits no alternative', message(7), 'messages[0].content', /./],
  ];
  for (const [name, input, param, says] of cases) {
    test(`${name} is named by its path`, () => {
      const error = failure(input);
      assert.deepEqual([error.code, error.details.param], ['invalid-request', param]);
      assert.match(error.message, says);
      if (param !== undefined) assert.ok(error.message.startsWith(`${param}: `), error.message);
    });
  }

  test('an unknown field is refused by name, at any depth', () => {
    assert.deepEqual(
      [{ model: 'm', messages: [], top: 1 }, message([{ type: 'text', text: '', bold: true }])].map(
        (input) => {
          const { code, details } = failure(input);
          return [code, details.param];
        },
      ),
      [
        ['unsupported-parameter', 'top'],
        ['unsupported-parameter', 'messages[0].content[0].bold'],
      ],
    );
  });

  test('a known value that cannot be honoured is "unsupported", not "wrong"', () => {
    const error = failure({ model: 'm', messages: [], n: 9 });
    assert.deepEqual(
      [error.code, error.details.param, error.message],
      ['unsupported-parameter', 'n', 'n: at most 8 are served'],
    );
    assert.equal(failure({ model: 'm', messages: [], n: 0 }).code, 'invalid-request');
  });

  test('another code than that of requests is kept for every fault', () => {
    assert.equal(failure({ messages: [] }, 'invalid-config').code, 'invalid-config');
    assert.equal(failure({ model: 'm', messages: [], top: 1 }, 'invalid-config').code, 'invalid-config');
  });
});
