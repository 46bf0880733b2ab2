/**
 * The contract of an engine: what turns a prompt into tokens. Three kinds stand behind it: `llama`
 * (embedded llama.cpp), `openai` (any OpenAI-compatible endpoint) and `scripted` (deterministic).
 * `engine.contract.ts` is the suite that all of them pass.
 */
import type { FinishReason, TokenLogprobs } from '../kernel/item.ts';
import type { FunctionTool, Sampling, TextFormat, ToolChoice } from '../kernel/request.ts';
import type { Usage } from '../kernel/usage.ts';

export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly url: string; readonly detail: 'low' | 'high' | 'auto' };

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly parts: readonly ChatPart[] }
  | {
      readonly role: 'assistant';
      readonly text: string;
      readonly thought?: string;
      readonly toolCalls: readonly ToolCall[];
    }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly text: string };

export type Prompt =
  | {
      readonly kind: 'chat';
      readonly messages: readonly ChatMessage[];
      /**
       * Text that the answer starts with, as if the model had written it; it is not repeated in the output.
       * `tokens`, when known, are the ids that text was sampled as, so that a resumed answer goes on from
       * exactly the state that it stopped in.
       */
      readonly answerStart?: { readonly text: string; readonly tokens?: readonly number[] };
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tokens'; readonly tokens: readonly number[] };

export interface GenerateRequest {
  readonly model: string;
  readonly prompt: Prompt;
  /** How many independent samples of this prompt; the prompt is computed once for all of them. */
  readonly samples: number;
  /** Per sample; absent: what the context leaves. */
  readonly maxTokens?: number;
  readonly sampling: Sampling;
  /** Sampling ends before the first of these texts, which is not part of the output. */
  readonly stop: readonly string[];
  readonly tools: readonly FunctionTool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  readonly textFormat: TextFormat;
  /** A grammar in llama.cpp's GBNF that the text must follow; only engines whose capability says so. */
  readonly grammar?: string;
  /** Absent: no logprobs. 0 to 20 alternatives. */
  readonly topLogprobs?: number;
  /** Whether token ids are wanted in deltas. */
  readonly wantTokenIds?: boolean;
}

export type GenerationEvent =
  | {
      /** Once, when the prompt is computed and before the first token. */
      readonly kind: 'started';
      /** Of remote endpoints an estimate, for they tell it at the end; the usage of `finished` is exact. */
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly queueMs: number;
      readonly seed: number | undefined;
    }
  | {
      readonly kind: 'text-delta' | 'thought-delta';
      readonly sample: number;
      /** Whole characters only; never a part of a stop text. */
      readonly text: string;
      readonly logprobs?: readonly TokenLogprobs[];
      readonly tokenIds?: readonly number[];
    }
  | {
      readonly kind: 'tool-call-started';
      readonly sample: number;
      /** Position among this sample's calls. */
      readonly index: number;
      readonly name: string;
    }
  | {
      readonly kind: 'tool-call-delta';
      readonly sample: number;
      readonly index: number;
      readonly text: string;
    }
  | {
      readonly kind: 'sample-finished';
      readonly sample: number;
      readonly reason: FinishReason;
      /** Every token that was sampled for it, stop texts and end marks included. */
      readonly sampledTokens: number;
      readonly thoughtTokens: number;
    }
  | {
      readonly kind: 'finished';
      readonly usage: Usage;
      /** Whether the numbers are an estimate, because the endpoint gave none that can be believed. */
      readonly isEstimate?: boolean;
    };

export interface ModelCapabilities {
  readonly grammar: boolean;
  readonly logprobs: boolean;
  readonly images: boolean;
  readonly embeddings: boolean;
  /** Goes on from `answerStart` and raw prompts. */
  readonly continues: boolean;
  /** Whether the model is trained to think in its own segment. */
  readonly thinks: boolean;
}

export interface ModelDescription {
  readonly id: string;
  /** Longest prompt plus answer that one request can have; undefined when the endpoint does not say. */
  readonly contextTokens: number | undefined;
  readonly parameters: number | undefined;
  readonly createdAtMs: number;
  readonly ownedBy: string;
  readonly licence: string | undefined;
  readonly capabilities: ModelCapabilities;
  readonly state: 'available' | 'loading' | 'loaded';
}

export interface EmbeddingRequest {
  readonly model: string;
  readonly inputs: readonly (string | readonly number[])[];
  readonly dimensions?: number;
}

export interface EmbeddingResult {
  readonly vectors: readonly Float32Array[];
  readonly inputTokens: number;
}

export interface ModelLoad {
  readonly model: string;
  readonly waiting: number;
  readonly running: number;
  readonly memoryBytes: number | undefined;
}

export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** The models that this engine serves, loaded or not. Cheap: no network. */
  models(): readonly ModelDescription[];
  /** Brings a model into memory, or checks the endpoint. Throws `model-load-failed`, `not-enough-memory`. */
  load(model: string, signal: AbortSignal): Promise<ModelDescription>;
  unload(model: string): Promise<void>;
  /**
   * Makes tokens. Loads the model when needed. Order per sample: deltas, then `sample-finished`; `started`
   * comes before all, `finished` after all. Leaving the loop or aborting frees the slot at once; an
   * aborted generation ends with `cancelled` samples and its usage, not with a throw.
   * Throws GradusError: `context-length-exceeded` (both numbers named) before any work, `queue-full`,
   * `unsupported-parameter`, `invalid-schema`, `engine-failed`, `engine-unreachable`, `timed-out`.
   */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerationEvent>;
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<EmbeddingResult>;
  /** Exact prompt length as `generate` would count it; for endpoints without a tokenizer, undefined. */
  countTokens(model: string, prompt: Prompt, tools: readonly FunctionTool[]): Promise<number | undefined>;
  loads(): readonly ModelLoad[];
}

/** Facts that an engine reports for metrics; unknown names are an error in the collector. */
export interface EngineObserver {
  observe(fact: {
    readonly name:
      | 'queue_wait_ms'
      | 'first_token_ms'
      | 'tokens_per_second'
      | 'cached_tokens'
      | 'prompt_tokens'
      | 'sampled_tokens';
    readonly model: string;
    readonly value: number;
  }): void;
}
