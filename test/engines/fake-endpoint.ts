/**
 * An OpenAI-compatible server on a port of this machine, with a scripted engine behind it: what the openai
 * engine is tested against. It can misbehave in the ways that real servers do.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { GradusError } from '../../src/kernel/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/kernel/json.ts';
import type { ChatMessage, Engine, GenerateRequest, Prompt } from '../../src/engines/engine.ts';

/** A body as it came. */
type AnyBody = Readonly<Record<string, unknown>>;

const partSchema = z.object({
  type: z.enum(['text', 'image_url']),
  text: z.string().optional(),
  image_url: z
    .object({ url: z.string(), detail: z.enum(['low', 'high', 'auto']).default('auto') })
    .optional(),
});
const messageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.null(), z.array(partSchema)]).default(null),
  tool_calls: z
    .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
    .default([]),
  tool_call_id: z.string().default(''),
});
const jsonObject = z.custom<JsonObject>(isJsonObject);
const bodySchema = z.looseObject({
  model: z.string(),
  messages: z.array(messageSchema).optional(),
  prompt: z.union([z.string(), z.array(z.number())]).optional(),
  input: z.array(z.union([z.string(), z.array(z.number())])).optional(),
  n: z.number().default(1),
  max_tokens: z.number().optional(),
  temperature: z.number().default(1),
  seed: z.number().optional(),
  stop: z.array(z.string()).default([]),
  tools: z.array(z.object({ function: z.object({ name: z.string(), parameters: jsonObject }) })).default([]),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.object({ function: z.object({ name: z.string() }) })])
    .default('auto'),
  parallel_tool_calls: z.boolean().default(true),
  response_format: z
    .object({ type: z.string(), json_schema: z.object({ name: z.string(), schema: jsonObject }).optional() })
    .optional(),
  logprobs: z.union([z.boolean(), z.number()]).optional(),
  top_logprobs: z.number().default(0),
  return_token_ids: z.boolean().optional(),
});

type WireBody = z.output<typeof bodySchema>;

export interface FakeEndpointOptions {
  readonly engine: Engine;
  /** `one-choice`: as llama-server, the tokens of one choice for all; `none`: no usage at all. */
  readonly usage?: 'exact' | 'one-choice' | 'none';
  /** Answers with one choice however many are asked for. */
  readonly ignoresN?: boolean;
  /** Takes a demand for tool calls and does not keep it. */
  readonly ignoresToolChoice?: boolean;
  /** Sends the thought under this name. */
  readonly thoughtField?: 'reasoning_content' | 'reasoning';
  /** Answers itself and returns true, or lets the server answer. `count` is 1 for the first request. */
  readonly interfere?: (call: {
    readonly path: string;
    readonly body: AnyBody | undefined;
    readonly count: number;
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
  }) => boolean | Promise<boolean>;
}

export interface FakeEndpoint extends AsyncDisposable {
  readonly baseUrl: string;
  /** Bodies and headers of what was asked, in order. */
  readonly asked: {
    readonly path: string;
    readonly body: AnyBody | undefined;
    readonly headers: IncomingMessage['headers'];
  }[];
  /** How many connections were ever opened. */
  connectionCount(): number;
}

export async function openFakeEndpoint(options: FakeEndpointOptions): Promise<FakeEndpoint> {
  const asked: { path: string; body: AnyBody | undefined; headers: IncomingMessage['headers'] }[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    void serve(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body: AnyBody | undefined = text === '' ? undefined : JSON.parse(text);
    const path = request.url ?? '';
    asked.push({ path, body, headers: request.headers });
    const count = asked.length;
    if ((await options.interfere?.({ path, body, count, request, response })) === true) return;
    try {
      await answer(options, path, body === undefined ? undefined : bodySchema.parse(body), response);
    } catch (error) {
      sendError(response, error);
    }
  };
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked,
    connectionCount: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await options.engine[Symbol.asyncDispose]();
    },
  };
}

/** Writes server-sent events as they are given. */
export function sendEvents(response: ServerResponse, events: readonly unknown[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function answer(
  options: FakeEndpointOptions,
  path: string,
  body: WireBody | undefined,
  response: ServerResponse,
): Promise<void> {
  const { engine } = options;
  if (path === '/v1/models') {
    const data = engine.models().map((model) => ({
      id: model.id,
      object: 'model',
      created: 1,
      owned_by: 'fake',
      max_model_len: model.contextTokens,
    }));
    sendJson(response, 200, { object: 'list', data });
  } else if (path === '/v1/embeddings' && body !== undefined) {
    const { vectors, inputTokens } = await engine.embed(
      { model: body.model, inputs: body.input ?? [] },
      new AbortController().signal,
    );
    // Backwards and twice as long: the client must sort and normalise.
    const data = vectors
      .map((vector, index) => ({ index, embedding: Array.from(vector, (value) => value * 2) }))
      .toReversed();
    sendJson(response, 200, { object: 'list', data, usage: { prompt_tokens: inputTokens } });
  } else if (body !== undefined && (path === '/v1/chat/completions' || path === '/v1/completions')) {
    await stream(options, body, response);
  } else {
    sendJson(response, 404, { error: { message: `no route ${path}` } });
  }
}

async function stream(options: FakeEndpointOptions, body: WireBody, response: ServerResponse): Promise<void> {
  const { engine, usage: usageStyle = 'exact', thoughtField = 'reasoning_content' } = options;
  const controller = new AbortController();
  response.on('close', () => {
    controller.abort();
  });
  const isChat = body.messages !== undefined;
  const asked = toGenerateRequest(body, options.ignoresN === true ? 1 : body.n);
  const request: GenerateRequest =
    options.ignoresToolChoice === true && asked.toolChoice.kind !== 'none'
      ? { ...asked, toolChoice: { kind: 'auto' } }
      : asked;
  const send = (index: number, delta: object, more: object = {}): void => {
    const choice = isChat ? { index, delta } : { index, text: '', ...delta };
    sendEvents(response, [
      { object: 'chat.completion.chunk', choices: [{ ...choice, finish_reason: null, ...more }] },
    ]);
  };
  const samples = new Map<number, number>();
  for await (const event of engine.generate(request, controller.signal)) {
    switch (event.kind) {
      case 'started':
        if (isChat) send(0, { role: 'assistant', content: '' });
        break;
      case 'text-delta':
        send(event.sample, isChat ? { content: event.text } : { text: event.text }, {
          ...(event.logprobs === undefined ? {} : { logprobs: { content: event.logprobs } }),
          ...(event.tokenIds === undefined ? {} : { token_ids: event.tokenIds }),
        });
        break;
      case 'thought-delta':
        send(event.sample, { [thoughtField]: event.text });
        break;
      case 'tool-call-started':
        send(event.sample, {
          tool_calls: [
            {
              index: event.index,
              id: `call_${event.index}`,
              type: 'function',
              function: { name: event.name, arguments: '' },
            },
          ],
        });
        break;
      case 'tool-call-delta':
        send(event.sample, { tool_calls: [{ index: event.index, function: { arguments: event.text } }] });
        break;
      case 'sample-finished':
        samples.set(event.sample, event.sampledTokens);
        send(event.sample, {}, { finish_reason: event.reason });
        break;
      case 'finished': {
        const all = event.usage.outputTokens;
        const usage = {
          prompt_tokens: event.usage.inputTokens,
          completion_tokens: usageStyle === 'one-choice' ? (samples.get(0) ?? 0) : all,
          prompt_tokens_details: { cached_tokens: event.usage.cachedTokens },
          completion_tokens_details: { reasoning_tokens: event.usage.reasoningTokens },
        };
        if (usageStyle !== 'none') sendEvents(response, [{ choices: [], usage }]);
        break;
      }
    }
  }
  sendEvents(response, ['[DONE]']);
  response.end();
}

function toGenerateRequest(body: WireBody, samples: number): GenerateRequest {
  const format = body.response_format;
  const schema = format?.json_schema;
  return {
    model: body.model,
    prompt: toPrompt(body),
    samples,
    ...(body.max_tokens === undefined ? {} : { maxTokens: body.max_tokens }),
    sampling: {
      temperature: body.temperature,
      topP: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      logitBias: new Map(),
      ...(body.seed === undefined ? {} : { seed: body.seed }),
    },
    stop: body.stop,
    tools: body.tools.map((tool) => ({ ...tool.function, strict: false })),
    toolChoice:
      typeof body.tool_choice === 'string'
        ? { kind: body.tool_choice }
        : { kind: 'named', name: body.tool_choice.function.name },
    parallelToolCalls: body.parallel_tool_calls,
    textFormat:
      format === undefined
        ? { kind: 'text' }
        : schema === undefined
          ? { kind: 'json-object' }
          : { kind: 'json-schema', ...schema, strict: true },
    ...(body.logprobs === undefined ? {} : { topLogprobs: body.top_logprobs }),
    ...(body.return_token_ids === true ? { wantTokenIds: true } : {}),
  };
}

function toPrompt(body: WireBody): Prompt {
  if (body.messages === undefined) {
    const prompt = body.prompt ?? '';
    return typeof prompt === 'string' ? { kind: 'text', text: prompt } : { kind: 'tokens', tokens: prompt };
  }
  const messages = body.messages.map(toMessage);
  const last = messages.at(-1);
  return last?.role === 'assistant'
    ? { kind: 'chat', messages: messages.slice(0, -1), answerStart: { text: last.text } }
    : { kind: 'chat', messages };
}

function toMessage(message: z.output<typeof messageSchema>): ChatMessage {
  const { role, content } = message;
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? []);
  const text = parts.map((part) => part.text ?? '').join('');
  switch (role) {
    case 'assistant': {
      const toolCalls = message.tool_calls.map((call) => ({ id: call.id, ...call.function }));
      return { role, text, toolCalls };
    }
    case 'tool':
      return { role, toolCallId: message.tool_call_id, text };
    default:
      return {
        role,
        parts: parts.map((part) =>
          'image_url' in part && part.image_url !== undefined
            ? { type: 'image', ...part.image_url }
            : { type: 'text', text: part.text ?? '' },
        ),
      };
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof GradusError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const body = { error: { message, type: known?.kind.type, code: known?.code.replaceAll('-', '_') } };
  if (response.headersSent) {
    sendEvents(response, [body]);
    response.end();
  } else {
    sendJson(response, known?.kind.status ?? 500, body);
  }
}
