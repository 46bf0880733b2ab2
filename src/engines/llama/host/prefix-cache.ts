/**
 * Who holds which sequence of the KV cache, and what is in it. Finished sequences stay as a cache of
 * prefixes until their place is needed; the least recently used goes first.
 */
export interface SequenceMemory {
  /** Lets `to` see the first `length` tokens of `from`; costs no computation. */
  share(from: number, to: number, length: number): void;
  /** Forgets everything from position `from` on; false when the model cannot forget a part. */
  forget(sequence: number, from: number): boolean;
}

export interface Sequence {
  readonly id: number;
  /** Token ids whose keys and values are in the cache, in order. */
  tokens: number[];
}

export class PrefixCache {
  readonly #memory: SequenceMemory;
  readonly #canTrim: boolean;
  readonly #free: number[];
  readonly #busy = new Set<Sequence>();
  /** Oldest first. */
  #idle: Sequence[] = [];

  constructor(memory: SequenceMemory, options: { readonly maxSequences: number; readonly canTrim: boolean }) {
    this.#memory = memory;
    this.#canTrim = options.canTrim;
    this.#free = Array.from({ length: options.maxSequences }, (_, i) => options.maxSequences - 1 - i);
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  get idleTokens(): number {
    return this.#idle.reduce((sum, sequence) => sum + sequence.tokens.length, 0);
  }

  /** How many tokens of `prompt` the best sequence already holds. The last token is never counted: its logits are needed. */
  longestPrefix(prompt: Int32Array): number {
    return this.#best(prompt).length;
  }

  /**
   * A sequence that holds the longest known prefix of `prompt` and nothing else; undefined when every
   * sequence is busy.
   */
  acquire(prompt: Int32Array): Sequence | undefined {
    const { source, length } = this.#best(prompt);
    if (source !== undefined && this.#idle.includes(source) && length === source.tokens.length) {
      this.#idle = this.#idle.filter((entry) => entry !== source);
      this.#busy.add(source);
      return source;
    }
    const sequence = this.#take(source);
    if (sequence === undefined) return undefined;
    if (source !== undefined && length > 0 && source !== sequence) {
      this.#memory.share(source.id, sequence.id, length);
      sequence.tokens = source.tokens.slice(0, length);
    }
    return sequence;
  }

  /** A new sequence that shares the first `length` tokens of `source`. */
  fork(source: Sequence, length: number): Sequence | undefined {
    const sequence = this.#take(source);
    if (sequence === undefined) return undefined;
    this.#memory.share(source.id, sequence.id, length);
    sequence.tokens = source.tokens.slice(0, length);
    return sequence;
  }

  /** Gives a sequence back; with `keep` its tokens stay for later prompts. */
  release(sequence: Sequence, options: { readonly keep: boolean }): void {
    if (!this.#busy.delete(sequence)) return;
    if (options.keep && sequence.tokens.length > 0) {
      // What this one holds in full need not be held twice.
      for (const entry of this.#idle.filter((other) => isPrefix(other.tokens, sequence.tokens)))
        this.#drop(entry);
      this.#idle.push(sequence);
    } else {
      this.#memory.forget(sequence.id, 0);
      this.#free.push(sequence.id);
    }
  }

  /** Frees the least recently used idle sequence; false when there is none. */
  evict(): boolean {
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    this.#drop(oldest);
    return true;
  }

  #drop(sequence: Sequence): void {
    this.#idle = this.#idle.filter((entry) => entry !== sequence);
    this.#memory.forget(sequence.id, 0);
    this.#free.push(sequence.id);
  }

  /** A free id, at the price of an idle sequence other than `except` if need be. */
  #take(except: Sequence | undefined): Sequence | undefined {
    if (this.#free.length === 0) {
      const victim = this.#idle.find((entry) => entry !== except);
      if (victim === undefined) return undefined;
      this.#drop(victim);
    }
    const id = this.#free.pop();
    if (id === undefined) return undefined;
    const sequence: Sequence = { id, tokens: [] };
    this.#busy.add(sequence);
    return sequence;
  }

  #best(prompt: Int32Array): { source: Sequence | undefined; length: number } {
    let source: Sequence | undefined;
    let length = 0;
    // Later entries win ties, so that the freshest copy is used.
    for (const sequence of [...this.#busy, ...this.#idle]) {
      const common = commonLength(prompt, sequence.tokens);
      const usable = this.#canTrim || common === sequence.tokens.length ? common : 0;
      if (usable > 0 && usable >= length) {
        source = sequence;
        length = usable;
      }
    }
    return { source, length };
  }
}

/** Length of the common start, one less than the prompt at most. */
export function commonLength(prompt: Int32Array, tokens: ArrayLike<number>): number {
  const limit = Math.min(prompt.length - 1, tokens.length);
  let i = 0;
  while (i < limit && prompt[i] === tokens[i]) i++;
  return i;
}

function isPrefix(start: readonly number[], whole: readonly number[]): boolean {
  return start.length <= whole.length && start.every((token, i) => token === whole[i]);
}
