/** Makes GGUF files of a few hundred bytes, whole or broken at will, for tests of what reads them. */

export type SmallValue =
  | { readonly type: 'uint32' | 'uint64' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s'; readonly value: readonly number[] };

interface SmallTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** ggml's number of the type: 0 is F32. */
  readonly typeId: number;
  readonly bytes: number;
}

export interface SmallGgufOptions {
  readonly version?: number;
  /** Replaces the metadata of a tiny llama. */
  readonly metadata?: Readonly<Record<string, SmallValue>>;
  readonly tensors?: readonly SmallTensor[];
}

export const smallLlama: Readonly<Record<string, SmallValue>> = {
  'general.architecture': { type: 'string', value: 'llama' },
  'general.name': { type: 'string', value: 'Tiny' },
  'general.license': { type: 'string', value: 'apache-2.0' },
  'general.file_type': { type: 'uint32', value: 0 },
  'llama.context_length': { type: 'uint32', value: 512 },
  'llama.block_count': { type: 'uint32', value: 2 },
  'llama.embedding_length': { type: 'uint32', value: 64 },
  'llama.attention.head_count': { type: 'uint32', value: 4 },
  'llama.attention.head_count_kv': { type: 'uint32', value: 2 },
  'tokenizer.ggml.tokens': { type: 'strings', value: ['a', 'b', 'c'] },
  'tokenizer.chat_template': { type: 'string', value: '{{ messages }}' },
};

const oneTensor: readonly SmallTensor[] = [
  { name: 'token_embd.weight', shape: [64, 3], typeId: 0, bytes: 64 * 3 * 4 },
];

/** The bytes of a whole file; cut or change them to break it. */
export function createSmallGguf(options: SmallGgufOptions = {}): Buffer {
  const metadata = Object.entries(options.metadata ?? smallLlama);
  const tensors = options.tensors ?? oneTensor;
  const parts = [
    Buffer.from('GGUF'),
    uint32(options.version ?? 3),
    uint64(tensors.length),
    uint64(metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), ...encode(value)]),
  ];
  let offset = 0;
  for (const tensor of tensors) {
    parts.push(text(tensor.name), uint32(tensor.shape.length), ...tensor.shape.map(uint64));
    parts.push(uint32(tensor.typeId), uint64(offset));
    offset += Math.ceil(tensor.bytes / 32) * 32;
  }
  const header = Buffer.concat(parts);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, Buffer.alloc(offset)]);
}

function encode(value: SmallValue): Buffer[] {
  switch (value.type) {
    case 'uint32':
      return [uint32(4), uint32(value.value)];
    case 'float32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value.value);
      return [uint32(6), bytes];
    }
    case 'bool':
      return [uint32(7), Buffer.from([value.value ? 1 : 0])];
    case 'string':
      return [uint32(8), text(value.value)];
    case 'uint64':
      return [uint32(10), uint64(value.value)];
    case 'strings':
      return [uint32(9), uint32(8), uint64(value.value.length), ...value.value.map(text)];
    case 'int32s':
      return [uint32(9), uint32(5), uint64(value.value.length), ...value.value.map(uint32)];
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}
