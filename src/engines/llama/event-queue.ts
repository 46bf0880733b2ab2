/** A queue between a callback that brings values and a loop that reads them. */
export class EventQueue<T> {
  #values: T[] = [];
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  /** All values that are there; waits for one when there is none. */
  async take(): Promise<readonly T[]> {
    if (this.#values.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const values = this.#values;
    this.#values = [];
    return values;
  }
}
