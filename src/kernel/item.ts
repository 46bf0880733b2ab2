/**
 * Items: what a response and its input are made of, as in the Open Responses specification (2026-04-24).
 * Field names are the wire's own, so that an item can be stored and sent as it is.
 */
export interface TokenLogprob {
  readonly token: string;
  /** Natural logarithm of the probability. */
  readonly logprob: number;
  /** The UTF-8 bytes of the token: a token may be part of a character. */
  readonly bytes: readonly number[];
}

export interface TokenLogprobs extends TokenLogprob {
  readonly top_logprobs: readonly TokenLogprob[];
}

export interface InputText {
  readonly type: 'input_text';
  readonly text: string;
}

export interface InputImage {
  readonly type: 'input_image';
  /** An https or data URL. */
  readonly image_url: string;
  readonly detail: 'low' | 'high' | 'auto';
}

export interface OutputText {
  readonly type: 'output_text';
  readonly text: string;
  readonly annotations: readonly [];
  readonly logprobs: readonly TokenLogprobs[];
}

export interface Refusal {
  readonly type: 'refusal';
  readonly refusal: string;
}

export type ContentPart = InputText | InputImage | OutputText | Refusal;

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Why sampling of one item stopped. `stop`: the model ended or a stop text was met. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'cancelled';

export interface MessageItem {
  readonly type: 'message';
  readonly id: string;
  readonly status: ItemStatus;
  readonly role: 'user' | 'assistant' | 'system' | 'developer';
  readonly content: readonly ContentPart[];
}

export interface ReasoningItem {
  readonly type: 'reasoning';
  readonly id: string;
  readonly status: ItemStatus;
  readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[];
  readonly content: readonly { readonly type: 'reasoning_text'; readonly text: string }[];
}

export interface FunctionCallItem {
  readonly type: 'function_call';
  readonly id: string;
  readonly status: ItemStatus;
  readonly call_id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

export interface FunctionCallOutputItem {
  readonly type: 'function_call_output';
  readonly id: string;
  readonly status: ItemStatus;
  readonly call_id: string;
  readonly output: string;
}

export type Item = MessageItem | ReasoningItem | FunctionCallItem | FunctionCallOutputItem;

/** Items that a level can put into a response. */
export type OutputItem = MessageItem | ReasoningItem | FunctionCallItem;
