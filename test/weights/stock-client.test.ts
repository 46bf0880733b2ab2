/** The `openai` client for Node against `gradus serve` with a real model, as a user would. Needs weights and a port. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { installPythonClients } from '../clients/install.ts';
import { mainFile, serveProgram, type ServedProgram } from './program.ts';

const model = 'qwen2.5-coder-0.5b-instruct';
const run = promisify(execFile);

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city', 'unit'],
      additionalProperties: false,
    },
  },
} as const;

describe('stock clients and a real model', { timeout: 280_000 }, () => {
  let program: ServedProgram;
  let client: OpenAI;
  before(async () => {
    program = await serveProgram(model, [model, 'smollm2-135m-instruct']);
    client = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  after(async () => {
    assert.equal(await program.stop(), 0, 'Ctrl-C ends the server with exit code 0');
    await program[Symbol.asyncDispose]();
  });

  test('lists the models that are here', async () => {
    const ids = (await client.models.list()).data.map((entry) => entry.id);
    assert.ok(ids.includes(model) && ids.includes('smollm2-135m-instruct'), ids.join());
  });

  test('answers a question, whole and streamed, the same under one seed', async () => {
    const asked = {
      model,
      messages: [{ role: 'user' as const, content: 'What is the capital of France? One word.' }],
      temperature: 0,
      max_tokens: 20,
    };
    const whole = await client.chat.completions.create(asked);
    assert.match(whole.choices[0]?.message.content ?? '', /Paris/);
    assert.ok((whole.usage?.completion_tokens ?? 0) > 0);
    let streamed = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(streamed, whole.choices[0]?.message.content);
    assert.equal(usage?.completion_tokens, whole.usage?.completion_tokens);
  });

  test('a second turn reuses the first', async () => {
    const first = {
      role: 'user' as const,
      content: 'Explain in two sentences why the sky is blue, please, so that a child understands it.',
    };
    const asked = { model, temperature: 0, max_tokens: 60 };
    const one = await client.chat.completions.create({ ...asked, messages: [first] });
    const answer = one.choices[0]?.message.content ?? '';
    const two = await client.chat.completions.create({
      ...asked,
      messages: [first, { role: 'assistant', content: answer }, { role: 'user', content: 'Thanks!' }],
    });
    const cached = two.usage?.prompt_tokens_details?.cached_tokens ?? 0;
    const before = (one.usage?.prompt_tokens ?? 0) + (one.usage?.completion_tokens ?? 0);
    assert.ok(cached >= 0.95 * before - 2, `${cached} of ${before} tokens were reused`);
  });

  test('a tool goes round: call, result, answer', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'What is the weather in Oslo in celsius?' },
    ];
    const asked = { model, tools: [weather], temperature: 0, max_tokens: 120 };
    const first = await client.chat.completions.create({
      ...asked,
      messages,
      tool_choice: 'required',
      parallel_tool_calls: false,
    });
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
    const [call] = first.choices[0]?.message.tool_calls ?? [];
    assert.ok(call?.type === 'function');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Oslo', unit: 'celsius' });
    const second = await client.chat.completions.create({
      ...asked,
      tool_choice: 'none',
      messages: [
        ...messages,
        first.choices[0].message,
        { role: 'tool', tool_call_id: call.id, content: '{"temperature": 21, "sky": "clear"}' },
      ],
    });
    assert.match(second.choices[0]?.message.content ?? '', /21/);
  });

  test('a schema is kept at any temperature', async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0, maximum: 120 } },
      required: ['name', 'age'],
      additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Invent a person.' }],
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
      temperature: 1.5,
      n: 3,
      seed: 1,
      max_tokens: 200,
    });
    for (const choice of answer.choices) {
      const person: { name: unknown; age: unknown } = JSON.parse(choice.message.content ?? '');
      assert.equal(typeof person.name, 'string');
      assert.ok(Number.isInteger(person.age), choice.message.content ?? '');
    }
  });

  test('embeddings of like sentences are nearer than of unlike ones', async () => {
    const { data } = await client.embeddings.create({
      model,
      input: ['The cat sits on the mat.', 'A cat is sitting on a mat.', 'Interest rates rose in May.'],
    });
    const [a, b, c] = data.map((entry) => entry.embedding);
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const dot = (x: readonly number[], y: readonly number[]): number =>
      x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
    assert.ok(Math.abs(dot(a, a) - 1) < 1e-3);
    assert.ok(dot(a, b) > dot(a, c), `${dot(a, b)} against ${dot(a, c)}`);
  });

  test('errors are the classes that the client knows', async () => {
    const messages = [{ role: 'user' as const, content: 'hello' }];
    await assert.rejects(
      client.chat.completions.create({ model: 'qwen2.5-coder-0.5b', messages }),
      (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.match(error.message, /qwen2\.5-coder-0\.5b-instruct/, 'names the near model');
        return true;
      },
    );
    await assert.rejects(
      client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'word '.repeat(20_000) }],
      }),
      (error) => error instanceof OpenAI.BadRequestError && /\d{5}/.test(error.message),
    );
  });

  test('a client that goes away frees its slot', async () => {
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { model, messages: [{ role: 'user', content: 'Count to a thousand.' }], stream: true },
      { signal: controller.signal },
    );
    for await (const _chunk of stream) {
      controller.abort();
      break;
    }
    for (let attempt = 0; ; attempt++) {
      const metrics = await (await fetch(`${program.url}/metrics`)).text();
      if (/gradus_running\{[^}]*\} 0/.test(metrics) || !/gradus_running\{/.test(metrics)) break;
      assert.ok(attempt < 50, metrics);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test('gradus ask talks to the running server and prints the answer and nothing else', async () => {
    const port = new URL(program.url).port;
    const { stdout } = await run(
      process.execPath,
      [mainFile, 'ask', 'What is 2+2? Answer with the number only.', '--model', model, '--temperature', '0'],
      { env: { ...process.env, GRADUS_HOME: program.home, GRADUS_PORT: port } },
    );
    assert.match(stdout, /^\D{0,20}4\b/);
  });

  test('a second server on the same home is refused, naming the holder', async () => {
    const second = run(process.execPath, [mainFile, 'serve', '--port', '0', '--model', model], {
      env: { ...process.env, GRADUS_HOME: program.home },
    });
    await assert.rejects(second, (error: { code?: number; stderr?: string }) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr ?? '', new RegExp(String(program.processId)));
      return true;
    });
  });

  test('the openai client for Python talks to it too', async () => {
    const environment = await installPythonClients();
    const code = `
import openai, sys
client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
model = sys.argv[2]
messages = [{"role": "user", "content": "What is the capital of Italy? One word."}]
answer = client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=20)
assert "Rome" in answer.choices[0].message.content, answer
text = ""
for chunk in client.chat.completions.create(model=model, messages=messages, temperature=0, max_tokens=20, stream=True):
    if chunk.choices: text += chunk.choices[0].delta.content or ""
assert text == answer.choices[0].message.content, text
tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"], "additionalProperties": False}}}
call = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Add 2 and 3."}], tools=[tool], tool_choice={"type": "function", "function": {"name": "add"}}, temperature=0, max_tokens=60)
assert call.choices[0].message.tool_calls[0].function.name == "add"
vector = client.embeddings.create(model=model, input="hello").data[0].embedding
assert len(vector) > 100
try:
    client.chat.completions.create(model="nobody", messages=messages)
    raise SystemExit("an unknown model was answered")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error.code
print("all well")
`;
    const { stdout } = await run('python3', ['-c', code, `${program.url}/v1`, model], {
      env: { ...process.env, ...environment },
      timeout: 120_000,
    });
    assert.match(stdout, /all well/);
  });
});
