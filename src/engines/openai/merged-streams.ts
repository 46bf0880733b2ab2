/** Several async streams read as one, each no faster than the reader takes from it. */
interface Source<T> {
  readonly iterator: AsyncIterator<T>;
}

type Arrival<T> =
  | { readonly kind: 'value'; readonly source: Source<T>; readonly result: IteratorResult<T> }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Streams may be added while the loop runs. A failure of one ends the loop; leaving the loop ends all. */
export class MergedStreams<T> implements AsyncIterable<T> {
  readonly #arrived: Arrival<T>[] = [];
  readonly #open = new Set<Source<T>>();
  #wake: (() => void) | undefined;

  add(stream: AsyncIterable<T>): void {
    const source = { iterator: stream[Symbol.asyncIterator]() };
    this.#open.add(source);
    this.#pull(source);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      while (this.#open.size > 0 || this.#arrived.length > 0) {
        const arrival = this.#arrived.shift();
        if (arrival === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        if (arrival.kind === 'failed') throw arrival.error;
        const { source, result } = arrival;
        if (result.done === true) {
          this.#open.delete(source);
          continue;
        }
        yield result.value;
        this.#pull(source);
      }
    } finally {
      for (const { iterator } of this.#open) {
        iterator.return?.().catch(() => {
          // It was told to end; how it ended no longer matters.
        });
      }
    }
  }

  #pull(source: Source<T>): void {
    source.iterator.next().then(
      (result) => {
        this.#arrive({ kind: 'value', source, result });
      },
      (error: unknown) => {
        this.#open.delete(source);
        this.#arrive({ kind: 'failed', error });
      },
    );
  }

  #arrive(arrival: Arrival<T>): void {
    this.#arrived.push(arrival);
    this.#wake?.();
    this.#wake = undefined;
  }
}
