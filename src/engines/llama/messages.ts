/** What the server and a model's host process say to each other. Both are of one version, so nothing is checked. */
import type { ErrorCode, ErrorDetails } from '../../kernel/errors.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { GenerateRequest, GenerationEvent, Prompt } from '../engine.ts';

export interface HostLoadOptions {
  readonly path: string;
  readonly contextTokens: number;
  readonly threads: number;
  readonly gpuLayers: number;
  readonly maxRunning: number;
}

export interface HostModelFacts {
  readonly contextTokens: number;
  readonly trainedContextTokens: number;
  readonly parameters: number;
  readonly thinks: boolean;
  readonly library: string;
  readonly devices: readonly string[];
}

export interface WireError {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

export type ToHost =
  | { readonly kind: 'load'; readonly options: HostLoadOptions }
  | {
      readonly kind: 'generate';
      readonly id: number;
      readonly request: GenerateRequest;
      readonly seed: number;
    }
  | { readonly kind: 'cancel'; readonly id: number }
  | {
      readonly kind: 'embed';
      readonly id: number;
      readonly inputs: readonly (string | readonly number[])[];
    }
  | {
      readonly kind: 'count';
      readonly id: number;
      readonly prompt: Prompt;
      readonly tools: readonly FunctionTool[];
    };

export type FromHost =
  | { readonly kind: 'loaded'; readonly facts: HostModelFacts }
  | { readonly kind: 'load-failed'; readonly error: WireError }
  | {
      readonly kind: 'events';
      readonly events: readonly (readonly [jobId: number, event: GenerationEvent])[];
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: WireError }
  | {
      readonly kind: 'embedded';
      readonly id: number;
      readonly vectors: readonly Float32Array[];
      readonly inputTokens: number;
    }
  | { readonly kind: 'counted'; readonly id: number; readonly tokens: number };
