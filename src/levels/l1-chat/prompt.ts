/**
 * From a request to the prompt that an engine takes: items become chat messages, where everything that an
 * assistant did between two turns of the others (thought, text, calls) is one message.
 */
import type { ChatMessage, ChatPart, Prompt, ToolCall } from '../../engines/engine.ts';
import type { ContentPart, Item, MessageItem, ReasoningItem } from '../../kernel/item.ts';
import type { RequestInput } from '../../kernel/request.ts';

export function toPrompt(input: RequestInput): Prompt {
  if (input.kind === 'items') {
    return { kind: 'chat', messages: toChatMessages(input.items, input.instructions) };
  }
  return typeof input.prompt === 'string'
    ? { kind: 'text', text: input.prompt }
    : { kind: 'tokens', tokens: input.prompt };
}

/** Instructions come first, as a system message; developer messages are system messages to a model. */
export function toChatMessages(items: readonly Item[], instructions?: string): readonly ChatMessage[] {
  const messages: ChatMessage[] = [];
  let turn: AssistantTurn | undefined;
  const closeTurn = (): void => {
    if (turn !== undefined) messages.push(toAssistantMessage(turn));
    turn = undefined;
  };
  if (instructions !== undefined && instructions !== '') {
    messages.push({ role: 'system', parts: [{ type: 'text', text: instructions }] });
  }
  for (const item of items) {
    switch (item.type) {
      case 'message':
        if (item.role !== 'assistant') {
          closeTurn();
          messages.push(toOthersMessage(item));
          break;
        }
        // Two assistant messages in a row are two messages; text after a call is a new one as well.
        if (turn !== undefined && (turn.text !== '' || turn.toolCalls.length > 0)) closeTurn();
        turn ??= emptyTurn();
        turn.text = item.content.map(toText).join('');
        break;
      case 'reasoning':
        if (turn !== undefined && (turn.text !== '' || turn.toolCalls.length > 0)) closeTurn();
        turn ??= emptyTurn();
        turn.thought += toThought(item);
        break;
      case 'function_call':
        turn ??= emptyTurn();
        turn.toolCalls.push({ id: item.call_id, name: item.name, arguments: item.arguments });
        break;
      case 'function_call_output':
        closeTurn();
        messages.push({ role: 'tool', toolCallId: item.call_id, text: item.output });
        break;
    }
  }
  closeTurn();
  return messages;
}

interface AssistantTurn {
  thought: string;
  text: string;
  toolCalls: ToolCall[];
}

function emptyTurn(): AssistantTurn {
  return { thought: '', text: '', toolCalls: [] };
}

function toAssistantMessage(turn: AssistantTurn): ChatMessage {
  return {
    role: 'assistant',
    text: turn.text,
    ...(turn.thought === '' ? {} : { thought: turn.thought }),
    toolCalls: turn.toolCalls,
  };
}

function toOthersMessage(item: MessageItem): ChatMessage {
  return { role: item.role === 'user' ? 'user' : 'system', parts: item.content.map(toPart) };
}

function toPart(part: ContentPart): ChatPart {
  return part.type === 'input_image'
    ? { type: 'image', url: part.image_url, detail: part.detail }
    : { type: 'text', text: toText(part) };
}

function toText(part: ContentPart): string {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return part.text;
    case 'refusal':
      return part.refusal;
    case 'input_image':
      return '';
  }
}

function toThought(item: ReasoningItem): string {
  const parts = item.content.length > 0 ? item.content : item.summary;
  return parts.map((part) => part.text).join('\n');
}
