/**
 * A subject behind any OpenAI-compatible chat endpoint. Streams, so that the time to the first token is known;
 * waits out 429 and 503; tells a cut answer, an empty one and a broken call apart.
 */
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import { createReply, readReply, type Reply } from './chat-reply.ts';
import type { Attempt, Question, Subject } from './subject.ts';

export interface HttpSubjectOptions {
  /** The base address, with or without `/v1`, as in `http://127.0.0.1:4111/v1`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
  /** For one question with all its retries; default 600,000. */
  readonly timeoutMs?: number;
  /** Default 8. */
  readonly maxRetries?: number;
  /** Sent only when given, so that an endpoint's own defaults are examined otherwise. */
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly reasoningEffort?: string;
}

export function createHttpSubject(options: HttpSubjectOptions): Subject {
  const url = toChatUrl(options.url);
  const settings = {
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.maxOutputTokens === undefined ? {} : { max_tokens: options.maxOutputTokens }),
    ...(options.reasoningEffort === undefined ? {} : { reasoning_effort: options.reasoningEffort }),
  };
  return {
    model: options.model,
    url: url.href.replace(/\/chat\/completions$/u, ''),
    settings,
    ask: (question) => ask({ options, url, settings, question }),
  };
}

interface Call {
  readonly options: HttpSubjectOptions;
  readonly url: URL;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly question: Question;
}

async function ask(call: Call): Promise<Attempt> {
  const { options, question } = call;
  const { clock, timeoutMs = 600_000, maxRetries = 8 } = options;
  const startMs = clock.monotonicMs();
  const timeout = new AbortController();
  const alarm = new AbortController();
  void clock.sleep(timeoutMs, alarm.signal).then(
    () => timeout.abort(new Error('timed out')),
    () => undefined,
  );
  const signal = AbortSignal.any([
    timeout.signal,
    ...(question.signal === undefined ? [] : [question.signal]),
  ]);
  let reply = createReply();
  let retries = 0;
  const finish = (outcome: Attempt['outcome'], fault: string | null): Attempt => ({
    outcome,
    text: reply.text,
    usage: toUsage(reply, question),
    totalMs: Math.round(clock.monotonicMs() - startMs),
    firstTokenMs: reply.firstTokenMs === null ? null : Math.round(reply.firstTokenMs - startMs),
    retries,
    fault,
  });
  try {
    for (;;) {
      reply = createReply();
      const result = await send(call, reply, signal);
      if (result.kind === 'done') return finish(...judge(reply));
      if (result.kind === 'failed' || retries >= maxRetries) return finish('failed', result.fault);
      retries++;
      await clock.sleep(result.waitMs ?? Math.min(30_000, 250 * 2 ** retries), signal);
    }
  } catch (thrown) {
    if (question.signal?.aborted === true) {
      throw new GradusError('cancelled', { message: 'The exam was cancelled.' }, { cause: thrown });
    }
    if (timeout.signal.aborted) return finish('timed-out', `no full answer within ${timeoutMs} ms`);
    return finish('failed', thrown instanceof Error ? thrown.message : String(thrown));
  } finally {
    alarm.abort();
  }
}

type Sent =
  | { readonly kind: 'done' }
  | { readonly kind: 'turned-away'; readonly fault: string; readonly waitMs: number | null }
  | { readonly kind: 'failed'; readonly fault: string };

async function send(
  { options, url, settings, question }: Call,
  reply: Reply,
  signal: AbortSignal,
): Promise<Sent> {
  const fetch = options.fetch ?? globalThis.fetch;
  const { model, apiKey, clock } = options;
  const body = {
    model,
    messages: question.messages,
    stream: true,
    stream_options: { include_usage: true },
    ...settings,
  };
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream, application/json',
        'idempotency-key': question.idempotencyKey,
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      signal,
    });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { kind: 'turned-away', fault: `no connection: ${describe(thrown)}`, waitMs: null };
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, 300).replaceAll(/\s+/gu, ' ');
    const fault = `status ${response.status}: ${text}`;
    if (response.status !== 429 && response.status !== 503) return { kind: 'failed', fault };
    return { kind: 'turned-away', fault, waitMs: toWaitMs(response.headers.get('retry-after'), clock) };
  }
  await readReply(response, reply, clock);
  return reply.error === null ? { kind: 'done' } : { kind: 'failed', fault: reply.error };
}

function judge(reply: Reply): [Attempt['outcome'], string | null] {
  if (reply.refusal !== null || reply.finishReason === 'content_filter') {
    return ['refused', (reply.refusal ?? 'content filter').slice(0, 300)];
  }
  if (reply.finishReason === 'length') return ['truncated', null];
  if (reply.finishReason === null && !reply.isComplete) return ['failed', 'the stream ended before its end'];
  return [reply.text.trim() === '' ? 'empty' : 'answered', null];
}

/** Reported tokens, or about four bytes a token when the endpoint says nothing. */
function toUsage(reply: Reply, { messages }: Question): Attempt['usage'] {
  if (reply.usage !== null) return { ...reply.usage, isReported: true };
  const input = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return {
    inputTokens: Math.ceil(input / 4),
    outputTokens: Math.ceil((Buffer.byteLength(reply.text) + reply.thoughtBytes) / 4),
    reasoningTokens: 0,
    isReported: false,
  };
}

/** `retry-after` in seconds or as a date. */
function toWaitMs(header: string | null, clock: Clock): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - clock.nowMs();
  return Number.isFinite(waitMs) ? Math.min(120_000, Math.max(0, waitMs)) : null;
}

function toChatUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new GradusError(
      'invalid-config',
      { message: `"${text}" is not an address.`, param: 'url' },
      { cause },
    );
  }
  const path = url.pathname.replace(/\/+$/u, '').replace(/\/chat\/completions$/u, '');
  url.pathname = `${path === '' ? '/v1' : path}/chat/completions`;
  url.username = '';
  url.password = '';
  url.search = '';
  return url;
}

function describe(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (cause instanceof Error) return cause.message;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
