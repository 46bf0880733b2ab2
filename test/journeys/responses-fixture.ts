/** What the journeys of /v1/responses share: a scripted model, a served api, and what every stream must be. */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import OpenAI, { APIError } from 'openai';
import type { FunctionTool, Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { responseStreamEvent } from '../../src/api/wire/response.ts';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import {
  serveApiFixture,
  type ApiFixtureOptions,
  type ServedFixture,
} from '../../src/testing/api-fixture.ts';

export const rules: readonly ScriptRule[] = [
  { match: { toolResult: '21' }, reply: { text: 'It is 21 degrees.' } },
  {
    match: { hasTools: true },
    reply: {
      toolCalls: [
        { name: 'weather', arguments: { city: 'Oslo' } },
        { name: 'weather', arguments: { city: 'Rome' } },
      ],
    },
  },
  { match: { lastUser: 'Summarize' }, reply: { text: 'Ada likes tea.' } },
  { match: { lastUser: 'think' }, reply: { thought: 'let me see', text: 'seen' } },
  { match: { lastUser: 'slow' }, reply: { text: 'w '.repeat(2_000), tokensPerSecond: 50 } },
  { match: { lastUser: 'paced' }, reply: { text: 'one two three four five six', tokensPerSecond: 40 } },
  { match: { lastUser: 'refuse' }, reply: { fail: { code: 'queue-full' } } },
  {
    match: { lastUser: 'break' },
    reply: { text: 'a b c d', fail: { code: 'engine-failed', afterTokens: 2 } },
  },
  { match: { lastUser: 'what did I say' }, reply: ({ conversation }) => ({ text: conversation }) },
];

export const model = 'scripted';

export const weather: FunctionTool = {
  type: 'function',
  name: 'weather',
  description: null,
  strict: true,
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};

export async function open(options: ApiFixtureOptions = {}): Promise<ServedFixture> {
  return serveApiFixture({ stores: true, ...options, engine: { script: { rules }, ...options.engine } });
}

export function connect(fixture: ServedFixture): OpenAI {
  return new OpenAI({ baseURL: `${fixture.server.url}/v1`, apiKey: 'none', maxRetries: 0 });
}

export async function failure(work: Promise<unknown>): Promise<APIError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** Every event fits its schema, numbers have no gaps, and the first and the last are what clients rely on. */
export function checkStream(events: readonly ResponseStreamEvent[], from = 0): void {
  events.forEach((event, index) => {
    responseStreamEvent.parse(event);
    assert.equal(event.sequence_number, from + index);
  });
  if (from === 0) assert.equal(events[0]?.type, 'response.created');
  assert.match(events.at(-1)?.type ?? '', /^response\.(completed|incomplete|failed)$/);
}

export function textOf(events: readonly ResponseStreamEvent[]): string {
  return events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
}

export async function untilEnded(client: OpenAI, id: string): Promise<Response> {
  for (let i = 0; i < 400; i++) {
    const response = await client.responses.retrieve(id);
    if (response.status !== 'queued' && response.status !== 'in_progress') return response;
    await wait(5);
  }
  throw new Error('it never ended');
}

export async function raw(
  fixture: ServedFixture,
  path: string,
  body?: unknown,
): Promise<globalThis.Response> {
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
  return fetch(`${fixture.server.url}/v1${path}`, body === undefined ? {} : post);
}
