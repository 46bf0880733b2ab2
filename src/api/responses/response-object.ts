/** A response as the object that clients get: complete at any moment, whatever has happened so far. */
import type { LevelResult } from '../../kernel/event.ts';
import type { JsonObject, JsonValue } from '../../kernel/json.ts';
import type { Usage } from '../../kernel/usage.ts';
import type { ResponseFailure, ResponseStatus, StoredResponse } from '../../runtime/response-runs.ts';

/** What the object is made of; a stored response is one, and so is a response in memory. */
export interface ResponseState extends Pick<
  StoredResponse,
  'id' | 'envelope' | 'status' | 'createdAtMs' | 'completedAtMs' | 'output' | 'result' | 'error'
> {
  /** The item that was begun before a crash and comes anew. */
  readonly restartedItemId?: string;
}

export interface ResponseObject {
  readonly id: string;
  readonly object: 'response';
  readonly status: ResponseStatus;
  readonly [key: string]: unknown;
}

export function toResponseObject(state: ResponseState): ResponseObject {
  const { id, status, result } = state;
  const { owner: _, ...echoed } = state.envelope;
  return {
    id,
    object: 'response',
    created_at: Math.trunc(state.createdAtMs / 1000),
    completed_at:
      status === 'completed' && state.completedAtMs !== undefined
        ? Math.trunc(state.completedAtMs / 1000)
        : null,
    status,
    incomplete_details: status === 'incomplete' ? toIncompleteDetails(result) : null,
    error: status === 'failed' ? toError(state.error) : null,
    ...echoed,
    output: state.output,
    usage: result === undefined ? null : toResponseUsage(result.usage),
    ...(result?.gradus === undefined ? {} : { gradus: result.gradus }),
    ...(state.restartedItemId === undefined ? {} : { gradus: { restarted_item: state.restartedItemId } }),
  };
}

/** How a run that came to its end ended, by its finish reason. */
export function toFinalStatus(result: LevelResult): 'completed' | 'incomplete' | 'cancelled' {
  const [reason] = result.finishReasons;
  if (reason === 'cancelled') return 'cancelled';
  return reason === 'length' || reason === 'content_filter' ? 'incomplete' : 'completed';
}

function toIncompleteDetails(result: LevelResult | undefined): JsonValue {
  const isFiltered = result?.finishReasons.includes('content_filter') === true;
  return { reason: isFiltered ? 'content_filter' : 'max_output_tokens' };
}

function toError(error: ResponseFailure | undefined): JsonObject {
  return {
    code: (error?.code ?? 'internal').replaceAll('-', '_'),
    message: error?.message ?? 'The run failed without saying why.',
  };
}

/** Usage as Responses objects carry it. */
export function toResponseUsage(used: Usage): JsonObject {
  return {
    input_tokens: used.inputTokens,
    input_tokens_details: { cached_tokens: used.cachedTokens },
    output_tokens: used.outputTokens,
    output_tokens_details: { reasoning_tokens: used.reasoningTokens },
    total_tokens: used.inputTokens + used.outputTokens,
  };
}
