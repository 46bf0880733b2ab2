/** A generation read to its end and kept whole: for callers and tests that do not stream. */
import type { FinishReason, TokenLogprobs } from '../kernel/item.ts';
import { noUsage, type Usage } from '../kernel/usage.ts';
import type { GenerationEvent } from './engine.ts';

export interface RecordedCall {
  readonly name: string;
  readonly arguments: string;
}

export interface RecordedSample {
  readonly text: string;
  readonly thought: string;
  readonly logprobs: readonly TokenLogprobs[];
  readonly tokenIds: readonly number[];
  readonly calls: readonly RecordedCall[];
  /** Undefined when the sample never finished. */
  readonly reason: FinishReason | undefined;
  readonly sampledTokens: number;
  readonly thoughtTokens: number;
}

export interface GenerationRecord {
  readonly events: readonly GenerationEvent[];
  readonly samples: readonly RecordedSample[];
  readonly promptTokens: number;
  readonly usage: Usage;
}

/** Reads to the end. `onEvent` sees each event first; returning `false` leaves the loop there. */
export async function recordGeneration(
  source: AsyncIterable<GenerationEvent>,
  onEvent?: (event: GenerationEvent) => boolean | undefined,
): Promise<GenerationRecord> {
  const events: GenerationEvent[] = [];
  for await (const event of source) {
    events.push(event);
    if (onEvent?.(event) === false) break;
  }
  return toGenerationRecord(events);
}

export function toGenerationRecord(events: readonly GenerationEvent[]): GenerationRecord {
  let usage = noUsage;
  let promptTokens = 0;
  const samples: Building[] = [];
  for (const event of events) {
    if (event.kind === 'started') promptTokens = event.promptTokens;
    else if (event.kind === 'finished') usage = event.usage;
    else addToSample((samples[event.sample] ??= createBuilding()), event);
  }
  return {
    events,
    samples: Array.from(samples, (sample) => sample ?? createBuilding()),
    promptTokens,
    usage,
  };
}

interface Building {
  text: string;
  thought: string;
  readonly logprobs: TokenLogprobs[];
  readonly tokenIds: number[];
  readonly calls: { name: string; arguments: string }[];
  reason: FinishReason | undefined;
  sampledTokens: number;
  thoughtTokens: number;
}

function createBuilding(): Building {
  return {
    text: '',
    thought: '',
    logprobs: [],
    tokenIds: [],
    calls: [],
    reason: undefined,
    sampledTokens: 0,
    thoughtTokens: 0,
  };
}

function addToSample(
  sample: Building,
  event: Exclude<GenerationEvent, { kind: 'started' | 'finished' }>,
): void {
  switch (event.kind) {
    case 'text-delta':
      sample.text += event.text;
      sample.logprobs.push(...(event.logprobs ?? []));
      sample.tokenIds.push(...(event.tokenIds ?? []));
      break;
    case 'thought-delta':
      sample.thought += event.text;
      break;
    case 'tool-call-started':
      sample.calls[event.index] = { name: event.name, arguments: '' };
      break;
    case 'tool-call-delta': {
      const call = sample.calls[event.index];
      if (call === undefined) throw new Error(`a delta for tool call ${event.index}, which never started`);
      call.arguments += event.text;
      break;
    }
    case 'sample-finished':
      sample.reason = event.reason;
      sample.sampledTokens = event.sampledTokens;
      sample.thoughtTokens = event.thoughtTokens;
      break;
  }
}
