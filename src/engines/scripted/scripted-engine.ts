/**
 * The scripted engine: answers from a script instead of a model, always the same way. For tests, offline
 * development and measuring what the rest of Gradus costs; so it keeps the whole contract, and a token
 * costs it microseconds. Of the sampling numbers it follows `seed`, and 0 as temperature.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { Usage } from '../../kernel/usage.ts';
import type {
  EmbeddingRequest,
  EmbeddingResult,
  Engine,
  EngineObserver,
  GenerateRequest,
  GenerationEvent,
  ModelCapabilities,
  ModelDescription,
  ModelLoad,
  Prompt,
} from '../engine.ts';
import { Lifetimes } from '../lifetimes.ts';
import { SlotQueue } from '../slot-queue.ts';
import { doesMatch, readConversation } from './conversation.ts';
import { embedText } from './embedding.ts';
import { JsonChecker } from './json-check.ts';
import { SampleLane } from './sample-lane.ts';
import { planSample } from './sample-plan.ts';
import type { Script, ScriptContext, ScriptReply } from './script.ts';
import { Ticker } from './ticker.ts';
import { countPromptTokens, countTextTokens, toTokenText } from './tokens.ts';

export interface ScriptedModel {
  readonly id: string;
  /** Default: 131,072. */
  readonly contextTokens?: number;
  readonly capabilities?: Partial<ModelCapabilities>;
}

export interface ScriptedEngineOptions {
  readonly clock: Clock;
  /** Default: no rules, so every answer is the last user text. */
  readonly script?: Script;
  /** Default: one model named `scripted`. */
  readonly models?: readonly ScriptedModel[];
  /** Generations at once; default: without limit. */
  readonly slots?: number;
  /** Generations that may wait; default: without limit. */
  readonly queueLimit?: number;
  readonly observer?: EngineObserver;
}

const defaultContextTokens = 131_072;
const defaultDimensions = 64;

export function createScriptedEngine(options: ScriptedEngineOptions): Engine {
  return new ScriptedEngine(options);
}

class ScriptedEngine implements Engine {
  readonly name = 'scripted';
  readonly #clock: Clock;
  readonly #script: Script;
  readonly #models: ReadonlyMap<string, ScriptedModel>;
  readonly #loaded = new Set<string>();
  readonly #queues = new Map<string, SlotQueue>();
  readonly #ticker: Ticker;
  readonly #checker = new JsonChecker();
  readonly #observer: EngineObserver | undefined;
  readonly #timesUsed: number[] = [];
  readonly #lifetimes = new Lifetimes();

  constructor(options: ScriptedEngineOptions) {
    const { clock, slots = Infinity, queueLimit = Infinity } = options;
    this.#clock = clock;
    this.#script = options.script ?? { rules: [] };
    this.#models = new Map((options.models ?? [{ id: 'scripted' }]).map((model) => [model.id, model]));
    this.#ticker = new Ticker(clock);
    this.#observer = options.observer;
    for (const id of this.#models.keys()) {
      this.#queues.set(id, new SlotQueue({ clock, slots, queueLimit, name: `The scripted model ${id}` }));
    }
  }

  models(): readonly ModelDescription[] {
    return [...this.#models.values()].map((model) => this.#describe(model));
  }

  async load(model: string, signal: AbortSignal): Promise<ModelDescription> {
    signal.throwIfAborted();
    const found = this.#find(model);
    this.#loaded.add(model);
    return this.#describe(found);
  }

  async unload(model: string): Promise<void> {
    this.#find(model);
    this.#loaded.delete(model);
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const model = this.#find(request.model);
    const { promptTokens, maxTokens } = this.#admit(request, model);
    const queue = this.#queues.get(model.id);
    if (queue === undefined) throw new Error(`no queue for ${model.id}`);
    using lifetime = this.#lifetimes.open(signal);
    const ends = lifetime.signal;
    const slot = await queue.acquire(ends).catch((error: unknown) => {
      if (ends.aborted) return undefined;
      throw error;
    });
    if (slot === undefined) {
      yield* cancelAll(request);
      return;
    }
    // Freed at the moment of the abort, even when nobody reads on.
    let wake: (() => void) | undefined;
    const onAbort = (): void => {
      slot.release();
      wake?.();
    };
    ends.addEventListener('abort', onAbort, { once: true });
    const sleepUntil = (dueMs: number): Promise<void> =>
      new Promise((resolve) => {
        wake = this.#ticker.schedule(dueMs, resolve);
      });
    try {
      this.#loaded.add(model.id);
      const startMs = this.#clock.monotonicMs();
      const seed = request.sampling.seed ?? 0;
      const lanes = this.#createLanes(request, { seed, maxTokens });
      const [first] = lanes;
      if (first === undefined) throw new Error('a generation without samples');
      const delayMs = first.plan.delayMs;
      if (delayMs > 0 && !ends.aborted) await sleepUntil(startMs + delayMs);
      if (ends.aborted) {
        yield* cancelAll(request);
        return;
      }
      const firstMs = this.#clock.monotonicMs();
      const cachedTokens = Math.min(first.plan.cachedTokens, promptTokens);
      yield { kind: 'started', promptTokens, cachedTokens, queueMs: slot.queueMs, seed };
      for (let round = 1; ; round++) {
        // A reader that never waits would keep timers and sockets of everybody else from their turn.
        if (round % 32 === 0) await setImmediate();
        const aborted = ends.aborted;
        let openLanes = 0;
        let hasMoved = false;
        const nowMs = this.#clock.monotonicMs();
        let nextMs = Infinity;
        for (const lane of lanes) {
          if (lane.isFinished) continue;
          openLanes += 1;
          if (aborted) {
            yield lane.finish('cancelled');
            continue;
          }
          const { tokensPerSecond: rate, chunkSize } = lane.plan;
          const due =
            rate === undefined
              ? Infinity
              : Math.floor(((nowMs - firstMs) * rate) / 1000 + 1e-6) + 1 - lane.sampledTokens;
          const chunk = chunkSize ?? (rate === undefined ? 1 : Math.max(due, 1));
          if (due < chunk) {
            nextMs = Math.min(nextMs, firstMs + ((lane.sampledTokens + chunk - 1) * 1000) / (rate ?? 1));
            continue;
          }
          hasMoved = true;
          for (const event of lane.advance(chunk)) yield event;
        }
        if (openLanes === 0) break;
        if (!hasMoved && !aborted && !ends.aborted) await sleepUntil(nextMs);
      }
      slot.release();
      const usage = sumUsage(lanes, { promptTokens, cachedTokens });
      this.#observe(request, { usage, queueMs: slot.queueMs, startMs, firstMs });
      yield { kind: 'finished', usage };
    } finally {
      ends.removeEventListener('abort', onAbort);
      slot.release();
    }
  }

  async embed(request: EmbeddingRequest, signal: AbortSignal): Promise<EmbeddingResult> {
    signal.throwIfAborted();
    this.#find(request.model);
    const texts = request.inputs.map((input) =>
      typeof input === 'string' ? input : input.map(toTokenText).join(''),
    );
    return {
      vectors: texts.map((text) => embedText(text, request.dimensions ?? defaultDimensions)),
      inputTokens: texts.reduce((sum, text) => sum + countTextTokens(text), 0),
    };
  }

  async countTokens(model: string, prompt: Prompt, tools: readonly FunctionTool[]): Promise<number> {
    this.#find(model);
    return countPromptTokens(prompt, tools);
  }

  loads(): readonly ModelLoad[] {
    return [...this.#loaded].map((model) => {
      const queue = this.#queues.get(model);
      return {
        model,
        waiting: queue?.waiting ?? 0,
        running: queue?.running ?? 0,
        memoryBytes: undefined,
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetimes.close();
    this.#loaded.clear();
  }

  #find(id: string): ScriptedModel {
    const model = this.#models.get(id);
    if (model !== undefined) return model;
    const known = [...this.#models.keys()].join(', ');
    throw new GradusError('model-not-found', {
      message: `The scripted engine has no model "${id}"; it has ${known}.`,
      param: 'model',
    });
  }

  #describe(model: ScriptedModel): ModelDescription {
    return {
      id: model.id,
      contextTokens: model.contextTokens ?? defaultContextTokens,
      parameters: undefined,
      createdAtMs: 0,
      ownedBy: 'gradus',
      licence: undefined,
      capabilities: {
        grammar: false,
        logprobs: true,
        images: true,
        embeddings: true,
        continues: true,
        thinks: false,
        ...model.capabilities,
      },
      state: this.#loaded.has(model.id) ? 'loaded' : 'available',
    };
  }

  #admit(request: GenerateRequest, model: ScriptedModel): { promptTokens: number; maxTokens: number } {
    if (request.grammar !== undefined) {
      throw new GradusError('unsupported-parameter', {
        message: 'The scripted engine knows no grammars.',
        param: 'grammar',
      });
    }
    const contextTokens = model.contextTokens ?? defaultContextTokens;
    const promptTokens = countPromptTokens(request.prompt, request.tools);
    const { maxTokens } = request;
    if (promptTokens + (maxTokens ?? 1) > contextTokens) {
      const wanted = maxTokens === undefined ? '' : ` and ${maxTokens} more were asked for`;
      throw new GradusError('context-length-exceeded', {
        message: `The model ${model.id} has a context of ${contextTokens} tokens, but the input is ${promptTokens} tokens long${wanted}.`,
        data: { contextTokens, promptTokens, ...(maxTokens === undefined ? {} : { maxTokens }) },
      });
    }
    return { promptTokens, maxTokens: maxTokens ?? contextTokens - promptTokens };
  }

  #createLanes(
    request: GenerateRequest,
    { seed, maxTokens }: { seed: number; maxTokens: number },
  ): readonly SampleLane[] {
    const { system, ...texts } = readConversation(request);
    const pick = this.#chooseReply({ request, sample: 0, seed, ...texts }, system);
    return Array.from({ length: request.samples }, (_, sample) => {
      const reply = pick({ request, sample, seed, ...texts });
      if (reply.fail !== undefined && reply.fail.afterTokens === undefined) {
        const { code, message = `The script fails here with ${code}.`, retryAfterMs } = reply.fail;
        throw new GradusError(code, { message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
      }
      const plan = planSample({ reply, request, echo: texts.lastUser, checker: this.#checker });
      return new SampleLane({ plan, request, sample, seed, maxTokens });
    });
  }

  #chooseReply(context: ScriptContext, system: string): (context: ScriptContext) => ScriptReply {
    for (const [i, { match, reply, times = Infinity }] of this.#script.rules.entries()) {
      const used = this.#timesUsed[i] ?? 0;
      if (used >= times || !doesMatch(match, context, system)) continue;
      this.#timesUsed[i] = used + 1;
      if (typeof reply === 'function') return reply;
      if (!isList(reply)) return () => reply;
      const isGreedy = context.request.sampling.temperature === 0;
      return ({ sample, seed }) => reply[isGreedy ? 0 : (sample + Math.abs(seed)) % reply.length] ?? {};
    }
    return () => ({});
  }

  #observe(
    { model }: GenerateRequest,
    facts: { usage: Usage; queueMs: number; startMs: number; firstMs: number },
  ): void {
    const { usage, queueMs, startMs, firstMs } = facts;
    const seconds = (this.#clock.monotonicMs() - firstMs) / 1000;
    this.#observer?.observe({ name: 'queue_wait_ms', model, value: queueMs });
    this.#observer?.observe({ name: 'first_token_ms', model, value: firstMs - startMs });
    this.#observer?.observe({ name: 'prompt_tokens', model, value: usage.inputTokens });
    this.#observer?.observe({ name: 'cached_tokens', model, value: usage.cachedTokens });
    this.#observer?.observe({ name: 'sampled_tokens', model, value: usage.outputTokens });
    if (seconds > 0) {
      this.#observer?.observe({ name: 'tokens_per_second', model, value: usage.outputTokens / seconds });
    }
  }
}

function isList(reply: ScriptReply | readonly ScriptReply[]): reply is readonly ScriptReply[] {
  return Array.isArray(reply);
}

/** The end of a generation that never began: nothing was computed. */
function* cancelAll(request: GenerateRequest): Generator<GenerationEvent> {
  for (let sample = 0; sample < request.samples; sample++) {
    yield { kind: 'sample-finished', sample, reason: 'cancelled', sampledTokens: 0, thoughtTokens: 0 };
  }
  yield {
    kind: 'finished',
    usage: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 },
  };
}

function sumUsage(
  lanes: readonly SampleLane[],
  { promptTokens, cachedTokens }: { promptTokens: number; cachedTokens: number },
): Usage {
  return {
    inputTokens: promptTokens,
    cachedTokens,
    outputTokens: lanes.reduce((sum, lane) => sum + lane.sampledTokens, 0),
    reasoningTokens: lanes.reduce((sum, lane) => sum + lane.thoughtTokens, 0),
  };
}
