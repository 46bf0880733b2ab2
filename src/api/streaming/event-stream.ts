/**
 * One answer as server-sent events: the first delta at once, later ones gathered within a short window,
 * comments in silence, and no unbounded memory for a slow reader. An early failure keeps its own status.
 */
import { GradusError, toGradusError } from '../../kernel/errors.ts';
import type { Api, ApiContext } from '../api-context.ts';
import { answerHeaders } from '../exchange.ts';
import { toErrorBody } from '../wire/error.ts';
import type { DeltaBuffer } from './delta-buffer.ts';
import type { PulsedStream } from './stream-pulse.ts';
import { onClientGone, openTextSink, type TextSink } from './text-sink.ts';

export interface EventStreamOptions {
  readonly buffer: DeltaBuffer;
  /** Called once when the client goes away, or is given up because it reads nothing. */
  readonly onGone: (reason: 'closed' | 'too-slow') => void;
}

const heartbeat = ': keep-alive\n\n';

export class EventStream implements PulsedStream {
  readonly #options: EventStreamOptions;
  readonly #api: Api;
  readonly #c: ApiContext;
  readonly #startedMs: number;
  #sink: TextSink | undefined;
  #isBlocked = false;
  #isOver = false;
  #lastWriteMs: number;
  #onCommit: ((response: Response) => void) | undefined;
  #onFailure: ((error: GradusError) => void) | undefined;

  constructor(c: ApiContext, api: Api, options: EventStreamOptions) {
    this.#c = c;
    this.#api = api;
    this.#options = options;
    this.#startedMs = api.clock.monotonicMs();
    // Far back, so that the first delta goes out at once.
    this.#lastWriteMs = Number.NEGATIVE_INFINITY;
    api.pulse.add(this);
    onClientGone(c, () => this.#giveUp('closed'));
  }

  /** Whether the answer has begun, so that a failure can no longer be a status. */
  get isCommitted(): boolean {
    return this.#sink !== undefined;
  }

  /** Says that the buffer has grown. Text that a reader waits for is urgent; the rest joins it. */
  changed(isUrgent: boolean): void {
    if (this.#isOver) return;
    if (this.#options.buffer.pendingCharacters > this.#api.limits.pendingCharacters) {
      this.#giveUp('too-slow');
      return;
    }
    if (this.#isBlocked) return;
    const { clock, pulse } = this.#api;
    if (isUrgent && clock.monotonicMs() - this.#lastWriteMs >= pulse.times.windowMs) this.flush();
    else pulse.flushSoon(this);
  }

  /**
   * Resolves when the answer has begun, or rejects when `work` failed before that. `work` ends the
   * stream: what it left in the buffer is sent, and its failure becomes an event.
   */
  respond(work: Promise<void>): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#onCommit = resolve;
      this.#onFailure = reject;
      work.then(
        () => this.#end(this.#options.buffer.take()),
        (thrown: unknown) => {
          const error = toGradusError(thrown);
          if (this.#sink === undefined) {
            this.#close();
            reject(error);
          } else {
            this.#end(`${this.#options.buffer.take()}data: ${JSON.stringify(toErrorBody(error))}\n\n`);
          }
        },
      );
    });
  }

  flush(): void {
    if (this.#isOver || this.#isBlocked) return;
    const text = this.#options.buffer.take();
    if (text !== '') this.#write(text);
  }

  checkSilence(nowMs: number): void {
    if (this.#isOver) return;
    const { times } = this.#api.pulse;
    if (this.#isBlocked) {
      if (nowMs - this.#lastWriteMs >= times.stallMs) this.#giveUp('too-slow');
    } else if (this.#sink === undefined) {
      if (nowMs - this.#startedMs >= Math.min(times.commitAfterMs, times.heartbeatMs)) this.#write(heartbeat);
    } else if (nowMs - this.#lastWriteMs >= times.heartbeatMs) {
      this.#write(heartbeat);
    }
  }

  #write(text: string): void {
    this.#sink ??= this.#open();
    this.#lastWriteMs = this.#api.clock.monotonicMs();
    this.#isBlocked = !this.#sink.write(text);
  }

  #end(text: string): void {
    if (this.#isOver) return;
    this.#sink ??= this.#open();
    this.#close();
    this.#sink.end(text);
  }

  #open(): TextSink {
    const sink = openTextSink(
      this.#c,
      {
        ...answerHeaders(this.#c, this.#api),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        // Asks proxies of the nginx family to hand on every event as it comes.
        'x-accel-buffering': 'no',
      },
      {
        onDrain: () => {
          if (!this.#isBlocked) return;
          this.#isBlocked = false;
          this.flush();
        },
      },
    );
    this.#onCommit?.(sink.response);
    return sink;
  }

  #giveUp(reason: 'closed' | 'too-slow'): void {
    if (this.#isOver) return;
    this.#close();
    this.#options.buffer.take();
    if (this.#sink === undefined) {
      this.#onFailure?.(new GradusError('cancelled', { message: 'The client went away.' }));
    } else {
      this.#sink.destroy();
    }
    this.#options.onGone(reason);
  }

  #close(): void {
    this.#isOver = true;
    this.#api.pulse.remove(this);
  }
}
