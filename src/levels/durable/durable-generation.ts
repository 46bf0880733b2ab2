/**
 * A generation as a durable step. Its events are noted as they come, so that after a crash in the middle of an
 * answer the engine goes on from what was stored; when it has ended, they are stored once in short form.
 */
import type { Engine, GenerateRequest, GenerationEvent, ModelDescription } from '../../engines/engine.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts';
import type { ResponseScope, StepProgress } from '../../runtime/response-work.ts';
import { toContinuation, type Continuation } from './continuation.ts';

export interface DurableGeneration {
  readonly engine: Engine;
  readonly model: ModelDescription;
  readonly scope: ResponseScope;
  readonly request: GenerateRequest;
  readonly onEvent: (event: GenerationEvent) => void;
}

export async function generateDurably(generation: DurableGeneration): Promise<void> {
  const { engine, model, scope, request, onEvent } = generation;
  let hasRun = false;
  const work = async (progress: StepProgress): Promise<readonly JsonObject[]> => {
    hasRun = true;
    const kept: GenerationEvent[] = [];
    const take = (event: GenerationEvent): void => {
      keep(kept, event);
      onEvent(event);
    };
    const continuation = toContinuation(request, progress.earlier.map(toGenerationEvent), model);
    if (continuation.kind === 'anew' && progress.earlier.length > 0) progress.restart();
    for (const event of continuation.replayed) take(event);
    if (continuation.kind !== 'over') {
      for await (const event of engine.generate(continuation.request, scope.signal)) {
        const adapted = adapt(event, continuation);
        if (adapted === undefined) continue;
        progress.note(toJsonObject(adapted));
        take(adapted);
      }
    }
    return kept.map(toJsonObject);
  };
  const stored = await scope.step('generate', work, { mayBeginEarly: true });
  if (!hasRun) for (const value of stored) onEvent(toGenerationEvent(value));
}

/** Makes one generation of two: it began once, and its numbers count what was sampled before the crash. */
function adapt(event: GenerationEvent, continuation: Continuation): GenerationEvent | undefined {
  if (continuation.kind !== 'goes-on') return event;
  const { sampledTokens, started } = continuation;
  switch (event.kind) {
    case 'started':
      return undefined;
    case 'sample-finished':
      return { ...event, sampledTokens: event.sampledTokens + sampledTokens };
    case 'finished':
      return {
        ...event,
        usage: {
          ...event.usage,
          inputTokens: started.promptTokens,
          cachedTokens: started.cachedTokens,
          outputTokens: event.usage.outputTokens + sampledTokens,
        },
      };
    default:
      return event;
  }
}

/** Adds an event to the short form: deltas that follow each other become one, unless they carry logprobs. */
function keep(kept: GenerationEvent[], event: GenerationEvent): void {
  const last = kept.at(-1);
  if (
    (event.kind === 'text-delta' || event.kind === 'thought-delta') &&
    last?.kind === event.kind &&
    last.sample === event.sample &&
    last.logprobs === undefined &&
    event.logprobs === undefined
  ) {
    kept[kept.length - 1] = { kind: event.kind, sample: event.sample, text: last.text + event.text };
  } else if (
    event.kind === 'tool-call-delta' &&
    last?.kind === 'tool-call-delta' &&
    last.sample === event.sample &&
    last.index === event.index
  ) {
    kept[kept.length - 1] = { ...event, text: last.text + event.text };
  } else {
    kept.push(event);
  }
}

function toJsonObject(event: GenerationEvent): JsonObject {
  const value: object = event;
  if (!isJsonObject(value)) throw new Error('an event is an object');
  return value;
}

/** What comes here was written here, so one look at it is enough. */
function toGenerationEvent(value: JsonValue): GenerationEvent {
  if (!isGenerationEvent(value)) throw new Error('a stored generation event has no kind');
  return value;
}

function isGenerationEvent(value: unknown): value is GenerationEvent {
  return isJsonObject(value) && typeof value['kind'] === 'string';
}
