/**
 * Two ways to fold a response's events. `OutputFold` gives the items as they stand; `EmissionFold` knows what
 * the log has, so that code which runs again after a crash adds only what is new.
 */
import type { LevelEvent } from '../kernel/event.ts';
import type { OutputItem } from '../kernel/item.ts';
import type { LifecycleEvent } from './response-runs.ts';

export type ResponseEvent = LevelEvent | LifecycleEvent;

interface GrowingItem {
  readonly outputIndex: number;
  item: OutputItem;
  isDone: boolean;
  text: string;
}

export class OutputFold {
  readonly #items = new Map<string, GrowingItem>();

  add(event: ResponseEvent): void {
    switch (event.type) {
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#items.set(event.item.id, {
          outputIndex: event.output_index,
          item: event.item,
          isDone: event.type === 'response.output_item.done',
          text: '',
        });
        break;
      case 'gradus.item_restarted':
        this.#items.delete(event.item_id);
        break;
      case 'response.output_text.delta':
      case 'response.reasoning.delta':
      case 'response.function_call_arguments.delta': {
        const growing = this.#items.get(event.item_id);
        if (growing !== undefined) growing.text += event.delta;
        break;
      }
      default:
        break;
    }
  }

  /** In the order of their output index; those that are not done have the text so far. */
  items(): readonly OutputItem[] {
    return [...this.#items.values()]
      .sort((a, b) => a.outputIndex - b.outputIndex)
      .map((growing) => (growing.isDone ? growing.item : withText(growing.item, growing.text)));
  }
}

function withText(item: OutputItem, text: string): OutputItem {
  if (text === '') return item;
  switch (item.type) {
    case 'message':
      return { ...item, content: [{ type: 'output_text', text, annotations: [], logprobs: [] }] };
    case 'reasoning':
      return { ...item, content: [{ type: 'reasoning_text', text }] };
    case 'function_call':
      return { ...item, arguments: text };
  }
}

interface LoggedItem {
  /** Length of the text in the log, by channel. */
  readonly lengths: Map<string, number>;
  /** What is in the log beside deltas. */
  readonly marks: Set<string>;
  /** Length of the text that this life has emitted, by channel. */
  readonly emitted: Map<string, number>;
  /** Whether this life has emitted anything of it. */
  isClaimed: boolean;
}

export class EmissionFold {
  readonly #logged = new Map<string, LoggedItem>();

  /** Of an event that the log has from an earlier life. */
  absorb(event: ResponseEvent): void {
    if (event.type === 'gradus.item_restarted') {
      this.#logged.delete(event.item_id);
      return;
    }
    const place = toPlace(event);
    const logged = this.#logged.get(place.itemId) ?? createLoggedItem();
    this.#logged.set(place.itemId, logged);
    if ('delta' in event) {
      logged.lengths.set(place.channel, (logged.lengths.get(place.channel) ?? 0) + event.delta.length);
    } else {
      logged.marks.add(place.channel);
    }
  }

  /** What of the event the log lacks: all, the rest of a delta, or nothing. */
  admit<Event extends ResponseEvent>(event: Event): Event | undefined {
    if (this.#logged.size === 0) return event;
    const place = toPlace(event);
    const logged = this.#logged.get(place.itemId);
    if (logged === undefined) return event;
    logged.isClaimed = true;
    if (!('delta' in event)) return logged.marks.has(place.channel) ? undefined : event;
    const from = logged.emitted.get(place.channel) ?? 0;
    logged.emitted.set(place.channel, from + event.delta.length);
    const known = (logged.lengths.get(place.channel) ?? 0) - from;
    if (known <= 0) return event;
    if (known >= event.delta.length) return undefined;
    return {
      ...event,
      delta: event.delta.slice(known),
      ...('logprobs' in event ? { logprobs: logprobsAfter(event.logprobs, known) } : {}),
    };
  }

  /** The items of the log that this life has not come to yet; they are forgotten, for they come anew. */
  forgetUnclaimed(): readonly string[] {
    const ids = [...this.#logged]
      .filter(([itemId, logged]) => itemId !== '' && !logged.isClaimed)
      .map(([itemId]) => itemId);
    for (const id of ids) this.#logged.delete(id);
    return ids;
  }
}

function createLoggedItem(): LoggedItem {
  return { lengths: new Map(), marks: new Set(), emitted: new Map(), isClaimed: false };
}

function logprobsAfter<Entry extends { readonly token: string }>(
  logprobs: readonly Entry[],
  length: number,
): readonly Entry[] {
  let end = 0;
  return logprobs.filter(({ token }) => (end += token.length) > length);
}

/** Which item an event belongs to ('' for the response itself), and what of the item it is about. */
function toPlace(event: ResponseEvent): { readonly itemId: string; readonly channel: string } {
  if ('item' in event) return { itemId: event.item.id, channel: event.type };
  if (!('item_id' in event)) return { itemId: '', channel: event.type };
  const part =
    'content_index' in event ? event.content_index : 'summary_index' in event ? event.summary_index : 0;
  return { itemId: event.item_id, channel: `${event.type} ${part}` };
}
