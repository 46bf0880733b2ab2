/** The command line as a client of the API: of the server at home when it runs, else of one made for the occasion. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import pino from 'pino';
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import type { Settings } from '../settings.ts';
import { createSystem } from '../system.ts';
import { ensureDefaultModel } from './ensure-model.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface Target extends AsyncDisposable {
  readonly url: string;
  readonly model: string;
  readonly key: string | undefined;
}

export interface TargetOptions {
  /** An OpenAI-compatible server, with `/v1`; absent: the server at home. */
  readonly url?: string;
  readonly model?: string;
  readonly key?: string;
}

const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Finds the server and the model to talk to; starts a private server on a free port when none answers at home. */
export async function openTarget(
  settings: Settings,
  options: TargetOptions,
  signal: AbortSignal,
): Promise<Target> {
  const key = options.key ?? settings.config.keys[0];
  const home = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${settings.port}/v1`;
  const url = options.url ?? home;
  const listed = await listModels(url, key, signal);
  if (listed !== undefined) {
    return {
      url,
      model: options.model ?? settings.model ?? firstModel(listed, url),
      key,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  if (options.url !== undefined) {
    throw new GradusError('engine-unreachable', { message: `Nothing answers at ${options.url}.` });
  }
  const system = await createSystem(settings, pino({ level: 'silent' }), { keeps: false });
  try {
    const isLocal = settings.config.script === undefined && settings.config.endpoints.length === 0;
    const chosen =
      options.model ?? (isLocal ? (await ensureDefaultModel(system.shelf, signal)).id : undefined);
    const model = chosen ?? system.registry.list()[0]?.id ?? '';
    const server = await system.listen({ host: '127.0.0.1', port: 0 });
    return {
      url: `${server.url}/v1`,
      model,
      key,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await system[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}

export interface AnswerOptions {
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
}

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({ content: z.string().nullish(), reasoning_content: z.string().nullish() })
          .optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  error: z.object({ message: z.string() }).nullish(),
});

/** Streams one answer; returns its text and why it ended. Throws what the server said when it refuses. */
export async function streamAnswer(
  target: Target,
  options: AnswerOptions,
  handlers: { readonly signal: AbortSignal; readonly onText: (text: string) => void },
): Promise<{ readonly text: string; readonly finishReason: string | undefined }> {
  const { messages, temperature, maxTokens, seed } = options;
  const response = await fetch(`${target.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(target.key) },
    body: JSON.stringify({
      model: target.model,
      messages,
      stream: true,
      // Small models wander at the API's own default of 1.
      ...(temperature === undefined ? { temperature: 0.7, top_p: 0.9 } : { temperature }),
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      ...(seed === undefined ? {} : { seed }),
    }),
    signal: handlers.signal,
  });
  if (!response.ok || response.body === null) throw await toError(response);
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  let text = '';
  let finishReason: string | undefined;
  for await (const event of events) {
    if (event.data === '[DONE]') break;
    const chunk = chunkSchema.parse(JSON.parse(event.data));
    if (chunk.error !== undefined && chunk.error !== null) {
      throw new GradusError('engine-failed', { message: chunk.error.message });
    }
    const choice = chunk.choices?.[0];
    const piece = choice?.delta?.content ?? '';
    if (piece !== '') {
      text += piece;
      handlers.onText(piece);
    }
    finishReason = choice?.finish_reason ?? finishReason;
  }
  return { text, finishReason };
}

/** The ids that the server lists; undefined when nothing answers there. */
export async function listModels(
  url: string,
  key: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  let response: Response;
  try {
    response = await fetch(`${url}/models`, { headers: authorization(key), signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  if (!response.ok) throw await toError(response);
  return modelsSchema.parse(await response.json()).data.map((model) => model.id);
}

function firstModel(ids: readonly string[], url: string): string {
  const [first] = ids;
  if (first !== undefined) return first;
  throw new GradusError('model-not-found', { message: `The server at ${url} has no model.` });
}

function authorization(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

async function toError(response: Response): Promise<GradusError> {
  const text = await response.text();
  const body = z.object({ error: z.object({ message: z.string() }) }).safeParse(parseJson(text));
  const message = body.success ? body.data.error.message : text.slice(0, 300);
  const code =
    response.status === 404 ? 'model-not-found' : response.status < 500 ? 'invalid-request' : 'engine-failed';
  return new GradusError(code, { message: `The server answered ${response.status}: ${message}` });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not a body of ours; it is shown as text.
    return undefined;
  }
}
