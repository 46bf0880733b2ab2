/**
 * The embedded engine: llama.cpp in one process per loaded model. Models come into memory on demand,
 * several at once within a limit; the least recently used makes room, and idle ones leave by themselves.
 */
import { existsSync } from 'node:fs';
import { GradusError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import { randomInteger, type RandomSource } from '../../kernel/random.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import { noUsage } from '../../kernel/usage.ts';
import type {
  EmbeddingRequest,
  EmbeddingResult,
  Engine,
  EngineObserver,
  GenerateRequest,
  GenerationEvent,
  ModelDescription,
  ModelLoad,
  Prompt,
} from '../engine.ts';
import { readGguf } from '../weights/gguf.ts';
import { EventQueue } from './event-queue.ts';
import type { HostEvent } from './host-process.ts';
import { ModelPool } from './model-pool.ts';

export interface LlamaModel {
  readonly id: string;
  readonly path: string;
  readonly contextTokens: number | undefined;
  readonly parameters: number | undefined;
  readonly licence: string | undefined;
  readonly createdAtMs: number;
}

export interface LlamaEngineOptions {
  readonly models: () => readonly LlamaModel[];
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly observer?: EngineObserver;
  /** Threads for one computation: free cores within the cgroup's limit, never more. */
  readonly threads: number;
  /** Cells of KV cache per model; requests share them. */
  readonly contextTokens: number;
  /** What all loaded models together may take. */
  readonly memoryLimitBytes: number;
  /** Free memory of the machine right now. */
  readonly availableMemoryBytes: () => number;
  /** A model without work for so long leaves memory. */
  readonly idleUnloadMs: number;
  /** Answers that one model computes at once. */
  readonly maxRunning: number;
  /** Generations that may wait per model; one more is refused with `queue-full`. */
  readonly queueLimit: number;
  /** Layers on the GPU; -1 means all, and does nothing without one. */
  readonly gpuLayers: number;
  readonly environment: Readonly<Record<string, string>>;
}

export function createLlamaEngine(options: LlamaEngineOptions): Engine {
  return new LlamaEngine(options);
}

class LlamaEngine implements Engine {
  readonly name = 'llama';
  readonly #options: LlamaEngineOptions;
  readonly #pool: ModelPool;

  constructor(options: LlamaEngineOptions) {
    this.#options = options;
    this.#pool = new ModelPool({
      clock: options.clock,
      idleUnloadMs: options.idleUnloadMs,
      memoryLimitBytes: options.memoryLimitBytes,
      availableMemoryBytes: options.availableMemoryBytes,
      environment: options.environment,
    });
  }

  models(): readonly ModelDescription[] {
    return this.#options.models().map((model) => this.#describe(model));
  }

  async load(model: string, signal: AbortSignal): Promise<ModelDescription> {
    using _lease = await this.#lease(model, signal);
    return this.#describe(this.#find(model));
  }

  async unload(model: string): Promise<void> {
    this.#find(model);
    await this.#pool.unload(model);
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerationEvent> {
    const { clock, random, observer, queueLimit } = this.#options;
    this.#find(request.model);
    const load = this.#pool.loadOf(request.model);
    if (load.busy >= queueLimit + this.#options.maxRunning) {
      throw new GradusError('queue-full', {
        message: `Model ${request.model} has ${load.busy} generations under way or waiting, which is its limit.`,
        retryAfterMs: 2000,
        data: { busy: load.busy, limit: queueLimit + this.#options.maxRunning },
      });
    }
    const startedAtMs = clock.monotonicMs();
    let lease;
    try {
      lease = await this.#lease(request.model, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      yield* cancelledBeforeStart(request);
      return;
    }
    using held = lease;
    const { host } = held;
    const seed = request.sampling.seed ?? randomInteger(random, 2 ** 31);
    const queue = new EventQueue<HostEvent>();
    const ticket = host.ask(
      (id) => ({ kind: 'generate', id, request, seed }),
      (event) => queue.push(event),
    );
    const cancel = (): void => host.cancel(ticket.id);
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    let isOver = false;
    let firstTokenAtMs: number | undefined;
    try {
      while (!isOver) {
        for (const event of await queue.take()) {
          switch (event.kind) {
            case 'lost':
              isOver = true;
              throw event.error;
            case 'failed':
              isOver = true;
              throw new GradusError(event.error.code, event.error.details);
            case 'embedded':
            case 'counted':
              throw new GradusError('internal', { message: `A generation was answered with ${event.kind}.` });
            case 'started':
              observer?.observe({ name: 'queue_wait_ms', model: request.model, value: event.queueMs });
              observer?.observe({ name: 'prompt_tokens', model: request.model, value: event.promptTokens });
              observer?.observe({ name: 'cached_tokens', model: request.model, value: event.cachedTokens });
              firstTokenAtMs = clock.monotonicMs();
              observer?.observe({
                name: 'first_token_ms',
                model: request.model,
                value: firstTokenAtMs - startedAtMs,
              });
              yield event;
              break;
            case 'finished': {
              isOver = true;
              const seconds = (clock.monotonicMs() - (firstTokenAtMs ?? startedAtMs)) / 1000;
              const { outputTokens } = event.usage;
              observer?.observe({ name: 'sampled_tokens', model: request.model, value: outputTokens });
              if (seconds > 0) {
                observer?.observe({
                  name: 'tokens_per_second',
                  model: request.model,
                  value: outputTokens / seconds,
                });
              }
              yield event;
              break;
            }
            case 'text-delta':
            case 'thought-delta':
            case 'tool-call-started':
            case 'tool-call-delta':
            case 'sample-finished':
              yield event;
          }
        }
      }
    } finally {
      signal.removeEventListener('abort', cancel);
      if (!isOver) host.cancel(ticket.id);
      ticket.forget();
    }
  }

  async embed(request: EmbeddingRequest, signal: AbortSignal): Promise<EmbeddingResult> {
    using lease = await this.#lease(request.model, signal);
    const { inputs, dimensions } = request;
    const answer = await this.#askOnce(lease.host, (id) => ({ kind: 'embed', id, inputs }), signal);
    if (answer.kind !== 'embedded') throw unexpected(answer);
    const vectors =
      dimensions === undefined ? answer.vectors : answer.vectors.map((vector) => shorten(vector, dimensions));
    return { vectors, inputTokens: answer.inputTokens };
  }

  async countTokens(model: string, prompt: Prompt, tools: readonly FunctionTool[]): Promise<number> {
    const { signal } = new AbortController();
    using lease = await this.#lease(model, signal);
    const answer = await this.#askOnce(lease.host, (id) => ({ kind: 'count', id, prompt, tools }), signal);
    if (answer.kind !== 'counted') throw unexpected(answer);
    return answer.tokens;
  }

  loads(): readonly ModelLoad[] {
    return this.#pool.loads(this.#options.maxRunning);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }

  #find(id: string): LlamaModel {
    const model = this.#options.models().find((entry) => entry.id === id);
    if (model === undefined) {
      throw new GradusError('model-not-found', {
        message: `The embedded engine has no model ${id}.`,
        param: 'model',
      });
    }
    return model;
  }

  #describe(model: LlamaModel): ModelDescription {
    const { contextTokens } = this.#options;
    const facts = this.#pool.factsOf(model.id);
    return {
      id: model.id,
      contextTokens: facts?.contextTokens ?? Math.min(contextTokens, model.contextTokens ?? contextTokens),
      parameters: facts?.parameters ?? model.parameters,
      createdAtMs: model.createdAtMs,
      ownedBy: 'gradus',
      licence: model.licence,
      capabilities: {
        grammar: true,
        logprobs: true,
        images: false,
        embeddings: true,
        continues: true,
        thinks: facts?.thinks ?? false,
      },
      state: this.#pool.stateOf(model.id),
    };
  }

  async #lease(id: string, signal: AbortSignal): ReturnType<ModelPool['lease']> {
    const model = this.#find(id);
    const { contextTokens, threads, gpuLayers, maxRunning } = this.#options;
    return this.#pool.lease(
      {
        id,
        // The header is read first: a file that is not a GGUF is refused in words, not by a native crash.
        prepare: async () => {
          if (!existsSync(model.path)) {
            throw new GradusError('model-load-failed', {
              message: `The file ${model.path} of model ${id} is gone.`,
            });
          }
          const header = await readGguf(model.path);
          const cells = Math.min(contextTokens, header.contextTokens ?? contextTokens);
          return {
            load: { path: model.path, contextTokens: cells, threads, gpuLayers, maxRunning },
            memoryBytes: header.fileBytes * 1.1 + cells * (header.kvBytesPerToken ?? 65_536) + 250e6,
          };
        },
      },
      signal,
    );
  }

  #askOnce(
    host: { ask: Awaited<ReturnType<ModelPool['lease']>>['host']['ask'] },
    build: Parameters<Awaited<ReturnType<ModelPool['lease']>>['host']['ask']>[0],
    signal: AbortSignal,
  ): Promise<HostEvent> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        ticket.forget();
        reject(new GradusError('cancelled', { message: 'The request was cancelled.' }));
      };
      const ticket = host.ask(build, (event) => {
        signal.removeEventListener('abort', abort);
        ticket.forget();
        if (event.kind === 'lost') reject(event.error);
        else if (event.kind === 'failed') reject(new GradusError(event.error.code, event.error.details));
        else resolve(event);
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

function* cancelledBeforeStart(request: GenerateRequest): Iterable<GenerationEvent> {
  for (let sample = 0; sample < request.samples; sample++) {
    yield { kind: 'sample-finished', sample, reason: 'cancelled', sampledTokens: 0, thoughtTokens: 0 };
  }
  yield { kind: 'finished', usage: noUsage };
}

function unexpected(event: HostEvent): GradusError {
  return new GradusError('internal', { message: `Unexpected answer of the model's process: ${event.kind}.` });
}

/** The first `dimensions` numbers, of length 1 again: what the API's `dimensions` means. */
function shorten(vector: Float32Array, dimensions: number): Float32Array {
  if (dimensions > vector.length) {
    throw new GradusError('invalid-request', {
      message: `This model's embeddings have ${vector.length} dimensions; ${dimensions} were asked for.`,
      param: 'dimensions',
    });
  }
  const short = vector.slice(0, dimensions);
  const norm = Math.hypot(...short);
  return norm > 0 ? short.map((value) => value / norm) : short;
}
