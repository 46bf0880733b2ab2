/** Between a response and its row. What the api's object echoes and how the run ended are kept as JSON in the row. */
import { createHash } from 'node:crypto';
import type { LevelResult } from '../kernel/event.ts';
import type { OutputItem } from '../kernel/item.ts';
import { isJsonObject, toCanonicalJson, type JsonObject, type JsonValue } from '../kernel/json.ts';
import type { ResponseRequest } from '../kernel/request.ts';
import type { ResponseRow } from '../store/store.ts';
import type { ResponseFailure, ResponseStart, ResponseStatus, StoredResponse } from './response-runs.ts';

/** How a run ended, as the row keeps it. */
export interface Ending {
  readonly status: 'completed' | 'incomplete' | 'failed' | 'cancelled';
  readonly output: readonly OutputItem[];
  readonly result?: LevelResult;
  readonly error?: ResponseFailure;
}

export function isEnded(status: ResponseStatus): boolean {
  return status !== 'queued' && status !== 'in_progress';
}

export function toRow(start: ResponseStart, nowMs: number): ResponseRow {
  return {
    id: start.id,
    kind: 'response',
    status: start.background ? 'queued' : 'in_progress',
    model: start.served,
    level: toLevelName(start.served),
    request: { request: toStoredRequest(start.request), envelope: start.envelope },
    snapshot: null,
    conversationId: start.conversationId ?? null,
    previousResponseId: start.previousResponseId ?? null,
    parentId: null,
    keyId: start.keyLabel ?? null,
    isBackground: start.background,
    isStored: true,
    metadata: start.metadata,
    spend: {},
    createdAtMs: nowMs,
    startedAtMs: start.background ? null : nowMs,
    finishedAtMs: null,
  };
}

/** `output` is what the response has so far; of one that has ended, the row knows. */
export function toStoredResponse(row: ResponseRow, output: readonly OutputItem[]): StoredResponse {
  const ending = row.snapshot;
  const isOver = ending !== null && isEnding(ending);
  return {
    id: row.id,
    served: row.model,
    ...readRequest(row),
    status: row.status,
    createdAtMs: row.createdAtMs,
    ...(row.finishedAtMs === null ? {} : { completedAtMs: row.finishedAtMs }),
    output: isOver ? ending.output : output,
    ...(isOver && ending.result !== undefined ? { result: ending.result } : {}),
    ...(isOver && ending.error !== undefined ? { error: ending.error } : {}),
    ...(row.conversationId === null ? {} : { conversationId: row.conversationId }),
    ...(row.previousResponseId === null ? {} : { previousResponseId: row.previousResponseId }),
    metadata: row.metadata,
    background: row.isBackground,
  };
}

export function toJsonObject(value: object): JsonObject {
  if (!isJsonObject(value)) throw new Error('expected a JSON object');
  return value;
}

/** Equal for equal requests; ids of items are made anew by each reading of a body and so do not count. */
export function hashRequest(start: ResponseStart): string {
  const { request, served, background, conversationId = '', previousResponseId = '' } = start;
  const text = toCanonicalJson([
    served,
    background,
    conversationId,
    previousResponseId,
    withoutIds(toStoredRequest(request)),
  ]);
  return createHash('sha256').update(text).digest('hex');
}

function toLevelName(served: string): string {
  const suffix = served.slice(served.lastIndexOf(':') + 1);
  return ['reason', 'act', 'invent', 'organize'].includes(suffix) ? suffix : 'chat';
}

/** JSON knows no maps. */
function toStoredRequest(request: ResponseRequest): JsonObject {
  return toJsonObject({
    ...request,
    sampling: { ...request.sampling, logitBias: [...request.sampling.logitBias] },
  });
}

function readRequest(row: ResponseRow): {
  readonly request: ResponseRequest;
  readonly envelope: JsonObject;
} {
  const { envelope } = row.request;
  const request: unknown = row.request['request'];
  if (!isStoredRequest(request) || !isJsonObject(envelope)) {
    throw new Error(`the row of ${row.id} has no request`);
  }
  const { sampling } = request;
  return {
    request: { ...request, sampling: { ...sampling, logitBias: new Map(sampling.logitBias) } },
    envelope,
  };
}

// Rows of responses are written by this file alone, so one look at them is enough.

type StoredRequest = Omit<ResponseRequest, 'sampling'> & {
  readonly sampling: Omit<ResponseRequest['sampling'], 'logitBias'> & {
    readonly logitBias: readonly (readonly [number, number])[];
  };
};

function isStoredRequest(value: unknown): value is StoredRequest {
  return isJsonObject(value) && isJsonObject(value['sampling']);
}

function isEnding(value: unknown): value is Ending {
  return isJsonObject(value) && Array.isArray(value['output']);
}

function withoutIds(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((entry: JsonValue) => withoutIds(entry));
  if (!isJsonObject(value)) return value;
  const kept: Record<string, JsonValue> = {};
  for (const [key, entry] of Object.entries(value)) {
    const isId = key === 'id' && typeof entry === 'string';
    if (!isId && entry !== undefined) kept[key] = withoutIds(entry);
  }
  return kept;
}
