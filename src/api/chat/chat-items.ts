/** From chat messages to items: the native language inside Gradus. Calls and their results must match up. */
import type { ContentPart, Item } from '../../kernel/item.ts';
import { invalidField } from '../invalid-field.ts';
import type {
  AssistantMessageBody,
  ChatMessageBody,
  ImagePartBody,
  TextPartBody,
} from '../wire/chat-message.ts';

/**
 * Throws `invalid-request` naming the message when a tool message answers no open call of the assistant
 * message before it, or when a call is left without an answer.
 */
export function toItems(messages: readonly ChatMessageBody[]): readonly Item[] {
  const items: Item[] = [];
  const openCalls = new Map<string, { readonly name: string; readonly messageIndex: number }>();
  messages.forEach((message, index) => {
    if (message.role !== 'tool') refuseOpenCalls(openCalls);
    const id = `msg_${index}`;
    switch (message.role) {
      case 'system':
      case 'developer':
        items.push({
          type: 'message',
          id,
          status: 'completed',
          role: message.role,
          content: toTextParts(message.content),
        });
        break;
      case 'user':
        items.push({
          type: 'message',
          id,
          status: 'completed',
          role: 'user',
          content: withSpeaker(toUserParts(message.content), message.name),
        });
        break;
      case 'assistant':
        pushAssistant(items, message, index);
        message.tool_calls?.forEach((call, position) => {
          if (openCalls.has(call.id)) {
            throw invalidField(
              `messages[${index}].tool_calls[${position}].id`,
              `the id "${call.id}" is used twice`,
            );
          }
          openCalls.set(call.id, { name: call.function.name, messageIndex: index });
        });
        break;
      case 'tool': {
        const call = openCalls.get(message.tool_call_id);
        if (call === undefined) {
          throw invalidField(
            `messages[${index}].tool_call_id`,
            `no unanswered call with this id in the assistant message before`,
          );
        }
        if (typeof message.name === 'string' && message.name !== call.name) {
          throw invalidField(`messages[${index}].name`, `expected "${call.name}", the function of the call`);
        }
        openCalls.delete(message.tool_call_id);
        items.push({
          type: 'function_call_output',
          id,
          status: 'completed',
          call_id: message.tool_call_id,
          output: toTextParts(message.content)
            .map((part) => part.text)
            .join(''),
        });
        break;
      }
      case 'function':
        throw new Error('the schema refuses role "function"');
    }
  });
  refuseOpenCalls(openCalls);
  return items;
}

function pushAssistant(items: Item[], message: AssistantMessageBody, index: number): void {
  const thought = message.reasoning_content ?? message.reasoning ?? '';
  const content: ContentPart[] = [];
  if (typeof message.content === 'string') content.push(toOutputText(message.content));
  else {
    for (const part of message.content ?? []) {
      content.push(part.type === 'text' ? toOutputText(part.text) : part);
    }
  }
  if (typeof message.refusal === 'string') content.push({ type: 'refusal', refusal: message.refusal });
  const calls = message.tool_calls ?? [];
  if (content.length === 0 && calls.length === 0) {
    throw invalidField(`messages[${index}].content`, 'expected a text, unless the message has tool_calls');
  }
  if (thought !== '') {
    items.push({
      type: 'reasoning',
      id: `rs_${index}`,
      status: 'completed',
      summary: [],
      content: [{ type: 'reasoning_text', text: thought }],
    });
  }
  if (content.length > 0) {
    items.push({ type: 'message', id: `msg_${index}`, status: 'completed', role: 'assistant', content });
  }
  calls.forEach((call, position) => {
    items.push({
      type: 'function_call',
      id: `fc_${index}_${position}`,
      status: 'completed',
      call_id: call.id,
      name: call.function.name,
      arguments: call.function.arguments,
    });
  });
}

function refuseOpenCalls(openCalls: ReadonlyMap<string, { readonly messageIndex: number }>): void {
  for (const [id, call] of openCalls) {
    throw invalidField(
      `messages[${call.messageIndex}].tool_calls`,
      `the call "${id}" has no tool message right after it`,
    );
  }
}

function toTextParts(
  content: string | readonly TextPartBody[],
): { readonly type: 'input_text'; readonly text: string }[] {
  if (typeof content === 'string') return [{ type: 'input_text', text: content }];
  return content.map((part) => ({ type: 'input_text', text: part.text }));
}

function toUserParts(content: Extract<ChatMessageBody, { role: 'user' }>['content']): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'input_text', text: content }];
  return content.map((part) => {
    switch (part.type) {
      case 'text':
        return { type: 'input_text', text: part.text };
      case 'image_url':
        return toImage(part);
      case 'input_audio':
      case 'file':
        throw new Error(`the schema refuses parts of type ${part.type}`);
    }
  });
}

function toImage(part: ImagePartBody): ContentPart {
  return { type: 'input_image', image_url: part.image_url.url, detail: part.image_url.detail ?? 'auto' };
}

/** The name goes in front of the content: chat templates have no other place that models know. */
function withSpeaker(parts: ContentPart[], name: string | null | undefined): ContentPart[] {
  if (typeof name !== 'string') return parts;
  const [first, ...rest] = parts;
  if (first?.type === 'input_text') return [{ type: 'input_text', text: `${name}: ${first.text}` }, ...rest];
  return [{ type: 'input_text', text: `${name}:` }, ...parts];
}

function toOutputText(text: string): ContentPart {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}
