/**
 * What a stream has to say and has not said yet. Deltas of one choice and kind grow together until they
 * are taken, so that a slow reader costs one longer chunk instead of a queue of short ones.
 */
import type { TokenLogprobs } from '../../kernel/item.ts';

/** Makes the server-sent event of a delta. One function per choice and kind: equal functions grow together. */
export type ChunkForm = (text: string, logprobs: readonly TokenLogprobs[]) => string;

interface Slot {
  form: ChunkForm | undefined;
  text: string;
  logprobs: TokenLogprobs[];
}

const noLogprobs: readonly TokenLogprobs[] = [];

export class DeltaBuffer {
  readonly #slots: Slot[] = [];
  #ready = '';
  #pendingCharacters = 0;

  /** Size of what waits, in UTF-16 units; a log probability counts as 200. */
  get pendingCharacters(): number {
    return this.#pendingCharacters + this.#ready.length;
  }

  append(
    choice: number,
    form: ChunkForm,
    text: string,
    logprobs: readonly TokenLogprobs[] = noLogprobs,
  ): void {
    const slot = this.#slot(choice);
    if (slot.form !== form) {
      this.#settle(slot);
      slot.form = form;
    }
    slot.text = slot.text === '' ? text : slot.text + text;
    if (logprobs.length > 0) slot.logprobs.push(...logprobs);
    this.#pendingCharacters += text.length + 200 * logprobs.length;
  }

  /** Adds a whole event behind what the choice has said before. */
  write(choice: number, event: string): void {
    this.#settle(this.#slot(choice));
    this.#ready += event;
  }

  /** Adds a whole event behind everything. */
  writeLast(event: string): void {
    for (const slot of this.#slots) this.#settle(slot);
    this.#ready += event;
  }

  /** Everything that waits, as server-sent events; '' when there is nothing. */
  take(): string {
    for (const slot of this.#slots) this.#settle(slot);
    const text = this.#ready;
    this.#ready = '';
    this.#pendingCharacters = 0;
    return text;
  }

  #slot(choice: number): Slot {
    for (let next = this.#slots.length; next <= choice; next++) {
      this.#slots.push({ form: undefined, text: '', logprobs: [] });
    }
    const slot = this.#slots[choice];
    if (slot === undefined) throw new Error(`no choice ${choice}`);
    return slot;
  }

  #settle(slot: Slot): void {
    if (slot.form === undefined) return;
    this.#ready += slot.form(slot.text, slot.logprobs);
    slot.form = undefined;
    slot.text = '';
    if (slot.logprobs.length > 0) slot.logprobs = [];
  }
}
