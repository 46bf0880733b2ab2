/**
 * The tokenizer of the scripted engine. One rule: text is cut into words (letters and digits, with at most
 * one space before them), runs of white space, and single other characters; each of those is cut again
 * into pieces of at most six UTF-8 bytes, never inside a character. The id of a token is its bytes read
 * as a number, so ids turn back into text without a vocabulary to keep.
 */
import type { FunctionTool } from '../../kernel/request.ts';
import type { ChatMessage, Prompt } from '../engine.ts';

const wordRule = / ?[\p{L}\p{N}\p{M}]+|\s+|[^]/gu;
const maxTokenBytes = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a chat message costs beside its text, and what the opening of the answer costs. */
const messageTokens = 3;
const imageTokens = 85;

/** The tokens of a text; joined they are the text again. */
export function splitTokens(text: string): string[] {
  const tokens: string[] = [];
  for (const [word] of text.matchAll(wordRule)) cutWord(word, tokens);
  return tokens;
}

export function countTextTokens(text: string): number {
  return splitTokens(text).length;
}

export function toTokenId(token: string): number {
  const bytes = encoder.encode(token);
  // The length leads, so that zero bytes at the start are not lost.
  let id = bytes.length;
  for (let i = 0; i < maxTokenBytes; i++) id = id * 256 + (bytes[i] ?? 0);
  return id;
}

/** The text of a token id; an id that the rule cannot give is text of unknown characters. */
export function toTokenText(id: number): string {
  const bytes: number[] = [];
  let rest = id;
  for (let i = 0; i < maxTokenBytes; i++) {
    bytes.unshift(rest % 256);
    rest = Math.floor(rest / 256);
  }
  return decoder.decode(Uint8Array.from(bytes.slice(0, rest)));
}

export function toUtf8Bytes(text: string): number[] {
  return [...encoder.encode(text)];
}

/** Exact prompt length: texts, three tokens a message, three for the opening of an answer, 85 an image, tools as JSON. */
export function countPromptTokens(prompt: Prompt, tools: readonly FunctionTool[]): number {
  switch (prompt.kind) {
    case 'text':
      return countTextTokens(prompt.text);
    case 'tokens':
      return prompt.tokens.length;
    case 'chat': {
      let tokens = messageTokens;
      for (const message of prompt.messages) tokens += messageTokens + countMessageTokens(message);
      for (const tool of tools) tokens += messageTokens + countTextTokens(JSON.stringify(tool));
      return tokens + countTextTokens(prompt.answerStart?.text ?? '');
    }
  }
}

function countMessageTokens(message: ChatMessage): number {
  switch (message.role) {
    case 'system':
    case 'user': {
      let tokens = 0;
      for (const part of message.parts) {
        tokens += part.type === 'image' ? imageTokens : countTextTokens(part.text);
      }
      return tokens;
    }
    case 'assistant': {
      let tokens = countTextTokens(message.text) + countTextTokens(message.thought ?? '');
      for (const call of message.toolCalls) tokens += countTextTokens(call.name + call.arguments);
      return tokens;
    }
    case 'tool':
      return countTextTokens(message.text);
  }
}

function cutWord(word: string, tokens: string[]): void {
  // Two characters of UTF-16 are never more than six bytes, and one byte is the least a character takes.
  if (word.length <= 2) {
    tokens.push(word);
    return;
  }
  let start = 0;
  let end = 0;
  let bytes = 0;
  while (end < word.length) {
    const code = word.codePointAt(end) ?? 0;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes + size > maxTokenBytes) {
      tokens.push(word.slice(start, end));
      start = end;
      bytes = 0;
    }
    bytes += size;
    end += code >= 0x10000 ? 2 : 1;
  }
  tokens.push(word.slice(start));
}
