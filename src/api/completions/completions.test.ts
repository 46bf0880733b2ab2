/** Raw completions: all forms of prompts, choices counted across them, echo, log probabilities, streams. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApiFixture } from '../../testing/api-fixture.ts';
import { completion, type Completion } from '../wire/completion.ts';

async function ask(body: Readonly<Record<string, unknown>>) {
  await using fixture = createApiFixture({
    engine: {
      script: { rules: [{ match: { lastUser: 'boom' }, reply: { fail: { code: 'engine-failed' } } }] },
    },
  });
  return await fixture.client.json('/v1/completions', { body: { model: 'scripted', ...body } });
}

async function complete(body: Readonly<Record<string, unknown>>): Promise<Completion> {
  return completion.parse((await ask(body)).body);
}

async function stream(body: Readonly<Record<string, unknown>>): Promise<readonly Completion[]> {
  await using fixture = createApiFixture();
  const events = await Array.fromAsync(
    fixture.client.events('/v1/completions', { body: { model: 'scripted', stream: true, ...body } }),
  );
  assert.equal(events.pop()?.data, '[DONE]');
  return events.map((event) => completion.parse(JSON.parse(event.data)));
}

function textOf(chunks: readonly Completion[], index: number): string {
  return chunks
    .flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index).map((choice) => choice.text))
    .join('');
}

describe('raw completions', () => {
  test('take a text, texts, tokens and lists of tokens', async () => {
    const texts = (answer: Completion): string[] => answer.choices.map((choice) => choice.text);
    assert.deepEqual(texts(await complete({ prompt: 'a b' })), ['a b']);
    assert.deepEqual(texts(await complete({ prompt: ['a', 'b'] })), ['a', 'b']);
    assert.equal(texts(await complete({ prompt: [1, 2] })).length, 1);
    assert.equal(texts(await complete({ prompt: [[1], [2, 3]] })).length, 2);
  });

  test('count choices across prompts and add up their usage', async () => {
    const one = await complete({ prompt: 'a b', n: 2 });
    const two = await complete({ prompt: ['a b', 'c', 'd', 'e', 'f'], n: 2 });
    assert.deepEqual(
      two.choices.map((choice) => [choice.index, choice.text]),
      ['a b', 'a b', 'c', 'c', 'd', 'd', 'e', 'e', 'f', 'f'].map((text, index) => [index, text]),
    );
    assert.ok((two.usage?.prompt_tokens ?? 0) > (one.usage?.prompt_tokens ?? 0));
  });

  test('stop after 16 tokens unless told otherwise, as OpenAI does', async () => {
    const prompt = 'w '.repeat(40).trim();
    const short = await complete({ prompt });
    assert.deepEqual([short.usage?.completion_tokens, short.choices[0]?.finish_reason], [16, 'length']);
    assert.equal((await complete({ prompt, max_tokens: 30 })).usage?.completion_tokens, 30);
  });

  test('echo the prompt when asked to, streamed or not', async () => {
    assert.deepEqual(
      (await complete({ prompt: ['a', 'b'], echo: true })).choices.map((choice) => choice.text),
      ['aa', 'bb'],
    );
    const chunks = await stream({ prompt: ['a', 'b'], echo: true, n: 2 });
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => textOf(chunks, index)),
      ['aa', 'aa', 'bb', 'bb'],
    );
  });

  test('give log probabilities in the old form, with offsets that go on across chunks', async () => {
    const whole = (await complete({ prompt: 'a bc d', logprobs: 2 })).choices[0]?.logprobs;
    assert.deepEqual(whole?.tokens, ['a', ' bc', ' d']);
    assert.deepEqual(whole?.text_offset, [0, 1, 4]);
    assert.deepEqual(
      whole?.top_logprobs.map((top) => Object.keys(top).length),
      [2, 2, 2],
    );
    const parts = (await stream({ prompt: 'a bc d', logprobs: 2 })).flatMap(
      (chunk) => chunk.choices[0]?.logprobs ?? [],
    );
    assert.deepEqual(
      parts.flatMap((part) => part.text_offset),
      whole?.text_offset,
    );
    assert.deepEqual(
      parts.flatMap((part) => part.tokens),
      whole?.tokens,
    );
  });

  test('stream several prompts at once, with usage at the end when asked for', async () => {
    const prompts = Array.from({ length: 9 }, (_, index) => `prompt ${index}`);
    const chunks = await stream({ prompt: prompts, stream_options: { include_usage: true } });
    assert.deepEqual(
      prompts.map((_, index) => textOf(chunks, index)),
      prompts,
    );
    assert.equal(chunks.filter((chunk) => chunk.usage != null).length, 1);
    assert.ok((chunks.at(-1)?.usage?.total_tokens ?? 0) > 0);
  });

  test('fail as a whole when one prompt fails', async () => {
    const { status, body } = await ask({ prompt: ['a', 'boom', 'c'] });
    assert.deepEqual([status, (body as { error: { code: string } }).error.code], [500, 'engine_failed']);
  });

  const refused: readonly [Readonly<Record<string, unknown>>, string, string][] = [
    [{ prompt: 'a', suffix: 'b' }, 'unsupported_parameter', 'suffix'],
    [{ prompt: 'a', best_of: 3 }, 'unsupported_parameter', 'best_of'],
    [{ prompt: 'a', echo: true, logprobs: 1 }, 'unsupported_parameter', 'echo'],
    [{ prompt: [1, 2], echo: true }, 'unsupported_parameter', 'echo'],
    [{ prompt: 'a', tools: [] }, 'unsupported_parameter', 'tools'],
    [{ prompt: [] }, 'invalid_request', 'prompt'],
    [{ prompt: ['a', 1] }, 'invalid_request', 'prompt[1]'],
    [{ prompt: [-1] }, 'invalid_request', 'prompt[0]'],
    [{}, 'invalid_request', 'prompt'],
  ];
  for (const [body, code, param] of refused) {
    test(`refuse ${JSON.stringify(body)} naming ${param}`, async () => {
      const answer = await ask(body);
      const { error } = answer.body as { error: { code: string; param: string } };
      assert.deepEqual([answer.status, error.code, error.param], [400, code, param]);
    });
  }

  test('take best_of when it equals n, and no prompt of a level that they do not know', async () => {
    assert.equal((await complete({ prompt: 'a', n: 2, best_of: 2 })).choices.length, 2);
    assert.equal((await ask({ prompt: 'a', model: 'scripted:reason' })).status, 404);
  });
});
