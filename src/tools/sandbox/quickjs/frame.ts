/**
 * What the sandbox and its worker process say to each other: frames of a length and a JSON text over two
 * plain pipes. A worker that a program has taken over can only send bytes, and these are read with a
 * limit and a schema; there is no channel for handles, files or code.
 */
import type { SandboxLimits } from '../sandbox.ts';

/** No honest frame is longer: the largest answer and output, each escaped twice, stay below it. */
export const maxFrameBytes: number = 16 * 1024 * 1024;

const headerBytes = 4;

/** What a worker is asked to do. Built by the sandbox, so the worker does not parse it again. */
export interface WorkerRequest {
  readonly source: string;
  readonly entry: string | undefined;
  /** The input as JSON text, so that it crosses into the interpreter as one string. */
  readonly inputJson: string | undefined;
  readonly seed: number;
  readonly nowMs: number | undefined;
  /** The text of the library functions that the program mentions, see `library.ts`. */
  readonly library: string | undefined;
  readonly limits: SandboxLimits;
}

/** What the program came to, as told from inside; the sandbox checks `json` once more before it believes it. */
export type Report =
  | { readonly kind: 'value'; readonly json: string }
  | { readonly kind: 'no-value'; readonly reason: string }
  | { readonly kind: 'threw'; readonly name: string; readonly message: string; readonly stack: string }
  | { readonly kind: 'syntax-error'; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'output-too-large'; readonly what: 'value' | 'printed' }
  | { readonly kind: 'crashed'; readonly reason: string };

/** The first frame of a worker is `ready`; each later one answers one request. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'ran';
      readonly report: Report;
      readonly printed: string;
      /** Memory and processor time of the whole process, by which the sandbox decides to replace it. */
      readonly rssBytes: number;
      readonly cpuMs: number;
    };

export function toFrame(message: WorkerRequest | WorkerReply): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  const frame = Buffer.allocUnsafe(headerBytes + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, headerBytes);
  return frame;
}

export type FrameRead =
  | { readonly kind: 'frame'; readonly body: unknown }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'broken'; readonly reason: string };

/** Collects the bytes of a pipe and gives back whole frames. After `broken` the pipe cannot be trusted again. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  get isEmpty(): boolean {
    return this.#sizeBytes === 0;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  next(): FrameRead {
    if (this.#sizeBytes < headerBytes) return { kind: 'incomplete' };
    const length = this.#join(headerBytes).readUInt32LE(0);
    if (length > maxFrameBytes) return { kind: 'broken', reason: `a frame of ${length} bytes` };
    if (this.#sizeBytes < headerBytes + length) return { kind: 'incomplete' };
    const bytes = this.#join(headerBytes + length);
    const text = bytes.toString('utf8', headerBytes, headerBytes + length);
    this.#chunks = [bytes.subarray(headerBytes + length)];
    this.#sizeBytes -= headerBytes + length;
    try {
      return { kind: 'frame', body: JSON.parse(text) };
    } catch {
      return { kind: 'broken', reason: 'a frame that is not JSON' };
    }
  }

  /** Makes the first chunk at least `neededBytes` long; joins only when it must, so a long frame is copied once. */
  #join(neededBytes: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= neededBytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
