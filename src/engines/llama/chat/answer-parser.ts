/**
 * Reads a model's raw text as it comes and tells answer, thought and tool calls apart. The forms are
 * `<think>…</think>` and `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, which the templates of
 * chat/template.ts teach.
 */
import { isJsonObject, type JsonValue } from '../../../kernel/json.ts';

export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thought'; readonly text: string }
  | { readonly kind: 'call-started'; readonly index: number; readonly name: string }
  | { readonly kind: 'call-arguments'; readonly index: number; readonly text: string };

export interface AnswerParser {
  push(text: string): readonly AnswerPart[];
  /** The text is over: gives what was held back. */
  flush(): readonly AnswerPart[];
  readonly callCount: number;
  readonly isThinking: boolean;
}

export interface AnswerParserOptions {
  /** The tools that were offered; absent: nothing is read as a call. */
  readonly tools: ToolCheck | undefined;
  /** The prompt ended inside an open `<think>`. */
  readonly startsThinking: boolean;
  /** Whether `<think>` is read at all. */
  readonly readsThought: boolean;
}

/** Whether a call names an offered tool and its arguments are valid there; text that fails stays text. */
export type ToolCheck = (name: string, args: JsonValue) => boolean;

export const callStart = '<tool_call>';
export const callEnd = '</tool_call>';
const thinkStart = '<think>';
const thinkEnd = '</think>';

type Mode = 'start' | 'text' | 'thought' | 'call' | 'bare';

export function createAnswerParser(options: AnswerParserOptions): AnswerParser {
  let mode: Mode = options.startsThinking ? 'thought' : 'start';
  let held = '';
  let callCount = 0;
  /** White space around the marks of a thought belongs to neither side; it may come in a later piece. */
  let dropsSpace = false;
  const { tools } = options;
  const readsCalls = tools !== undefined;

  const emitCall = (body: string, parts: AnswerPart[]): boolean => {
    const call = readCall(body, tools);
    if (call === undefined) return false;
    const index = callCount++;
    parts.push({ kind: 'call-started', index, name: call.name });
    parts.push({ kind: 'call-arguments', index, text: call.arguments });
    return true;
  };

  /** Moves as much of `held` as is certain into parts. */
  const settle = (parts: AnswerPart[], isFinal: boolean): void => {
    for (;;) {
      if (dropsSpace) {
        held = held.trimStart();
        dropsSpace = held === '';
      }
      const before = `${mode}:${held.length}`;
      switch (mode) {
        case 'start': {
          // Small models often answer with a bare or fenced JSON call instead of the taught form.
          const trimmed = held.trimStart();
          if (
            options.readsThought &&
            thinkStart.startsWith(trimmed) &&
            trimmed !== '' &&
            !isFinal &&
            trimmed.length < thinkStart.length
          )
            return;
          if (options.readsThought && trimmed.startsWith(thinkStart)) {
            held = trimmed.slice(thinkStart.length);
            dropsSpace = true;
            mode = 'thought';
          } else if (trimmed === '' && !isFinal) {
            return;
          } else if (readsCalls && mayBeBareCall(trimmed)) {
            mode = 'bare';
          } else {
            mode = 'text';
          }
          break;
        }
        case 'thought': {
          const at = held.indexOf(thinkEnd);
          if (at < 0) {
            const keep = isFinal ? 0 : overlap(held, [thinkEnd]);
            pushText(parts, 'thought', held.slice(0, held.length - keep));
            held = held.slice(held.length - keep);
            return;
          }
          pushText(parts, 'thought', held.slice(0, at));
          held = held.slice(at + thinkEnd.length);
          dropsSpace = true;
          mode = 'text';
          break;
        }
        case 'text': {
          const at = readsCalls ? held.indexOf(callStart) : -1;
          if (at < 0) {
            const keep = isFinal || !readsCalls ? 0 : overlap(held, [callStart]);
            const shown = held.slice(0, held.length - keep);
            // White space before a call belongs to no text; it is held until more text follows.
            const space = readsCalls && !isFinal ? shown.length - shown.trimEnd().length : 0;
            pushText(parts, 'text', shown.slice(0, shown.length - space));
            held = held.slice(shown.length - space);
            return;
          }
          pushText(parts, 'text', held.slice(0, at).trimEnd());
          held = held.slice(at + callStart.length);
          mode = 'call';
          break;
        }
        case 'call': {
          const at = held.indexOf(callEnd);
          if (at < 0 && !isFinal) return;
          const body = at < 0 ? held : held.slice(0, at);
          held = at < 0 ? '' : held.slice(at + callEnd.length);
          if (!emitCall(body, parts)) pushText(parts, 'text', `${callStart}${body}${at < 0 ? '' : callEnd}`);
          mode = 'text';
          if (held.trim() === '' && isFinal) held = '';
          break;
        }
        case 'bare': {
          if (!isFinal) {
            if (!mayBeBareCall(held.trimStart())) mode = 'text';
            else return;
            break;
          }
          if (emitBareCalls(held, parts, emitCall)) held = '';
          mode = 'text';
          break;
        }
      }
      if (`${mode}:${held.length}` === before) return;
    }
  };

  return {
    push(text) {
      const parts: AnswerPart[] = [];
      held += text;
      settle(parts, false);
      return parts;
    },
    flush() {
      const parts: AnswerPart[] = [];
      settle(parts, true);
      return parts;
    },
    get callCount() {
      return callCount;
    },
    get isThinking() {
      return mode === 'thought';
    },
  };
}

function pushText(parts: AnswerPart[], kind: 'text' | 'thought', text: string): void {
  if (text !== '') parts.push({ kind, text });
}

const bareStarts = ['```json', '```', '<tools>', '{'];

function mayBeBareCall(text: string): boolean {
  const opening = bareStarts.find((start) => text.startsWith(start));
  if (opening === undefined) return bareStarts.some((start) => start.startsWith(text)) && text !== '';
  const body = text.slice(opening.length).trimStart();
  // `{"name"` and nothing else: any other object or code block is an answer and streams as text.
  const wanted = opening === '{' ? '"name"' : '{"name"';
  const dense = body.replace(/^\{\s*/, opening === '{' ? '' : '{');
  return opening === '```' && /^[a-z]*$/.test(body) && 'json'.startsWith(body)
    ? true
    : dense === '' || wanted.startsWith(dense) || dense.startsWith(wanted);
}

function emitBareCalls(
  text: string,
  parts: AnswerPart[],
  emitCall: (body: string, parts: AnswerPart[]) => boolean,
): boolean {
  const inner = text
    .trim()
    .replace(/^<tools>|<\/tools>$/g, '')
    .replace(/^```(json)?|```$/g, '')
    .trim();
  return emitCall(inner, parts);
}

function readCall(
  body: string,
  tools: ToolCheck | undefined,
): { readonly name: string; readonly arguments: string } | undefined {
  let value: JsonValue;
  const text = body.trim();
  try {
    value = JSON.parse(text);
  } catch {
    // One of the shipped templates shows the form in doubled braces, and models repeat that.
    try {
      value = JSON.parse(text.replace(/^\{\{/, '{').replace(/\}\}$/, '}'));
    } catch {
      return undefined;
    }
  }
  if (!isJsonObject(value)) return undefined;
  const { name, arguments: args, parameters } = value;
  const chosen = args ?? parameters ?? {};
  if (typeof name !== 'string' || tools?.(name, chosen) !== true) return undefined;
  return { name, arguments: JSON.stringify(chosen) };
}

/** Length of the longest end of `text` that could be the start of one of `marks`. */
function overlap(text: string, marks: readonly string[]): number {
  let longest = 0;
  for (const mark of marks) {
    for (let length = Math.min(mark.length - 1, text.length); length > longest; length--) {
      if (mark.startsWith(text.slice(text.length - length))) longest = length;
    }
  }
  return longest;
}
