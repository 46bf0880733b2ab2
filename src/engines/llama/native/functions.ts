/** The functions of llama.cpp that the engine calls, typed. Pointers are opaque; lengths are in elements. */
import koffi, { type LibraryHandle } from 'koffi';
import type { NativeLibraries } from './library.ts';
import {
  batchType,
  contextParamsType,
  modelParamsType,
  threadpoolParamsType,
  tokenDataArrayType,
  type ContextParams,
  type ModelParams,
} from './structs.ts';

type NativeFunction = ReturnType<LibraryHandle['func']>;
type TypeSpec = Parameters<typeof koffi.alloc>[0];

/** An address in native memory that only native code reads. */
export type Pointer = { readonly __pointer: never } | null;

export interface NativeBatch {
  n_tokens: number;
  token: unknown;
  embd: null;
  pos: unknown;
  n_seq_id: unknown;
  seq_id: unknown;
  logits: unknown;
}

export interface NativeFunctions {
  loadBackends(directory: string): void;
  version(): string;
  modelDefaultParams(): ModelParams;
  contextDefaultParams(): ContextParams;
  loadModelAsync(path: string, params: ModelParams): Promise<Pointer>;
  freeModel(model: Pointer): void;
  createContext(model: Pointer, params: ContextParams): Pointer;
  freeContext(context: Pointer): void;
  memoryOf(context: Pointer): Pointer;
  decodeAsync(context: Pointer, batch: NativeBatch): Promise<number>;
  logitsAt(context: Pointer, row: number): Pointer;
  embeddingsOfSequence(context: Pointer, sequence: number): Pointer;
  vocabOf(model: Pointer): Pointer;
  vocabSize(vocab: Pointer): number;
  trainedContext(model: Pointer): number;
  embeddingSize(model: Pointer): number;
  parameterCount(model: Pointer): bigint | number;
  modelSizeBytes(model: Pointer): bigint | number;
  chatTemplate(model: Pointer, name: null): string | null;
  isRecurrent(model: Pointer): boolean;
  isHybrid(model: Pointer): boolean;
  hasEncoder(model: Pointer): boolean;
  metadata(model: Pointer, key: string, buffer: Buffer, size: number): number;
  tokenize(
    vocab: Pointer,
    text: Buffer,
    length: number,
    tokens: Int32Array | null,
    capacity: number,
    addSpecial: boolean,
    parseSpecial: boolean,
  ): number;
  tokenToPiece(
    vocab: Pointer,
    token: number,
    buffer: Buffer,
    size: number,
    leftStrip: number,
    special: boolean,
  ): number;
  tokenText(vocab: Pointer, token: number): string | null;
  tokenAttributes(vocab: Pointer, token: number): number;
  isEndOfGeneration(vocab: Pointer, token: number): boolean;
  beginToken(vocab: Pointer): number;
  endToken(vocab: Pointer): number;
  removeFromSequence(memory: Pointer, sequence: number, from: number, to: number): boolean;
  copySequence(memory: Pointer, from: number, to: number, start: number, end: number): void;
  createGrammar(vocab: Pointer, grammar: string, root: string): Pointer;
  cloneSampler(sampler: Pointer): Pointer;
  freeSampler(sampler: Pointer): void;
  acceptToken(sampler: Pointer, token: number): void;
  applySampler(sampler: Pointer, candidates: object): void;
  attachThreadpool(context: Pointer, pool: Pointer, batchPool: Pointer): void;
  createThreadpool(threads: number, poll: number): Pointer;
  setThreads(context: Pointer, threads: number, batchThreads: number): void;
  devices(): readonly { readonly name: string; readonly description: string; readonly kind: number }[];
  systemInfo(): string;
  /** The address of libc's `atoi`, which serves as abort callback: see `abort-flag.ts`. */
  atoiAddress: unknown;
}

/** Binds every function at once, so that a library that lacks one is found at start and not in the middle. */
export function bindFunctions(libraries: NativeLibraries, platform: string): NativeFunctions {
  const { llama, ggml, ggmlBase } = libraries;
  const modelParams = modelParamsType;
  const contextParams = contextParamsType;
  const call = (library: LibraryHandle, name: string, result: TypeSpec, args: TypeSpec[]) =>
    library.func(name, result, args);
  const pointer = 'void *';
  const loadModel = call(llama, 'llama_model_load_from_file', pointer, ['str', modelParams]);
  const decode = call(llama, 'llama_decode', 'int32', [pointer, batchType]);
  const deviceCount = call(ggml, 'ggml_backend_dev_count', 'size_t', []);
  const deviceAt = call(ggml, 'ggml_backend_dev_get', pointer, ['size_t']);
  const deviceByType = call(ggml, 'ggml_backend_dev_by_type', pointer, ['int32']);
  const deviceName = call(ggmlBase, 'ggml_backend_dev_name', 'str', [pointer]);
  const deviceDescription = call(ggmlBase, 'ggml_backend_dev_description', 'str', [pointer]);
  const deviceKind = call(ggmlBase, 'ggml_backend_dev_type', 'int32', [pointer]);
  const registryOf = call(ggmlBase, 'ggml_backend_dev_backend_reg', pointer, [pointer]);
  const procAddress = call(ggmlBase, 'ggml_backend_reg_get_proc_address', pointer, [pointer, 'str']);
  const threadpoolDefaults = call(ggmlBase, 'ggml_threadpool_params_default', threadpoolParamsType, [
    'int32',
  ]);
  const threadpoolNew = koffi.proto('ggml_threadpool_new', pointer, [koffi.pointer(threadpoolParamsType)]);
  const libc = koffi.load(
    platform === 'win32' ? 'msvcrt.dll' : platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6',
  );
  return {
    loadBackends: call(ggml, 'ggml_backend_load_all_from_path', 'void', ['str']),
    version: call(llama, 'llama_version', 'str', []),
    modelDefaultParams: call(llama, 'llama_model_default_params', modelParams, []),
    contextDefaultParams: call(llama, 'llama_context_default_params', contextParams, []),
    loadModelAsync: toPromise(loadModel),
    freeModel: call(llama, 'llama_model_free', 'void', [pointer]),
    createContext: call(llama, 'llama_init_from_model', pointer, [pointer, contextParams]),
    freeContext: call(llama, 'llama_free', 'void', [pointer]),
    memoryOf: call(llama, 'llama_get_memory', pointer, [pointer]),
    decodeAsync: toPromise(decode),
    logitsAt: call(llama, 'llama_get_logits_ith', pointer, [pointer, 'int32']),
    embeddingsOfSequence: call(llama, 'llama_get_embeddings_seq', pointer, [pointer, 'int32']),
    vocabOf: call(llama, 'llama_model_get_vocab', pointer, [pointer]),
    vocabSize: call(llama, 'llama_vocab_n_tokens', 'int32', [pointer]),
    trainedContext: call(llama, 'llama_model_n_ctx_train', 'int32', [pointer]),
    embeddingSize: call(llama, 'llama_model_n_embd_out', 'int32', [pointer]),
    parameterCount: call(llama, 'llama_model_n_params', 'uint64', [pointer]),
    modelSizeBytes: call(llama, 'llama_model_size', 'uint64', [pointer]),
    chatTemplate: call(llama, 'llama_model_chat_template', 'str', [pointer, 'str']),
    isRecurrent: call(llama, 'llama_model_is_recurrent', 'bool', [pointer]),
    isHybrid: call(llama, 'llama_model_is_hybrid', 'bool', [pointer]),
    hasEncoder: call(llama, 'llama_model_has_encoder', 'bool', [pointer]),
    metadata: call(llama, 'llama_model_meta_val_str', 'int32', [pointer, 'str', pointer, 'size_t']),
    tokenize: call(llama, 'llama_tokenize', 'int32', [
      pointer,
      pointer,
      'int32',
      pointer,
      'int32',
      'bool',
      'bool',
    ]),
    tokenToPiece: call(llama, 'llama_token_to_piece', 'int32', [
      pointer,
      'int32',
      pointer,
      'int32',
      'int32',
      'bool',
    ]),
    tokenText: call(llama, 'llama_vocab_get_text', 'str', [pointer, 'int32']),
    tokenAttributes: call(llama, 'llama_vocab_get_attr', 'int32', [pointer, 'int32']),
    isEndOfGeneration: call(llama, 'llama_vocab_is_eog', 'bool', [pointer, 'int32']),
    beginToken: call(llama, 'llama_vocab_bos', 'int32', [pointer]),
    endToken: call(llama, 'llama_vocab_eos', 'int32', [pointer]),
    removeFromSequence: call(llama, 'llama_memory_seq_rm', 'bool', [pointer, 'int32', 'int32', 'int32']),
    copySequence: call(llama, 'llama_memory_seq_cp', 'void', [pointer, 'int32', 'int32', 'int32', 'int32']),
    createGrammar: call(llama, 'llama_sampler_init_grammar', pointer, [pointer, 'str', 'str']),
    cloneSampler: call(llama, 'llama_sampler_clone', pointer, [pointer]),
    freeSampler: call(llama, 'llama_sampler_free', 'void', [pointer]),
    acceptToken: call(llama, 'llama_sampler_accept', 'void', [pointer, 'int32']),
    applySampler: call(llama, 'llama_sampler_apply', 'void', [
      pointer,
      koffi.inout(koffi.pointer(tokenDataArrayType)),
    ]),
    setThreads: call(llama, 'llama_set_n_threads', 'void', [pointer, 'int32', 'int32']),
    attachThreadpool: call(llama, 'llama_attach_threadpool', 'void', [pointer, pointer, pointer]),
    createThreadpool: (threads, poll) => {
      const create = procAddress(registryOf(deviceByType(0)), 'ggml_threadpool_new');
      const params = { ...threadpoolDefaults(threads), poll };
      return koffi.call(create, threadpoolNew, params);
    },
    devices: () => {
      const count = Number(deviceCount());
      return Array.from({ length: count }, (_, index) => {
        const device = deviceAt(index);
        return { name: deviceName(device), description: deviceDescription(device), kind: deviceKind(device) };
      });
    },
    systemInfo: call(llama, 'llama_print_system_info', 'str', []),
    atoiAddress: libc.symbol('atoi'),
  };
}

function toPromise<Result>(fn: NativeFunction): (...args: unknown[]) => Promise<Result> {
  return (...args) =>
    new Promise((resolve, reject) => {
      fn.async(...args, (error: Error | null | undefined, result: Result) => {
        if (error === null || error === undefined) resolve(result);
        else reject(error);
      });
    });
}
