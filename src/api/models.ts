/** GET /v1/models and /v1/models/{id}, and the look-up of the model that a body names. */
import { GradusError } from '../kernel/errors.ts';
import type { Registry, ServedModel } from '../levels/level.ts';
import type { Api, ApiContext } from './api-context.ts';
import { reply } from './exchange.ts';
import type { Health, ModelEntry, ModelList } from './wire/model.ts';

/** Throws `model-not-found`, naming ids that are near or, when none is, what there is. */
export function findModel(registry: Registry, id: string): ServedModel {
  const resolution = registry.resolve(id);
  if (resolution.kind === 'found') return resolution.served;
  throw new GradusError('model-not-found', {
    message: `The model "${id.slice(0, 200)}" does not exist. ${toHint(registry, resolution.nearIds)}`,
    param: 'model',
  });
}

export function listModels(c: ApiContext, api: Api): Response {
  const body: ModelList = { object: 'list', data: api.registry.list().map(toModelEntry) };
  return reply(c, api, body);
}

export function getModel(c: ApiContext, api: Api): Response {
  return reply(c, api, toModelEntry(findModel(api.registry, c.req.param('id') ?? '')));
}

export function getHealth(c: ApiContext, api: Api): Response {
  const body: Health = {
    status: 'ok',
    version: api.version,
    models: api.registry.list().length,
    loads: api.registry.loads().map((load) => ({
      model: load.model,
      waiting: load.waiting,
      running: load.running,
      memory_bytes: load.memoryBytes ?? null,
    })),
  };
  return reply(c, api, body);
}

function toHint(registry: Registry, nearIds: readonly string[]): string {
  const quoted = (ids: readonly string[]): string => ids.map((id) => `"${id}"`).join(', ');
  if (nearIds.length > 0) return `Did you mean ${quoted(nearIds)}?`;
  const known = registry.list().map((served) => served.id);
  if (known.length === 0) return 'This server has no model yet.';
  return `There is ${quoted(known.slice(0, 5))}${known.length > 5 ? ', and more' : ''}.`;
}

function toModelEntry(served: ServedModel): ModelEntry {
  const { id, level, model } = served;
  return {
    id,
    object: 'model',
    created: Math.trunc(model.createdAtMs / 1000),
    owned_by: model.ownedBy,
    gradus: {
      level: level.number,
      summary: level.summary,
      context_tokens: model.contextTokens ?? null,
      parameters: model.parameters ?? null,
      licence: model.licence ?? null,
      state: model.state,
      capabilities: { ...model.capabilities },
    },
  };
}
