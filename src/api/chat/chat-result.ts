/** A finished run as one chat completion object: made from its finished items only. */
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { OutputItem, TokenLogprobs } from '../../kernel/item.ts';
import type { ChatChoice, ChatCompletion } from '../wire/chat-completion.ts';
import { toWireUsage } from '../wire/usage.ts';
import { requireFinished } from '../finish-reason.ts';

export interface CompletionHead {
  readonly id: string;
  readonly createdMs: number;
  /** The id that the client asked for. */
  readonly model: string;
  readonly fingerprint: string;
  /** Whether the client named a service tier, so that the answer names it too. */
  readonly hasServiceTier: boolean;
  readonly wantsLogprobs: boolean;
}

export class ChatCollector {
  readonly #items: OutputItem[][] = [];

  onEvent(event: LevelEvent): void {
    if (event.type !== 'response.output_item.done') return;
    (this.#items[event.choice] ??= []).push(event.item);
  }

  toChatCompletion(head: CompletionHead, result: LevelResult): ChatCompletion {
    const reasons = requireFinished(result);
    return {
      id: head.id,
      object: 'chat.completion',
      created: Math.trunc(head.createdMs / 1000),
      model: head.model,
      choices: reasons.map((reason, index) => ({
        ...toChoice(index, this.#items[index] ?? [], head.wantsLogprobs),
        finish_reason: reason,
      })),
      usage: toWireUsage(result.usage),
      system_fingerprint: head.fingerprint,
      ...(head.hasServiceTier ? { service_tier: 'default' } : {}),
      ...(result.gradus === undefined ? {} : { gradus: result.gradus }),
    };
  }
}

function toChoice(
  index: number,
  items: readonly OutputItem[],
  wantsLogprobs: boolean,
): Omit<ChatChoice, 'finish_reason'> {
  let text: string | undefined;
  let refusal: string | null = null;
  let thought = '';
  const logprobs: TokenLogprobs[] = [];
  const calls: NonNullable<ChatChoice['message']['tool_calls']>[number][] = [];
  for (const item of items) {
    switch (item.type) {
      case 'message':
        for (const part of item.content) {
          if (part.type === 'refusal') refusal = (refusal ?? '') + part.refusal;
          if (part.type !== 'output_text') continue;
          text = (text ?? '') + part.text;
          logprobs.push(...part.logprobs);
        }
        break;
      case 'reasoning':
        for (const part of item.content.length > 0 ? item.content : item.summary) thought += part.text;
        break;
      case 'function_call':
        calls.push({
          id: item.call_id,
          type: 'function',
          function: { name: item.name, arguments: item.arguments },
        });
        break;
    }
  }
  const isOnlyOther = calls.length > 0 || refusal !== null;
  return {
    index,
    message: {
      role: 'assistant',
      content: text ?? (isOnlyOther ? null : ''),
      refusal,
      ...(thought === '' ? {} : { reasoning_content: thought, reasoning: thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: wantsLogprobs ? { content: logprobs, refusal: null } : null,
  };
}
