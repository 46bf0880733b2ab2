// A tiny OpenAI-compatible endpoint on 127.0.0.1 for the tests of exams: solves products and least common
// multiples right in a share of cases fixed by the question, and misbehaves on request.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SmallEndpoint extends AsyncDisposable {
  readonly url: string;
  /** Answers made, by idempotency key: a repeated key that was answered before is counted again. */
  readonly answersByKey: Map<string, number>;
}

export interface SmallEndpointOptions {
  /** Share of products answered right, 0 to 1. */
  readonly rightShare?: number;
  /** Milliseconds before each answer. */
  readonly delayMs?: number;
  /** Takes over a request; returns true when it has answered. */
  readonly intercept?: (
    request: { key: string; call: number; body: string },
    response: ServerResponse,
  ) => boolean;
  /** Keeps answers by idempotency key and gives the same one again without making it anew. */
  readonly isIdempotent?: boolean;
}

export async function openSmallEndpoint(options: SmallEndpointOptions = {}): Promise<SmallEndpoint> {
  const answersByKey = new Map<string, number>();
  const kept = new Map<string, string>();
  let call = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const key = String(request.headers['idempotency-key']);
    if (options.intercept?.({ key, call: call++, body }, response) === true) return;
    const known = options.isIdempotent === true ? kept.get(key) : undefined;
    const text = known ?? answerTo(body, options.rightShare ?? 1);
    if (known === undefined) answersByKey.set(key, (answersByKey.get(key) ?? 0) + 1);
    kept.set(key, text);
    if (options.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.delayMs));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    sendText(response, text);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    answersByKey,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Streams a text in pieces of four letters, with usage and an end. */
export function sendText(response: ServerResponse, text: string, finishReason = 'stop'): void {
  const send = (json: unknown): void => void response.write(`data: ${JSON.stringify(json)}\n\n`);
  for (let i = 0; i < text.length; i += 4) send({ choices: [{ delta: { content: text.slice(i, i + 4) } }] });
  send({ choices: [{ delta: {}, finish_reason: finishReason }] });
  send({ choices: [], usage: { prompt_tokens: 20, completion_tokens: Math.ceil(text.length / 4) } });
  response.end('data: [DONE]\n\n');
}

function answerTo(body: string, rightShare: number): string {
  const { messages } = JSON.parse(body) as { messages: { content: string }[] };
  const prompt = messages.at(-1)?.content ?? '';
  const numbers = [...(prompt.split('\n')[0] ?? '').matchAll(/\d+/gu)].map(([digits]) => BigInt(digits));
  const luck = createHash('sha256').update(prompt).digest().readUInt32BE(0) / 2 ** 32;
  const isProduct = prompt.includes('×');
  const value = numbers.reduce((a, b) => (isProduct ? a * b : leastCommonMultiple(a, b)), 1n);
  return `I compute.\nAnswer: ${luck < rightShare ? value : value + 1n}`;
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
