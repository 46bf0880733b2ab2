/**
 * A script: rules that say what the scripted engine answers to which conversation. Written in code, or in
 * a JSON file of the same shape for offline development.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorKinds, GradusError, type ErrorCode } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject } from '../../kernel/json.ts';
import { parse } from '../../kernel/schema.ts';
import type { GenerateRequest } from '../engine.ts';

/** A text that must occur, or a regular expression that must match. */
export type TextMatch = string | RegExp | { readonly regex: string; readonly flags?: string };

/** Every field that is present must hold. An empty match holds always. */
export interface ScriptMatch {
  /** The text of the last user message, or the raw prompt. */
  readonly lastUser?: TextMatch;
  /** All texts of the conversation, one message a line. */
  readonly conversation?: TextMatch;
  readonly system?: TextMatch;
  /** One of the tool results that the conversation ends with; without them it never holds. */
  readonly toolResult?: TextMatch;
  readonly model?: TextMatch;
  /** The last user text is JSON that contains this object. */
  readonly json?: JsonObject;
  /** Whether the request offers tools. */
  readonly hasTools?: boolean;
}

export interface ScriptToolCall {
  readonly name: string;
  /** An object, or JSON text as it shall be sent. */
  readonly arguments: JsonObject | string;
}

export interface ScriptFailure {
  readonly code: ErrorCode;
  readonly message?: string;
  readonly retryAfterMs?: number;
  /** Fails after so many tokens; absent: before any work. */
  readonly afterTokens?: number;
}

export interface ScriptReply {
  readonly text?: string;
  readonly thought?: string;
  readonly toolCalls?: readonly ScriptToolCall[];
  /** The time that the prompt takes. */
  readonly delayMsBeforeFirst?: number;
  /** Per sample; absent: as fast as the reader reads. */
  readonly tokensPerSecond?: number;
  /** Absent: `tool_calls` when there are calls, else `stop`. */
  readonly finish?: 'stop' | 'length' | 'content_filter';
  readonly fail?: ScriptFailure;
  /** Tokens in one delta; absent: one, or all that are due when paced. */
  readonly chunkSize?: number;
  /** Log-probabilities of the tokens of `text`; those not given follow from the token. */
  readonly logprobs?: readonly number[];
  /** How much of the prompt was known already. */
  readonly cachedTokens?: number;
  /** Sends text and calls even where they fit neither the format nor the tools: plays a bad engine. */
  readonly unchecked?: boolean;
}

export interface ScriptContext {
  readonly request: GenerateRequest;
  readonly sample: number;
  readonly seed: number;
  readonly lastUser: string;
  readonly conversation: string;
  readonly toolResults: readonly string[];
}

export interface ScriptRule {
  /** Absent: holds always. */
  readonly match?: ScriptMatch | ((context: ScriptContext) => boolean);
  /**
   * A list gives sample `i` of seed `s` the entry `(i + s) mod length`, or the first one at
   * temperature 0. A function is called once a sample.
   */
  readonly reply: ScriptReply | readonly ScriptReply[] | ((context: ScriptContext) => ScriptReply);
  /** How many requests the rule answers before it is passed over; absent: without end. */
  readonly times?: number;
}

/** The first rule that holds answers. When none does, the last user text comes back. */
export interface Script {
  readonly rules: readonly ScriptRule[];
}

/** Parses a script from JSON. Throws `invalid-config` whose message names the field. */
export function parseScript(input: unknown): Script {
  return parse(scriptSchema, input, 'invalid-config');
}

/** Reads a script from a JSON file. Throws `invalid-config` that names the file, and the field when one is wrong. */
export async function loadScriptFile(path: string): Promise<Script> {
  let input: unknown;
  try {
    input = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GradusError(
      'invalid-config',
      { message: `The script ${path} cannot be read as JSON: ${reason}` },
      { cause },
    );
  }
  return parseScript(input);
}

function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(errorKinds, value);
}

const regexSchema = z.strictObject({ regex: z.string(), flags: z.string().exactOptional() }).check((ctx) => {
  try {
    void new RegExp(ctx.value.regex, ctx.value.flags);
  } catch (error) {
    ctx.issues.push({
      code: 'custom',
      message: error instanceof Error ? error.message : 'not a regular expression',
      input: ctx.value.regex,
      path: ['regex'],
    });
  }
});
const textMatchSchema = z.union([z.string(), regexSchema]);
const jsonObjectSchema = z.custom<JsonObject>(isJsonObject, 'expected a JSON object');
const matchSchema = z.strictObject({
  lastUser: textMatchSchema.exactOptional(),
  conversation: textMatchSchema.exactOptional(),
  system: textMatchSchema.exactOptional(),
  toolResult: textMatchSchema.exactOptional(),
  model: textMatchSchema.exactOptional(),
  json: jsonObjectSchema.exactOptional(),
  hasTools: z.boolean().exactOptional(),
});
const replySchema = z.strictObject({
  text: z.string().exactOptional(),
  thought: z.string().exactOptional(),
  toolCalls: z
    .array(z.strictObject({ name: z.string().min(1), arguments: z.union([z.string(), jsonObjectSchema]) }))
    .exactOptional(),
  delayMsBeforeFirst: z.number().min(0).exactOptional(),
  tokensPerSecond: z.number().positive().exactOptional(),
  finish: z.enum(['stop', 'length', 'content_filter']).exactOptional(),
  fail: z
    .strictObject({
      code: z.custom<ErrorCode>(
        (value) => typeof value === 'string' && isErrorCode(value),
        `expected one of ${Object.keys(errorKinds).join(', ')}`,
      ),
      message: z.string().exactOptional(),
      retryAfterMs: z.number().min(0).exactOptional(),
      afterTokens: z.int().min(0).exactOptional(),
    })
    .exactOptional(),
  chunkSize: z.int().min(1).exactOptional(),
  logprobs: z.array(z.number().max(0)).exactOptional(),
  cachedTokens: z.int().min(0).exactOptional(),
  unchecked: z.boolean().exactOptional(),
});
const scriptSchema: z.ZodType<Script> = z.strictObject({
  rules: z.array(
    z.strictObject({
      match: matchSchema.exactOptional(),
      reply: z.union([replySchema, z.array(replySchema).min(1)]),
      times: z.int().min(1).exactOptional(),
    }),
  ),
});
