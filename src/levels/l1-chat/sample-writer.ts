/**
 * From the deltas of one sample to the events of its items, in the order that clients rely on: an item is
 * added, its part is added, deltas, the whole text, the part is done, the item is done.
 */
import type { LevelEvent } from '../../kernel/event.ts';
import type { IdSource } from '../../kernel/ids.ts';
import type {
  FinishReason,
  FunctionCallItem,
  ItemStatus,
  MessageItem,
  OutputItem,
  OutputText,
  ReasoningItem,
  TokenLogprobs,
} from '../../kernel/item.ts';

export interface SampleWriterOptions {
  /** Which of the request's choices the items belong to. */
  readonly choice: number;
  readonly ids: IdSource;
  readonly emit: (event: LevelEvent) => void;
  /** The next free `output_index` of the response; samples share one count. */
  readonly nextOutputIndex: () => number;
}

const noLogprobs: readonly TokenLogprobs[] = [];

interface OpenItem {
  readonly kind: 'message' | 'reasoning' | 'function_call';
  readonly id: string;
  readonly outputIndex: number;
  text: string;
  logprobs: TokenLogprobs[] | undefined;
  /** Of a call only. */
  readonly call?: { readonly id: string; readonly index: number; readonly name: string };
}

export class SampleWriter {
  readonly #options: SampleWriterOptions;
  #open: OpenItem | undefined;
  #itemCount = 0;

  constructor(options: SampleWriterOptions) {
    this.#options = options;
  }

  addText(delta: string, logprobs: readonly TokenLogprobs[] = noLogprobs): void {
    const item = this.#open?.kind === 'message' ? this.#open : this.#openText();
    item.text += delta;
    if (logprobs.length > 0) (item.logprobs ??= []).push(...logprobs);
    this.#options.emit({
      type: 'response.output_text.delta',
      item_id: item.id,
      output_index: item.outputIndex,
      content_index: 0,
      delta,
      logprobs,
    });
  }

  addThought(delta: string): void {
    const item = this.#open?.kind === 'reasoning' ? this.#open : this.#openItem('reasoning', 'rs');
    item.text += delta;
    this.#options.emit({
      type: 'response.reasoning.delta',
      item_id: item.id,
      output_index: item.outputIndex,
      content_index: 0,
      delta,
    });
  }

  startCall(index: number, name: string): void {
    this.#openItem('function_call', 'fc', { id: this.#options.ids.create('call'), index, name });
  }

  /** Adds to the call that was started last; an engine finishes a call before it starts the next. */
  addArguments(index: number, delta: string): void {
    const item = this.#open;
    if (item?.call?.index !== index) throw new Error(`arguments for call ${index}, which is not open`);
    item.text += delta;
    this.#options.emit({
      type: 'response.function_call_arguments.delta',
      item_id: item.id,
      output_index: item.outputIndex,
      delta,
    });
  }

  /** Closes what is open. A sample without any item becomes an empty message: an answer is never nothing. */
  finish(reason: FinishReason): void {
    if (this.#itemCount === 0) this.#openText();
    this.#close(reason === 'stop' || reason === 'tool_calls' ? 'completed' : 'incomplete');
  }

  #openText(): OpenItem {
    const item = this.#openItem('message', 'msg');
    this.#options.emit({ type: 'response.content_part.added', ...atPart(item), part: toPart(item) });
    return item;
  }

  #openItem(kind: OpenItem['kind'], prefix: 'msg' | 'rs' | 'fc', call?: OpenItem['call']): OpenItem {
    this.#close('completed');
    const item: OpenItem = {
      kind,
      id: this.#options.ids.create(prefix),
      outputIndex: this.#options.nextOutputIndex(),
      text: '',
      logprobs: undefined,
      ...(call === undefined ? {} : { call }),
    };
    this.#open = item;
    this.#itemCount++;
    this.#options.emit({
      type: 'response.output_item.added',
      output_index: item.outputIndex,
      item: toItem(item, 'in_progress'),
      choice: this.#options.choice,
    });
    return item;
  }

  #close(status: ItemStatus): void {
    const item = this.#open;
    if (item === undefined) return;
    this.#open = undefined;
    const { emit, choice } = this.#options;
    switch (item.kind) {
      case 'message':
        emit({
          type: 'response.output_text.done',
          ...atPart(item),
          text: item.text,
          logprobs: item.logprobs ?? noLogprobs,
        });
        emit({ type: 'response.content_part.done', ...atPart(item), part: toPart(item) });
        break;
      case 'reasoning':
        emit({ type: 'response.reasoning.done', ...atPart(item), text: item.text });
        break;
      case 'function_call':
        emit({
          type: 'response.function_call_arguments.done',
          item_id: item.id,
          output_index: item.outputIndex,
          name: item.call?.name ?? '',
          arguments: item.text,
        });
        break;
    }
    emit({
      type: 'response.output_item.done',
      output_index: item.outputIndex,
      item: toItem(item, status),
      choice,
    });
  }
}

function atPart(item: OpenItem): {
  readonly item_id: string;
  readonly output_index: number;
  readonly content_index: 0;
} {
  return { item_id: item.id, output_index: item.outputIndex, content_index: 0 };
}

function toPart(item: OpenItem): OutputText {
  return { type: 'output_text', text: item.text, annotations: [], logprobs: item.logprobs ?? noLogprobs };
}

function toItem(item: OpenItem, status: ItemStatus): OutputItem {
  switch (item.kind) {
    case 'message':
      return {
        type: 'message',
        id: item.id,
        status,
        role: 'assistant',
        content: status === 'in_progress' ? [] : [toPart(item)],
      } satisfies MessageItem;
    case 'reasoning':
      return {
        type: 'reasoning',
        id: item.id,
        status,
        summary: [],
        content: status === 'in_progress' ? [] : [{ type: 'reasoning_text', text: item.text }],
      } satisfies ReasoningItem;
    case 'function_call':
      return {
        type: 'function_call',
        id: item.id,
        status,
        call_id: item.call?.id ?? '',
        name: item.call?.name ?? '',
        arguments: item.text,
      } satisfies FunctionCallItem;
  }
}
