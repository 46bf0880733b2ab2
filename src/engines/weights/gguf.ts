/**
 * Reads what a GGUF file says about itself, and refuses a file that is not one, is cut short or is no
 * language model, with a message of its own, before the native library is asked to load it.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { GradusError } from '../../kernel/errors.ts';
import { getFileTypeName } from './ggml-types.ts';
import { parseGgufHeader, type GgufHeader, type HeaderOutcome, type MetadataValue } from './gguf-header.ts';

export interface GgufDescription {
  readonly path: string;
  readonly fileBytes: number;
  readonly architecture: string;
  readonly name: string | undefined;
  readonly licence: string | undefined;
  /** How the numbers are packed, as in `Q4_K_M`; undefined when the file does not say. */
  readonly quantization: string | undefined;
  readonly parameters: number;
  readonly contextTokens: number | undefined;
  readonly layers: number | undefined;
  readonly embeddingLength: number | undefined;
  readonly attentionHeads: number | undefined;
  /** What one token of context takes in the KV cache at 16 bits a number; undefined when the file does not tell. */
  readonly kvBytesPerToken: number | undefined;
  readonly experts: { readonly total: number; readonly used: number } | undefined;
  /** The Jinja template of the conversation format. */
  readonly chatTemplate: string | undefined;
  readonly vocabularySize: number | undefined;
  /** Number of files that the model is split into; 1 for a whole one. */
  readonly shards: number;
}

/**
 * Reads at most 128 MiB of the file's start. Throws `not-found` when there is no such file, and
 * `model-load-failed` when it is not a GGUF, is truncated, is damaged or holds no language model.
 */
export async function readGguf(path: string): Promise<GgufDescription> {
  const { header, fileBytes } = await loadHeader(path);
  if (header.tensorCount === 0) {
    throw refuse(path, 'holds no tensors: it is a vocabulary, not a model');
  }
  if (header.expectedFileBytes > fileBytes) {
    const share = ((100 * fileBytes) / header.expectedFileBytes).toFixed(1);
    throw refuse(
      path,
      `is truncated: it has ${fileBytes} bytes of at least ${header.expectedFileBytes} (${share}%)`,
    );
  }
  return describe(path, fileBytes, header);
}

const firstReadBytes = 8 * 1024 * 1024;
const maxHeaderBytes = 128 * 1024 * 1024;

async function loadHeader(path: string): Promise<{ header: GgufHeader; fileBytes: number }> {
  await using file = await openForReading(path);
  const stat = await file.stat();
  if (!stat.isFile()) throw refuse(path, 'is not a file');
  let wantedBytes = firstReadBytes;
  for (;;) {
    const length = Math.min(wantedBytes, maxHeaderBytes, stat.size);
    const bytes = await readStart(file, length);
    // A file that shrank while it was read is judged by what is there now.
    const fileBytes = bytes.length < length ? bytes.length : stat.size;
    const outcome = parseGgufHeader(bytes, fileBytes);
    if (outcome.kind === 'header') return { header: outcome.header, fileBytes };
    if (outcome.kind !== 'need-more') throw toError(path, outcome);
    if (outcome.atLeastBytes > maxHeaderBytes) {
      throw refuse(path, `is damaged: its header is longer than ${maxHeaderBytes} bytes`);
    }
    wantedBytes = Math.max(outcome.atLeastBytes, wantedBytes * 4);
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new GradusError('not-found', { message: `The model file ${path} cannot be opened.` }, { cause });
  }
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function toError(
  path: string,
  outcome: Exclude<HeaderOutcome, { kind: 'header' | 'need-more' }>,
): GradusError {
  switch (outcome.kind) {
    case 'not-gguf':
      return refuse(path, `is not a GGUF file: ${outcome.reason}`);
    case 'unsupported':
      return refuse(path, `is a GGUF file that Gradus cannot read: ${outcome.reason}`);
    case 'truncated':
      return refuse(path, `is truncated: ${outcome.reason}`);
    case 'damaged':
      return refuse(path, `is damaged: ${outcome.reason}`);
  }
}

function refuse(path: string, what: string): GradusError {
  return new GradusError('model-load-failed', { message: `The model file ${path} ${what}.`, data: { path } });
}

function describe(path: string, fileBytes: number, header: GgufHeader): GgufDescription {
  const { metadata } = header;
  const architecture = toText(metadata.get('general.architecture'));
  if (architecture === undefined) throw refuse(path, 'is damaged: it does not name its architecture');
  const type = toText(metadata.get('general.type'));
  if ((type !== undefined && type !== 'model') || architecture === 'clip') {
    throw refuse(path, `holds no language model but: ${type ?? architecture}`);
  }
  const get = (name: string): MetadataValue | undefined => metadata.get(`${architecture}.${name}`);
  const layers = toWhole(get('block_count'));
  const embeddingLength = toWhole(get('embedding_length'));
  const heads = get('attention.head_count');
  const expertsTotal = toWhole(get('expert_count'));
  const expertsUsed = toWhole(get('expert_used_count'));
  const fileType = toWhole(metadata.get('general.file_type'));
  const tokens = metadata.get('tokenizer.ggml.tokens');
  return {
    path,
    fileBytes,
    architecture,
    name: toText(metadata.get('general.name')),
    licence: toText(metadata.get('general.license')),
    quantization: fileType === undefined ? undefined : getFileTypeName(fileType),
    parameters: header.parameters,
    contextTokens: toWhole(get('context_length')),
    layers,
    embeddingLength,
    attentionHeads: toWhole(heads),
    kvBytesPerToken: toKvBytes({
      layers,
      embeddingLength,
      heads,
      kvHeads: get('attention.head_count_kv') ?? heads,
      keyLength: toWhole(get('attention.key_length')),
      valueLength: toWhole(get('attention.value_length')),
    }),
    experts: expertsTotal && expertsUsed ? { total: expertsTotal, used: expertsUsed } : undefined,
    chatTemplate: toText(metadata.get('tokenizer.chat_template')),
    vocabularySize: isList(tokens) ? tokens.length : undefined,
    shards: toWhole(metadata.get('split.count')) ?? 1,
  };
}

/** Keys and values of all layers. An upper bound for models whose layers look at a window only. */
function toKvBytes(shape: {
  readonly layers: number | undefined;
  readonly embeddingLength: number | undefined;
  readonly heads: MetadataValue | undefined;
  readonly kvHeads: MetadataValue | undefined;
  readonly keyLength: number | undefined;
  readonly valueLength: number | undefined;
}): number | undefined {
  const heads = toWhole(shape.heads);
  const fromWidth = shape.embeddingLength && heads ? shape.embeddingLength / heads : undefined;
  const keyLength = shape.keyLength ?? fromWidth;
  const valueLength = shape.valueLength ?? keyLength;
  const kvHeads = sumOverLayers(shape.kvHeads, shape.layers);
  if (keyLength === undefined || valueLength === undefined || kvHeads === undefined) return undefined;
  return kvHeads * (keyLength + valueLength) * 2;
}

function sumOverLayers(perLayer: MetadataValue | undefined, layers: number | undefined): number | undefined {
  if (typeof perLayer === 'number') return layers === undefined ? undefined : perLayer * layers;
  if (!isNumbers(perLayer)) return undefined;
  return perLayer.reduce((sum, count) => sum + count, 0);
}

function isNumbers(value: MetadataValue | undefined): value is readonly number[] {
  return Array.isArray(value);
}

function isList(value: MetadataValue | undefined): value is Extract<MetadataValue, { length: number }> {
  return typeof value === 'object';
}

function toText(value: MetadataValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A whole number; whatever else stands there is as good as nothing. */
function toWhole(value: MetadataValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
