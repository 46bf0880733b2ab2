/**
 * What every level is asked: the trusted form that the api makes of any dialect's body. Nothing behind
 * the edge checks it again; what a level cannot honour it refuses by name.
 */
import type { JsonObject } from './json.ts';
import type { Item } from './item.ts';

export interface FunctionTool {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments; always of type object. */
  readonly parameters: JsonObject;
  readonly strict: boolean;
}

export type ToolChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'required' }
  | { readonly kind: 'named'; readonly name: string };

export type TextFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json-object' }
  | {
      readonly kind: 'json-schema';
      readonly name: string;
      readonly schema: JsonObject;
      readonly strict: boolean;
    };

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** Added to the logit of a token id; -100 bans, 100 forces. */
  readonly logitBias: ReadonlyMap<number, number>;
  /** The same seed on the same model and input gives the same text. */
  readonly seed?: number;
}

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';

/** The input of a level: a conversation, or raw text that the model goes on with (legacy completions). */
export type RequestInput =
  | { readonly kind: 'items'; readonly instructions?: string; readonly items: readonly Item[] }
  | { readonly kind: 'raw'; readonly prompt: string | readonly number[] };

export interface ResponseRequest {
  /** The model's name without the level's suffix. */
  readonly model: string;
  readonly input: RequestInput;
  readonly tools: readonly FunctionTool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  readonly textFormat: TextFormat;
  readonly sampling: Sampling;
  readonly stop: readonly string[];
  /** Upper limit for sampled tokens per choice; absent: what the context leaves. */
  readonly maxOutputTokens?: number;
  /** How many independent answers (chat completions' `n`). */
  readonly choices: number;
  /** Absent: no logprobs. 0 to 20: that many alternatives beside each token. */
  readonly topLogprobs?: number;
  readonly reasoning: { readonly effort?: ReasoningEffort; readonly options?: JsonObject };
  /** Drop the oldest turns instead of refusing when the input does not fit. */
  readonly truncation: 'auto' | 'disabled';
  readonly metadata: Readonly<Record<string, string>>;
}
