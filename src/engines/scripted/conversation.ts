/** What rules look at: the texts of a prompt, and whether a rule's match holds for them. */
import { isJsonObject, toCanonicalJson, type JsonObject, type JsonValue } from '../../kernel/json.ts';
import type { ChatMessage, GenerateRequest } from '../engine.ts';
import type { ScriptContext, ScriptMatch, TextMatch } from './script.ts';
import { toTokenText } from './tokens.ts';

export interface ConversationTexts {
  readonly lastUser: string;
  readonly conversation: string;
  readonly system: string;
  /** The tool results that the conversation ends with. */
  readonly toolResults: readonly string[];
}

export function readConversation(request: GenerateRequest): ConversationTexts {
  const { prompt } = request;
  switch (prompt.kind) {
    case 'text':
      return { lastUser: prompt.text, conversation: prompt.text, system: '', toolResults: [] };
    case 'tokens': {
      const text = prompt.tokens.map(toTokenText).join('');
      return { lastUser: text, conversation: text, system: '', toolResults: [] };
    }
    case 'chat':
      return readMessages(prompt.messages);
  }
}

export function doesMatch(
  match: ScriptMatch | ((context: ScriptContext) => boolean) | undefined,
  context: ScriptContext,
  system: string,
): boolean {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(context);
  return (
    holds(match.lastUser, context.lastUser) &&
    holds(match.conversation, context.conversation) &&
    holds(match.system, system) &&
    holds(match.model, context.request.model) &&
    (match.toolResult === undefined || context.toolResults.some((text) => holds(match.toolResult, text))) &&
    (match.hasTools === undefined || match.hasTools === context.request.tools.length > 0) &&
    (match.json === undefined || containsJson(context.lastUser, match.json))
  );
}

function readMessages(messages: readonly ChatMessage[]): ConversationTexts {
  const lines: string[] = [];
  const system: string[] = [];
  let lastUser = '';
  let toolResults: string[] = [];
  for (const message of messages) {
    const text = 'parts' in message ? textOfParts(message) : message.text;
    lines.push(text);
    if (message.role === 'system') system.push(text);
    if (message.role === 'user') lastUser = text;
    if (message.role === 'tool') toolResults.push(text);
    else toolResults = [];
  }
  return { lastUser, conversation: lines.join('\n'), system: system.join('\n'), toolResults };
}

function textOfParts(message: Extract<ChatMessage, { role: 'system' | 'user' }>): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function holds(match: TextMatch | undefined, text: string): boolean {
  if (match === undefined) return true;
  if (typeof match === 'string') return text.includes(match);
  // A new object each time: a regular expression with the flag g remembers where it stopped.
  const regex =
    match instanceof RegExp ? new RegExp(match.source, match.flags) : new RegExp(match.regex, match.flags);
  return regex.test(text);
}

function containsJson(text: string, expected: JsonObject): boolean {
  let found: JsonValue;
  try {
    found = JSON.parse(text);
  } catch {
    return false;
  }
  return contains(found, expected);
}

function contains(found: JsonValue | undefined, expected: JsonValue): boolean {
  if (isJsonObject(expected)) {
    if (!isJsonObject(found)) return false;
    return Object.entries(expected).every(
      ([key, value]) => value === undefined || contains(found[key], value),
    );
  }
  return found !== undefined && toCanonicalJson(found) === toCanonicalJson(expected);
}
