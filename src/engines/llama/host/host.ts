/**
 * The host process of one model: native code runs here and nowhere else, so that a crash in it costs one
 * model and never the server, and unloading gives all memory back.
 */
import { GradusError, toGradusError } from '../../../kernel/errors.ts';
import { createAnswerParser } from '../chat/answer-parser.ts';
import { planConstraint } from '../chat/constraint-plan.ts';
import { preparePrompt } from '../chat/prompt.ts';
import { createChatTemplate, type ChatTemplate } from '../chat/template.ts';
import { createToolCheck } from '../chat/tool-check.ts';
import type { FromHost, HostLoadOptions, ToHost, WireError } from '../messages.ts';
import { ConstraintSource } from './constraint.ts';
import { NativeModel } from './native-model.ts';
import { SampleRun } from './sample-run.ts';
import { Scheduler } from './scheduler.ts';

const maxSequences = 64;
const batchTokens = 512;

export interface HostPorts {
  readonly send: (message: FromHost) => void;
  readonly nowMs: () => number;
}

interface Loaded {
  readonly model: NativeModel;
  readonly template: ChatTemplate;
  readonly scheduler: Scheduler;
}

export class Host {
  readonly #ports: HostPorts;
  #loaded: Loaded | undefined;
  /** Embeddings use a context of their own and run one after another. */
  #embedding: Promise<void> = Promise.resolve();

  constructor(ports: HostPorts) {
    this.#ports = ports;
  }

  async receive(message: ToHost): Promise<void> {
    switch (message.kind) {
      case 'load':
        await this.#load(message.options);
        return;
      case 'generate':
        this.#attempt(message.id, () => this.#generate(message));
        return;
      case 'cancel':
        this.#loaded?.scheduler.cancel(message.id);
        return;
      case 'embed':
        this.#embedding = this.#embedding.then(() => this.#embed(message));
        return;
      case 'count':
        this.#attempt(message.id, () => {
          const { model, template } = this.#ready();
          const prepared = preparePrompt(message.prompt, {
            tokenizer: model.vocabulary,
            template,
            tools: message.tools,
          });
          this.#ports.send({ kind: 'counted', id: message.id, tokens: prepared.tokens.length });
        });
    }
  }

  async #load(options: HostLoadOptions): Promise<void> {
    try {
      const model = await NativeModel.load({
        path: options.path,
        contextTokens: options.contextTokens,
        batchTokens,
        maxSequences,
        maxOutputs: maxSequences,
        threads: options.threads,
        gpuLayers: options.gpuLayers,
      });
      const { vocabulary } = model;
      const template = createChatTemplate({
        source: model.template,
        beginText: vocabulary.beginText,
        endText: vocabulary.endText,
      });
      const scheduler = new Scheduler({
        port: model,
        maxSequences,
        maxRunning: options.maxRunning,
        nowMs: this.#ports.nowMs,
        send: (events) => this.#ports.send({ kind: 'events', events }),
        fail: (id, error) => this.#ports.send({ kind: 'failed', id, error: toWire(error) }),
      });
      this.#loaded = { model, template, scheduler };
      this.#ports.send({
        kind: 'loaded',
        facts: {
          contextTokens: model.contextTokens,
          trainedContextTokens: model.trainedContextTokens,
          parameters: model.parameters,
          thinks: model.template?.includes('<think>') ?? false,
          library: `llama.cpp ${model.fn.version()}`,
          devices: model.fn.devices().map((device) => `${device.name} (${device.description})`),
        },
      });
      await scheduler.run();
    } catch (error) {
      this.#ports.send({ kind: 'load-failed', error: toWire(error) });
    }
  }

  #generate(message: Extract<ToHost, { kind: 'generate' }>): void {
    const { model, template, scheduler } = this.#ready();
    const { id, request, seed } = message;
    const tools = request.toolChoice.kind === 'none' ? [] : request.tools;
    const prepared = preparePrompt(request.prompt, { tokenizer: model.vocabulary, template, tools });
    const { tokens: prompt, startsThinking } = prepared;
    checkPrompt(prompt, model, request.maxTokens);
    const maxTokens = request.maxTokens ?? model.contextTokens - prompt.length;
    const plan = planConstraint(request, { startsThinking });
    const source = plan === undefined ? undefined : new ConstraintSource(model.fn, model.vocabulary, plan);
    const readsThought = model.template?.includes('<think>') ?? false;
    const check = createToolCheck(tools);
    const samples = Array.from(
      { length: request.samples },
      (_, index) =>
        new SampleRun({
          request,
          index,
          seed,
          startPosition: prepared.answerStartTokens,
          maxTokens,
          texts: model.vocabulary,
          parser: createAnswerParser({
            tools: check,
            startsThinking,
            readsThought,
          }),
          constraint: source?.create(),
        }),
    );
    scheduler.submit({
      id,
      prompt,
      samples,
      seed,
      maxTokens,
      resumedTokens: prepared.resumedTokens,
      queuedAtMs: this.#ports.nowMs(),
      dispose: () => source?.[Symbol.dispose](),
    });
  }

  async #embed(message: Extract<ToHost, { kind: 'embed' }>): Promise<void> {
    try {
      const { model } = this.#ready();
      const vectors: Float32Array[] = [];
      let inputTokens = 0;
      for (const [index, input] of message.inputs.entries()) {
        const tokens =
          typeof input === 'string'
            ? model.vocabulary.tokenize(input, { addSpecial: true, parseSpecial: false })
            : Int32Array.from(input);
        const limit = Math.min(2048, model.contextTokens);
        if (tokens.length === 0 || tokens.length > limit) {
          throw new GradusError('context-length-exceeded', {
            message: `Input ${index} has ${tokens.length} tokens; this model embeds 1 to ${limit}.`,
            param: `input[${index}]`,
          });
        }
        checkTokens(tokens, model.vocabulary.size);
        vectors.push(await model.embed(tokens));
        inputTokens += tokens.length;
      }
      this.#ports.send({ kind: 'embedded', id: message.id, vectors, inputTokens });
    } catch (error) {
      this.#ports.send({ kind: 'failed', id: message.id, error: toWire(error) });
    }
  }

  #ready(): Loaded {
    if (this.#loaded === undefined) throw new GradusError('internal', { message: 'No model is loaded yet.' });
    return this.#loaded;
  }

  #attempt(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#ports.send({ kind: 'failed', id, error: toWire(error) });
    }
  }
}

function checkPrompt(prompt: Int32Array, model: NativeModel, maxTokens: number | undefined): void {
  if (prompt.length === 0) {
    throw new GradusError('invalid-request', { message: 'The prompt is empty.', param: 'prompt' });
  }
  checkTokens(prompt, model.vocabulary.size);
  const wanted = maxTokens ?? 1;
  if (prompt.length + wanted > model.contextTokens) {
    throw new GradusError('context-length-exceeded', {
      message: `The prompt has ${prompt.length} tokens and ${wanted} more are wanted for the answer, but this model's context holds ${model.contextTokens}.`,
      param: 'messages',
      data: { promptTokens: prompt.length, wantedTokens: wanted, contextTokens: model.contextTokens },
    });
  }
}

function checkTokens(tokens: Int32Array, vocabularySize: number): void {
  const wrong = tokens.find((token) => token < 0 || token >= vocabularySize);
  if (wrong !== undefined) {
    throw new GradusError('invalid-request', {
      message: `Token id ${wrong} is not in this model's vocabulary of ${vocabularySize}.`,
      param: 'prompt',
    });
  }
}

function toWire(error: unknown): WireError {
  const known = toGradusError(error);
  return { code: known.code, details: known.details };
}
