/** A loaded model with its context: owns the native memory and is the only caller of decode. */
import koffi from 'koffi';
import { GradusError } from '../../../kernel/errors.ts';
import { AbortFlag } from '../native/abort-flag.ts';
import { bindFunctions, type NativeBatch, type NativeFunctions, type Pointer } from '../native/functions.ts';
import { openLibraries } from '../native/library.ts';
import { poolingMean, poolingNone } from '../native/structs.ts';
import { ThreadGovernor } from './thread-governor.ts';
import { Vocabulary } from './vocabulary.ts';

export interface LoadOptions {
  readonly path: string;
  /** Cells of the KV cache, shared by all sequences. */
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly maxSequences: number;
  readonly maxOutputs: number;
  readonly threads: number;
  readonly gpuLayers: number;
}

export class NativeModel implements Disposable {
  readonly fn: NativeFunctions;
  readonly vocabulary: Vocabulary;
  readonly contextTokens: number;
  readonly trainedContextTokens: number;
  readonly parameters: number;
  readonly template: string | undefined;
  /** Models with recurrent state cannot forget single tokens: a prefix is reused whole or not at all. */
  readonly canTrim: boolean;
  readonly abort: AbortFlag = new AbortFlag();
  readonly batch: BatchMemory;
  readonly #model: Pointer;
  readonly #context: Pointer;
  readonly #memory: Pointer;
  readonly #options: LoadOptions;
  readonly #governor: ThreadGovernor;
  #threads: number;
  #embedder: { context: Pointer; memory: Pointer } | undefined;

  private constructor(fn: NativeFunctions, model: Pointer, options: LoadOptions) {
    this.fn = fn;
    this.#model = model;
    this.#options = options;
    this.#threads = options.threads;
    this.#governor = new ThreadGovernor({
      maxThreads: options.threads,
      firstPauseMs: 1000,
      maxPauseMs: 16_000,
    });
    this.vocabulary = new Vocabulary(fn, fn.vocabOf(model));
    this.trainedContextTokens = fn.trainedContext(model);
    this.contextTokens = Math.min(options.contextTokens, this.trainedContextTokens);
    this.parameters = Number(fn.parameterCount(model));
    this.template = fn.chatTemplate(model, null) ?? undefined;
    this.canTrim = !fn.isRecurrent(model) && !fn.isHybrid(model);
    this.batch = new BatchMemory(options.batchTokens);
    this.#context = this.#createContext(false);
    this.#memory = fn.memoryOf(this.#context);
    // Threads of the pool sleep between tokens instead of spinning: on a machine that others use too,
    // spinning costs them a core and us the turn.
    fn.attachThreadpool(this.#context, fn.createThreadpool(options.threads, 0), null);
  }

  static async load(options: LoadOptions): Promise<NativeModel> {
    const libraries = openLibraries(process.platform, process.arch);
    const fn = bindFunctions(libraries, process.platform);
    fn.loadBackends(libraries.directory);
    selfTest(fn);
    const params = fn.modelDefaultParams();
    params.n_gpu_layers = options.gpuLayers;
    const model = await fn.loadModelAsync(options.path, params);
    if (model === null) {
      throw new GradusError('model-load-failed', { message: `llama.cpp could not load ${options.path}.` });
    }
    return new NativeModel(fn, model, options);
  }

  /** Computes the batch. 0 done, 1 no room in the KV cache, 2 aborted; others throw. */
  async decode(): Promise<0 | 1 | 2> {
    const startMs = performance.now();
    const threads = this.#governor.threadsAt(startMs);
    if (threads !== this.#threads) this.fn.setThreads(this.#context, threads, threads);
    this.#threads = threads;
    const before = process.cpuUsage();
    const result = await this.fn.decodeAsync(this.#context, this.batch.native);
    const { user, system } = process.cpuUsage(before);
    const nowMs = performance.now();
    this.#governor.report({ nowMs, wallMs: nowMs - startMs, cpuMs: (user + system) / 1000 });
    if (result === 0 || result === 1 || result === 2) return result;
    throw new GradusError('engine-failed', { message: `llama.cpp's decode failed with code ${result}.` });
  }

  /** The logits of the batch's token at `row`; valid until the next decode. */
  logits(row: number): Float32Array {
    const pointer = this.fn.logitsAt(this.#context, row);
    return new Float32Array(koffi.view(pointer, this.vocabulary.size * 4));
  }

  forget(sequence: number, from: number): boolean {
    return this.fn.removeFromSequence(this.#memory, sequence, from, -1);
  }

  /** Lets `to` see the first `length` tokens of `from` without computing or copying them. */
  share(from: number, to: number, length: number): void {
    this.fn.copySequence(this.#memory, from, to, 0, length);
  }

  get embeddingSize(): number {
    return this.fn.embeddingSize(this.#model);
  }

  /** The mean-pooled, L2-normalised embedding of one text. Context: the model's batch size. */
  async embed(tokens: Int32Array): Promise<Float32Array> {
    this.#embedder ??= this.#createEmbedder();
    const { context, memory } = this.#embedder;
    const batch = new BatchMemory(tokens.length);
    for (let i = 0; i < tokens.length; i++) batch.add(tokens[i] ?? 0, i, 0, true);
    this.fn.removeFromSequence(memory, 0, 0, -1);
    const result = await this.fn.decodeAsync(context, batch.native);
    if (result !== 0) {
      throw new GradusError('engine-failed', {
        message: `llama.cpp's embedding failed with code ${result}.`,
      });
    }
    const pointer = this.fn.embeddingsOfSequence(context, 0);
    const vector = new Float32Array(koffi.view(pointer, this.embeddingSize * 4)).slice();
    const norm = Math.hypot(...vector);
    return norm > 0 ? vector.map((value) => value / norm) : vector;
  }

  [Symbol.dispose](): void {
    if (this.#embedder !== undefined) this.fn.freeContext(this.#embedder.context);
    this.fn.freeContext(this.#context);
    this.fn.freeModel(this.#model);
  }

  #createEmbedder(): { context: Pointer; memory: Pointer } {
    const context = this.#createContext(true);
    return { context, memory: this.fn.memoryOf(context) };
  }

  #createContext(embeddings: boolean): Pointer {
    const { batchTokens, maxSequences, maxOutputs, threads } = this.#options;
    const size = embeddings ? Math.min(2048, this.contextTokens) : batchTokens;
    const params = this.fn.contextDefaultParams();
    Object.assign(params, {
      n_ctx: embeddings ? size : this.contextTokens,
      n_batch: size,
      n_ubatch: size,
      n_seq_max: embeddings ? 1 : maxSequences,
      n_outputs_max: embeddings ? size : maxOutputs,
      n_outputs_max_per_seq: embeddings ? size : 1,
      n_threads: threads,
      n_threads_batch: threads,
      pooling_type: embeddings ? poolingMean : poolingNone,
      embeddings,
      kv_unified: true,
      swa_full: true,
      no_perf: true,
      abort_callback: embeddings ? null : this.fn.atoiAddress,
      abort_callback_data: embeddings ? null : this.abort.memory,
    });
    const context = this.fn.createContext(this.#model, params);
    if (context === null) {
      throw new GradusError('not-enough-memory', {
        message: `No memory for a context of ${params.n_ctx} tokens.`,
      });
    }
    return context;
  }
}

/** The arrays that a native batch points to; filled in place, so that no step allocates. */
export class BatchMemory {
  readonly capacity: number;
  readonly native: NativeBatch;
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #sequenceCounts: Int32Array;
  readonly #sequences: Int32Array;
  readonly #sequencePointers: BigUint64Array;
  readonly #outputs: Int8Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#tokens = new Int32Array(capacity);
    this.#positions = new Int32Array(capacity);
    this.#sequenceCounts = new Int32Array(capacity).fill(1);
    this.#sequences = new Int32Array(capacity);
    const base = koffi.address(this.#sequences);
    this.#sequencePointers = BigUint64Array.from({ length: capacity }, (_, i) => base + BigInt(4 * i));
    this.#outputs = new Int8Array(capacity);
    this.native = {
      n_tokens: 0,
      token: this.#tokens,
      embd: null,
      pos: this.#positions,
      n_seq_id: this.#sequenceCounts,
      seq_id: this.#sequencePointers,
      logits: this.#outputs,
    };
  }

  get size(): number {
    return this.native.n_tokens;
  }

  clear(): void {
    this.native.n_tokens = 0;
  }

  /** Adds a token and returns its row. */
  add(token: number, position: number, sequence: number, wantsLogits: boolean): number {
    const row = this.native.n_tokens++;
    this.#tokens[row] = token;
    this.#positions[row] = position;
    this.#sequences[row] = sequence;
    this.#outputs[row] = wantsLogits ? 1 : 0;
    return row;
  }
}

/** Refuses a library whose structures are not the ones that `structs.ts` describes. */
function selfTest(fn: NativeFunctions): void {
  const context = fn.contextDefaultParams();
  const model = fn.modelDefaultParams();
  const isKnown =
    context.n_ctx === 512 &&
    context.n_batch === 2048 &&
    context.n_ubatch === 512 &&
    context.n_seq_max === 1 &&
    context.no_perf &&
    !context.embeddings &&
    !context.kv_unified &&
    !model.vocab_only &&
    model.use_extra_bufts;
  if (!isKnown) {
    throw new GradusError('model-load-failed', {
      message: `The installed llama.cpp (${fn.version()}) lays out its structures otherwise than the release that this version of Gradus was made for.`,
    });
  }
}
