/**
 * From a request's prompt to token ids. Control texts such as `<|im_end|>` count as control tokens only
 * where the template wrote them: the same characters in a user's text stay plain characters, so that
 * nobody can end a turn or forge a role by typing it.
 */
import type { FunctionTool } from '../../../kernel/request.ts';
import type { ChatMessage, Prompt } from '../../engine.ts';
import type { ChatTemplate } from './template.ts';

export interface Tokenizer {
  readonly controlTexts: readonly string[];
  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Int32Array;
}

export interface PreparedPrompt {
  readonly tokens: Int32Array;
  /** How many of them are the start of the answer that the caller gave. */
  readonly answerStartTokens: number;
  /** How many of those are known to have been sampled, by their ids. */
  readonly resumedTokens: number;
  /** The prompt ends inside an open `<think>`. */
  readonly startsThinking: boolean;
}

/** A private-use character that no tokenizer joins with its neighbours; it never reaches the model. */
const breakMark = '\uF8FE';

export function preparePrompt(
  prompt: Prompt,
  parts: {
    readonly tokenizer: Tokenizer;
    readonly template: ChatTemplate;
    readonly tools: readonly FunctionTool[];
  },
): PreparedPrompt {
  const { tokenizer, template, tools } = parts;
  switch (prompt.kind) {
    case 'tokens':
      return {
        tokens: Int32Array.from(prompt.tokens),
        answerStartTokens: 0,
        resumedTokens: 0,
        startsThinking: false,
      };
    case 'text':
      return {
        tokens: tokenizer.tokenize(prompt.text, { addSpecial: true, parseSpecial: true }),
        answerStartTokens: 0,
        resumedTokens: 0,
        startsThinking: false,
      };
    case 'chat': {
      const guard = createGuard(tokenizer.controlTexts);
      const text = template.render(
        prompt.messages.map((message) => guardMessage(message, guard)),
        tools,
      );
      const head = tokenizeGuarded(text, tokenizer);
      const start = prompt.answerStart;
      const tail =
        start === undefined
          ? new Int32Array(0)
          : start.tokens === undefined
            ? tokenizer.tokenize(start.text, { addSpecial: false, parseSpecial: false })
            : Int32Array.from(start.tokens);
      const tokens = new Int32Array(head.length + tail.length);
      tokens.set(head);
      tokens.set(tail, head.length);
      const opened = `${text}${start?.text ?? ''}`;
      return {
        tokens,
        answerStartTokens: tail.length,
        resumedTokens: start?.tokens?.length ?? 0,
        startsThinking:
          opened.lastIndexOf('<think>') > opened.lastIndexOf('</think>') && /<think>\s*$/.test(text),
      };
    }
  }
}

function createGuard(controlTexts: readonly string[]): (text: string) => string {
  const texts = controlTexts.filter((text) => text.length > 1);
  return (text) => {
    let guarded = text.replaceAll(breakMark, '');
    for (const control of texts) {
      if (guarded.includes(control)) {
        guarded = guarded.replaceAll(control, `${control.slice(0, 1)}${breakMark}${control.slice(1)}`);
      }
    }
    return guarded;
  };
}

function guardMessage(message: ChatMessage, guard: (text: string) => string): ChatMessage {
  switch (message.role) {
    case 'system':
    case 'user':
      return {
        ...message,
        parts: message.parts.map((part) =>
          part.type === 'text' ? { ...part, text: guard(part.text) } : part,
        ),
      };
    case 'assistant':
      return { ...message, text: guard(message.text) };
    case 'tool':
      return { ...message, text: guard(message.text) };
  }
}

/** Templates write their own begin mark, so the tokenizer adds none. */
function tokenizeGuarded(text: string, tokenizer: Tokenizer): Int32Array {
  const options = { addSpecial: false, parseSpecial: true };
  if (!text.includes(breakMark)) return tokenizer.tokenize(text, options);
  const pieces = text.split(breakMark).map((piece) => tokenizer.tokenize(piece, options));
  const tokens = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    tokens.set(piece, at);
    at += piece.length;
  }
  return tokens;
}
