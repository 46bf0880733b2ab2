/**
 * Parses the header of a GGUF file (versions 2 and 3, little-endian) from its first bytes. Pure and
 * bounded: whatever the bytes are, it ends with a header, a request for more bytes, or a fault, so that
 * a damaged file is named before a native library sees it. Specification: ggml's docs/gguf.md.
 */
import { getGgmlType } from './ggml-types.ts';

export type MetadataValue =
  | number
  | boolean
  | string
  | readonly number[]
  | { readonly kind: 'array'; readonly length: number };

export interface GgufHeader {
  readonly version: number;
  /** Scalars, strings up to 1 MiB, short number arrays; of other arrays only the length. */
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensorCount: number;
  /** How many numbers the tensors hold together. */
  readonly parameters: number;
  /** The least length of a whole file with these tensors; exact when `unknownTypes` is empty. */
  readonly expectedFileBytes: number;
  /** Ids of tensor types that this reader does not know. */
  readonly unknownTypes: readonly number[];
}

export type HeaderOutcome =
  | { readonly kind: 'header'; readonly header: GgufHeader }
  | { readonly kind: 'need-more'; readonly atLeastBytes: number }
  | { readonly kind: 'not-gguf' | 'unsupported' | 'truncated' | 'damaged'; readonly reason: string };

/** `bytes` are the first bytes of a file that is `fileBytes` long. */
export function parseGgufHeader(bytes: Uint8Array, fileBytes: number): HeaderOutcome {
  const cursor = new Cursor(bytes, fileBytes);
  try {
    return parse(cursor);
  } catch (stop) {
    if (stop instanceof Stop) return stop.outcome;
    throw stop;
  }
}

const limits = {
  metadataEntries: 100_000,
  tensors: 200_000,
  keyBytes: 65_535,
  keptStringBytes: 1_048_576,
  keptArrayLength: 4096,
  arrayDepth: 4,
  dimensions: 4,
};

function parse(cursor: Cursor): HeaderOutcome {
  if (cursor.fileBytes < 4) return { kind: 'not-gguf', reason: `it has ${cursor.fileBytes} bytes` };
  const magic = cursor.take(4);
  if (magic.toString('latin1') !== 'GGUF') {
    return {
      kind: 'not-gguf',
      reason: `it starts with the bytes ${magic.toString('hex')} instead of "GGUF"`,
    };
  }
  const version = cursor.readUint32();
  if (version !== 2 && version !== 3) {
    const swapped = version % 65_536 === 0 && version !== 0;
    return {
      kind: 'unsupported',
      reason: swapped ? 'it is big-endian' : `it has format version ${version}, known are 2 and 3`,
    };
  }
  const tensorCount = cursor.readCount('tensors', limits.tensors);
  const entryCount = cursor.readCount('metadata entries', limits.metadataEntries);
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < entryCount; i++) {
    const key = cursor.readString(limits.keyBytes, `the key of metadata entry ${i}`);
    const value = readValue(cursor, cursor.readUint32(), key, 0);
    if (value !== undefined) metadata.set(key, value);
  }
  return { kind: 'header', header: { version, metadata, ...readTensors(cursor, tensorCount, metadata) } };
}

function readTensors(
  cursor: Cursor,
  tensorCount: number,
  metadata: ReadonlyMap<string, MetadataValue>,
): Pick<GgufHeader, 'tensorCount' | 'parameters' | 'expectedFileBytes' | 'unknownTypes'> {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1 || alignment > 65_536) {
    throw damaged(`its alignment is ${JSON.stringify(alignment)}`);
  }
  let parameters = 0;
  let dataBytes = 0;
  const unknownTypes = new Set<number>();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.readString(limits.keyBytes, `the name of tensor ${i}`);
    const dimensions = cursor.readUint32();
    if (dimensions > limits.dimensions) throw damaged(`tensor ${i} has ${dimensions} dimensions`);
    let values = 1;
    let rowValues = 1;
    for (let axis = 0; axis < dimensions; axis++) {
      const length = cursor.readUint64();
      if (axis === 0) rowValues = length;
      values *= length;
    }
    const typeId = cursor.readUint32();
    const offset = cursor.readUint64();
    if (!Number.isSafeInteger(values)) throw damaged(`tensor ${show(name)} has ${values} values`);
    if (!Number.isSafeInteger(offset) || offset % alignment !== 0) {
      throw damaged(`tensor ${show(name)} starts at the impossible offset ${offset}`);
    }
    const type = getGgmlType(typeId);
    if (type === undefined) unknownTypes.add(typeId);
    else if (rowValues % type.blockValues !== 0) {
      throw damaged(`tensor ${show(name)} has rows of ${rowValues} values, which ${type.name} cannot hold`);
    }
    const bytes = type === undefined ? 0 : (values / type.blockValues) * type.blockBytes;
    parameters += values;
    dataBytes = Math.max(dataBytes, offset + bytes);
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const expectedFileBytes = tensorCount === 0 ? cursor.position : dataStart + dataBytes;
  if (!Number.isSafeInteger(expectedFileBytes)) throw damaged('its tensors end beyond any file');
  return { tensorCount, parameters, expectedFileBytes, unknownTypes: [...unknownTypes] };
}

/** Reads a value of a type; undefined for what is skipped because nobody asks for it. */
function readValue(cursor: Cursor, type: number, key: string, depth: number): MetadataValue | undefined {
  const width = scalarBytes[type];
  if (width !== undefined) return toScalar(cursor.take(width), type);
  if (type === stringType) return cursor.readText(limits.keptStringBytes);
  if (type !== arrayType) throw damaged(`metadata ${show(key)} has the unknown type ${type}`);
  if (depth >= limits.arrayDepth) throw damaged(`metadata ${show(key)} is an array in too many arrays`);
  return readArray(cursor, key, depth);
}

function readArray(cursor: Cursor, key: string, depth: number): MetadataValue {
  const type = cursor.readUint32();
  const length = cursor.readUint64();
  const width = scalarBytes[type];
  if (width !== undefined) {
    if (length > limits.keptArrayLength) {
      cursor.skip(length * width);
      return { kind: 'array', length };
    }
    const values: number[] = [];
    for (let i = 0; i < length; i++) values.push(Number(toScalar(cursor.take(width), type)));
    return values;
  }
  // Each element takes at least its own length field, so an absurd count meets the file's end first.
  cursor.mustFit(length * 8);
  for (let i = 0; i < length; i++) {
    if (type === stringType) cursor.skip(cursor.readUint64());
    else readValue(cursor, type, key, depth + 1);
  }
  return { kind: 'array', length };
}

const stringType = 8;
const arrayType = 9;

/** Bytes of each scalar type: u8, i8, u16, i16, u32, i32, f32, bool, then u64, i64, f64. */
const scalarBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

function toScalar(bytes: Buffer, type: number): number | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8();
    case 1:
      return bytes.readInt8();
    case 2:
      return bytes.readUInt16LE();
    case 3:
      return bytes.readInt16LE();
    case 4:
      return bytes.readUInt32LE();
    case 5:
      return bytes.readInt32LE();
    case 6:
      return bytes.readFloatLE();
    case 7:
      return bytes.readUInt8() !== 0;
    case 10:
      return Number(bytes.readBigUInt64LE());
    case 11:
      return Number(bytes.readBigInt64LE());
    default:
      return bytes.readDoubleLE();
  }
}

class Stop extends Error {
  readonly outcome: HeaderOutcome;
  constructor(outcome: HeaderOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

function damaged(reason: string): Stop {
  return new Stop({ kind: 'damaged', reason });
}

function show(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

/** Walks over the bytes and stops the parse where they end. */
class Cursor {
  readonly bytes: Buffer;
  readonly fileBytes: number;
  position = 0;

  constructor(bytes: Uint8Array, fileBytes: number) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.fileBytes = fileBytes;
  }

  mustFit(length: number): void {
    const end = this.position + length;
    if (end > this.fileBytes) {
      const found = `it has ${this.fileBytes} bytes and its header says that it goes on`;
      throw new Stop({ kind: 'truncated', reason: found });
    }
  }

  take(length: number): Buffer {
    const start = this.position;
    this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  skip(length: number): void {
    this.mustFit(length);
    const end = this.position + length;
    if (end > this.bytes.length) throw new Stop({ kind: 'need-more', atLeastBytes: end });
    this.position = end;
  }

  readUint32(): number {
    return this.take(4).readUInt32LE();
  }

  readUint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  readCount(what: string, limit: number): number {
    const count = this.readUint64();
    if (count > limit) throw damaged(`its header announces ${count} ${what}, more than ${limit}`);
    return count;
  }

  /** A text with its length before it; one longer than `limitBytes` is skipped. */
  readText(limitBytes: number): string | undefined {
    const length = this.readUint64();
    if (length <= limitBytes) return this.take(length).toString('utf8');
    this.skip(length);
    return undefined;
  }

  /** A name with its length before it; one longer than `limitBytes` is damage. */
  readString(limitBytes: number, what: string): string {
    const length = this.readUint64();
    if (length > limitBytes) throw damaged(`${what} has ${length} bytes`);
    return this.take(length).toString('utf8');
  }
}
