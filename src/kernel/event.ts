/**
 * Events: how a response grows, as in the Open Responses specification. Levels emit them without
 * numbers; the runtime numbers, stores and hands them on. A delta carries the new part only.
 */
import type { ContentPart, FinishReason, OutputItem, TokenLogprobs } from './item.ts';
import type { JsonObject } from './json.ts';
import type { Usage } from './usage.ts';

export type LevelEvent =
  | {
      readonly type: 'response.output_item.added';
      readonly output_index: number;
      readonly item: OutputItem;
      /** Which of the request's choices this item belongs to. */
      readonly choice: number;
    }
  | {
      readonly type: 'response.output_item.done';
      readonly output_index: number;
      readonly item: OutputItem;
      readonly choice: number;
    }
  | {
      readonly type: 'response.content_part.added' | 'response.content_part.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly part: ContentPart;
    }
  | {
      readonly type: 'response.output_text.delta';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly delta: string;
      readonly logprobs: readonly TokenLogprobs[];
    }
  | {
      readonly type: 'response.output_text.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly text: string;
      readonly logprobs: readonly TokenLogprobs[];
    }
  | {
      readonly type: 'response.refusal.delta' | 'response.reasoning.delta';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly delta: string;
    }
  | {
      readonly type: 'response.refusal.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly refusal: string;
    }
  | {
      readonly type: 'response.reasoning.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly content_index: number;
      readonly text: string;
    }
  | {
      readonly type: 'response.reasoning_summary_part.added' | 'response.reasoning_summary_part.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly summary_index: number;
      readonly part: { readonly type: 'summary_text'; readonly text: string };
    }
  | {
      readonly type: 'response.reasoning_summary_text.delta';
      readonly item_id: string;
      readonly output_index: number;
      readonly summary_index: number;
      readonly delta: string;
    }
  | {
      readonly type: 'response.reasoning_summary_text.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly summary_index: number;
      readonly text: string;
    }
  | {
      readonly type: 'response.function_call_arguments.delta';
      readonly item_id: string;
      readonly output_index: number;
      readonly delta: string;
    }
  | {
      readonly type: 'response.function_call_arguments.done';
      readonly item_id: string;
      readonly output_index: number;
      readonly name: string;
      readonly arguments: string;
    };

/** What a level returns when its events are all out. Failure is thrown as a GradusError instead. */
export interface LevelResult {
  readonly usage: Usage;
  /** One reason per choice, in order. */
  readonly finishReasons: readonly FinishReason[];
  /** What the engine was given as seed, so that the answer can be made again. */
  readonly seed?: number;
  /** Facts of this level under the key `gradus` of the API's objects. */
  readonly gradus?: JsonObject;
}
