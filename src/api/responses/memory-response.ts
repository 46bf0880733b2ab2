/**
 * A response that is not stored: numbered events of a run in memory, in the order that a stored one has
 * them, without any database.
 */
import type { Clock } from '../../kernel/clock.ts';
import { toGradusError } from '../../kernel/errors.ts';
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { OutputItem } from '../../kernel/item.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { LifecycleEvent, NumberedEvent } from '../../runtime/response-runs.ts';
import type { Run } from '../../runtime/run.ts';
import { toFinalStatus, type ResponseState } from './response-object.ts';

export interface MemoryResponseOptions {
  readonly id: string;
  readonly envelope: JsonObject;
  readonly clock: Clock;
  /** Started in this very tick, so that no event is missed. */
  readonly run: Run;
  readonly onEvent?: (event: NumberedEvent, state: ResponseState) => void;
}

export class MemoryResponse {
  readonly #options: MemoryResponseOptions;
  /** By `output_index`. */
  readonly #output: OutputItem[] = [];
  #nextNumber = 0;
  #state: ResponseState;

  constructor(options: MemoryResponseOptions) {
    this.#options = options;
    this.#state = {
      id: options.id,
      envelope: options.envelope,
      status: 'in_progress',
      createdAtMs: options.clock.nowMs(),
      output: this.#output,
    };
    this.#emit({ type: 'response.created' });
    this.#emit({ type: 'response.in_progress' });
    options.run.subscribe((event) => {
      if (event.type === 'response.output_item.done') this.#output[event.output_index] = event.item;
      this.#emit(event);
    });
  }

  /** Resolves with the finished response. Rejects with what the run threw, after the event that says so. */
  async finish(): Promise<ResponseState> {
    let result: LevelResult;
    try {
      result = await this.#options.run.result;
    } catch (thrown) {
      const { code, message } = toGradusError(thrown);
      const error = { code, message };
      this.#state = { ...this.#state, status: 'failed', error, output: Object.values(this.#output) };
      this.#emit({ type: 'response.failed', error });
      throw thrown;
    }
    const status = toFinalStatus(result);
    this.#state = {
      ...this.#state,
      status,
      result,
      completedAtMs: this.#options.clock.nowMs(),
      output: Object.values(this.#output),
    };
    this.#emit({ type: `response.${status}`, result });
    return this.#state;
  }

  #emit(event: LevelEvent | LifecycleEvent): void {
    this.#options.onEvent?.({ sequence_number: this.#nextNumber++, event }, this.#state);
  }
}
