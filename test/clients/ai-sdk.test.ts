/** The AI SDK with its stock OpenAI-compatible provider against the API with a scripted model. Needs npm and a port. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import { serveApiFixture, type ServedFixture } from '../../src/testing/api-fixture.ts';
import { installNodeClients } from './install.ts';

const rules: readonly ScriptRule[] = [
  { match: { toolResult: '21' }, reply: { text: 'It is 21 degrees.' } },
  { match: { hasTools: true }, reply: { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] } },
  { match: { lastUser: 'book' }, reply: { text: '{"title":"Emma","year":1815}' } },
  { reply: { text: 'one two three' } },
];

async function open(): Promise<ServedFixture> {
  return await serveApiFixture({ engine: { models: [{ id: 'scripted' }], script: { rules } } });
}

async function connect(fixture: ServedFixture) {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const provider = createOpenAICompatible({
    name: 'gradus',
    baseURL: `${fixture.server.url}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return provider('scripted');
}

describe('AI SDK', () => {
  before(installNodeClients);

  test('the tests of this folder have right types', async () => {
    const tsc = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', import.meta.dirname], { timeout: 60_000 });
  });

  test('generateText gives text, finish reason and usage', async () => {
    const { generateText } = await import('ai');
    await using fixture = await open();
    const { text, finishReason, usage } = await generateText({
      model: await connect(fixture),
      prompt: 'count',
    });
    assert.deepEqual([text, finishReason], ['one two three', 'stop']);
    assert.ok((usage.inputTokens ?? 0) > 0 && (usage.outputTokens ?? 0) > 0);
  });

  test('streamText gives the same text in parts', async () => {
    const { streamText } = await import('ai');
    await using fixture = await open();
    const result = streamText({ model: await connect(fixture), prompt: 'count' });
    const parts = await Array.fromAsync(result.textStream);
    assert.equal(parts.join(''), 'one two three');
    assert.ok(parts.length > 1);
    assert.ok(((await result.usage).outputTokens ?? 0) > 0);
  });

  test('generateObject gives an object of the schema', async () => {
    const { generateObject } = await import('ai');
    const { z } = await import('zod');
    await using fixture = await open();
    const { object } = await generateObject({
      model: await connect(fixture),
      schema: z.object({ title: z.string(), year: z.number() }),
      prompt: 'a book',
    });
    assert.deepEqual(object, { title: 'Emma', year: 1815 });
  });

  test('a tool is called with its arguments, and its result comes back into the answer', async () => {
    const { generateText, stepCountIs, tool } = await import('ai');
    const { z } = await import('zod');
    await using fixture = await open();
    const asked: string[] = [];
    const { text } = await generateText({
      model: await connect(fixture),
      prompt: 'weather in Oslo?',
      stopWhen: stepCountIs(3),
      tools: {
        weather: tool({
          description: 'the weather of a city',
          inputSchema: z.object({ city: z.string() }),
          execute: ({ city }) => {
            asked.push(city);
            return { degrees: 21 };
          },
        }),
      },
    });
    assert.deepEqual([asked, text], [['Oslo'], 'It is 21 degrees.']);
  });
});
