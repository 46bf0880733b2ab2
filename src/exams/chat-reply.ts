/** Reads a chat completion, streamed or whole, into one mutable record. Lenient: unknown fields are ignored. */
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { Clock } from '../kernel/clock.ts';

export interface Reply {
  text: string;
  /** Bytes of thought that came in a field of its own; never graded. */
  thoughtBytes: number;
  refusal: string | null;
  finishReason: string | null;
  usage: { inputTokens: number; outputTokens: number; reasoningTokens: number } | null;
  /** On the clock's monotonic scale. */
  firstTokenMs: number | null;
  error: string | null;
  /** The end of the stream was announced, or the reply was one document. */
  isComplete: boolean;
}

export function createReply(): Reply {
  return {
    text: '',
    thoughtBytes: 0,
    refusal: null,
    finishReason: null,
    usage: null,
    firstTokenMs: null,
    error: null,
    isComplete: false,
  };
}

const part = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
});

const completion = z.object({
  choices: z
    .array(z.object({ delta: part.nullish(), message: part.nullish(), finish_reason: z.string().nullish() }))
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
  error: z.union([z.string(), z.object({ message: z.string().nullish() })]).nullish(),
});

/** Fills `reply` from a response that was accepted. Text that came before a break stays in it. */
export async function readReply(response: Response, reply: Reply, clock: Clock): Promise<void> {
  if (response.headers.get('content-type')?.includes('text/event-stream') !== true) {
    add(reply, await response.text(), clock);
    reply.isComplete = true;
    return;
  }
  if (response.body === null) return;
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') reply.isComplete = true;
      else add(reply, data, clock);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
}

function add(reply: Reply, json: string, clock: Clock): void {
  let parsed: z.infer<typeof completion>;
  try {
    parsed = completion.parse(JSON.parse(json));
  } catch {
    reply.error = `not a chat completion: ${json.slice(0, 120).replaceAll(/\s+/gu, ' ')}`;
    return;
  }
  const { error, usage } = parsed;
  if (error !== null && error !== undefined) {
    reply.error = (typeof error === 'string' ? error : (error.message ?? 'an error without a message')).slice(
      0,
      300,
    );
  }
  const choice = parsed.choices?.[0];
  const piece = choice?.delta ?? choice?.message;
  const text = piece?.content ?? '';
  const thought = piece?.reasoning_content ?? piece?.reasoning ?? '';
  if (reply.firstTokenMs === null && (text !== '' || thought !== ''))
    reply.firstTokenMs = clock.monotonicMs();
  reply.text += text;
  reply.thoughtBytes += Buffer.byteLength(thought);
  if (typeof piece?.refusal === 'string' && piece.refusal !== '')
    reply.refusal = (reply.refusal ?? '') + piece.refusal;
  reply.finishReason = choice?.finish_reason ?? reply.finishReason;
  if (usage !== null && usage !== undefined) {
    reply.usage = {
      inputTokens: usage.prompt_tokens ?? 0,
      outputTokens: usage.completion_tokens ?? 0,
      reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
    };
  }
}
