/** Which models an endpoint has: the configured list, the endpoint's own, and what each says beside the other. */
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { ModelDescription } from '../engine.ts';
import type { EndpointCapabilities, EndpointConfig, EndpointModel } from './endpoint-config.ts';
import type { ListedModel } from './model-list.ts';

export interface KnownModel {
  readonly id: string;
  /** The endpoint's own name for it. */
  readonly upstream: string;
  readonly contextTokens: number | undefined;
  readonly capabilities: EndpointCapabilities;
  readonly extraBody: JsonObject;
}

export class EndpointModels {
  readonly #config: EndpointConfig;
  readonly #listed = new Map<string, ListedModel>();
  readonly #loaded = new Set<string>();
  #known = new Map<string, KnownModel>();

  constructor(config: EndpointConfig) {
    this.#config = config;
    this.#rebuild();
  }

  learn(list: readonly ListedModel[]): void {
    this.#listed.clear();
    for (const entry of list) this.#listed.set(entry.id, entry);
    this.#rebuild();
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Throws `model-not-found`. */
  find(id: string): KnownModel {
    const model = this.#known.get(id);
    if (model !== undefined) return model;
    const known = [...this.#known.keys()].slice(0, 10).join(', ');
    throw new GradusError('model-not-found', {
      message: `The endpoint ${this.#config.name} has no model "${id}"; it has ${known === '' ? 'none' : known}.`,
      param: 'model',
    });
  }

  markLoaded(id: string, isLoaded: boolean): ModelDescription {
    const model = this.find(id);
    if (isLoaded) this.#loaded.add(id);
    else this.#loaded.delete(id);
    return this.#describe(model);
  }

  describeAll(): readonly ModelDescription[] {
    return [...this.#known.values()].map((model) => this.#describe(model));
  }

  #rebuild(): void {
    const { models } = this.#config;
    const entries: readonly EndpointModel[] =
      models === 'discover'
        ? [...this.#listed.keys()].map((id) => ({ id, capabilities: {}, extraBody: {} }))
        : models;
    this.#known = new Map(entries.map((entry) => [entry.id, this.#complete(entry)]));
  }

  #complete({ id, upstream = id, contextTokens, capabilities, extraBody }: EndpointModel): KnownModel {
    const { limits, capabilities: common } = this.#config;
    return {
      id,
      upstream,
      contextTokens: contextTokens ?? this.#listed.get(upstream)?.contextTokens ?? limits.contextTokens,
      capabilities: { ...common, ...capabilities },
      extraBody,
    };
  }

  #describe({ id, upstream, contextTokens, capabilities }: KnownModel): ModelDescription {
    const listed = this.#listed.get(upstream);
    const { grammar, logprobs, images, embeddings, continues, thinks } = capabilities;
    return {
      id,
      contextTokens,
      parameters: listed?.parameters,
      createdAtMs: listed?.createdAtMs ?? 0,
      ownedBy: listed?.ownedBy ?? this.#config.name,
      licence: undefined,
      capabilities: { grammar, logprobs, images, embeddings, continues: continues !== false, thinks },
      state: this.#loaded.has(id) ? 'loaded' : 'available',
    };
  }
}
