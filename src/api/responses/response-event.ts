/**
 * One numbered event as a server-sent event. Numbers are those of the log, one event of the wire for each
 * event of the run, so that a client can go on after any of them.
 */
import type { LevelEvent } from '../../kernel/event.ts';
import type { OutputItem } from '../../kernel/item.ts';
import type { LifecycleEvent, NumberedEvent, ResponseStatus } from '../../runtime/response-runs.ts';
import { toResponseObject, type ResponseState } from './response-object.ts';

export type TerminalEvent = Exclude<
  LifecycleEvent,
  { readonly type: 'response.created' | 'response.queued' | 'response.in_progress' | 'gradus.item_restarted' }
>;

export function isTerminal(event: LevelEvent | LifecycleEvent): event is TerminalEvent {
  switch (event.type) {
    case 'response.completed':
    case 'response.failed':
    case 'response.incomplete':
    case 'response.cancelled':
      return true;
    default:
      return false;
  }
}

export function isDelta(event: LevelEvent | LifecycleEvent): boolean {
  return event.type.endsWith('.delta');
}

/** The status that a response has after an event of its life. */
function toStatus(type: TerminalEvent['type']): ResponseStatus {
  switch (type) {
    case 'response.completed':
      return 'completed';
    case 'response.failed':
      return 'failed';
    case 'response.incomplete':
      return 'incomplete';
    case 'response.cancelled':
      return 'cancelled';
  }
}

/** `state` is the response as it is when the event happens; only events of its life show it. */
export function toEventText(numbered: NumberedEvent, state: ResponseState): string {
  const { event, sequence_number } = numbered;
  switch (event.type) {
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
      return toLifeText(event.type, sequence_number, {
        ...begin(state),
        status: event.type === 'response.in_progress' ? 'in_progress' : toFirstStatus(event.type, state),
      });
    case 'response.completed':
    case 'response.failed':
    case 'response.incomplete':
      return toLifeText(event.type, sequence_number, end(state, event));
    case 'response.cancelled':
      // Neither OpenAI nor Open Responses has an event for it: clients know this one as an end, and the
      // status inside says what happened.
      return toLifeText('response.incomplete', sequence_number, end(state, event));
    case 'gradus.item_restarted':
      // Clients throw on types that they do not know. This one makes them take the response inside for
      // what there is: without the item.
      return toLifeText('response.in_progress', sequence_number, {
        ...state,
        status: 'in_progress',
        restartedItemId: event.item_id,
      });
    case 'response.output_item.added':
    case 'response.output_item.done': {
      const { type, output_index, item } = event;
      return toText(type, JSON.stringify({ type, sequence_number, output_index, item: toWireItem(item) }));
    }
    case 'response.reasoning.delta':
    case 'response.reasoning.done': {
      // OpenAI's name, which its clients demand; Open Responses calls it response.reasoning.
      const { type, ...rest } = event;
      const name = type.replace('reasoning', 'reasoning_text');
      return toText(name, JSON.stringify({ type: name, sequence_number, ...rest }));
    }
    default: {
      const { type, ...rest } = event;
      return toText(type, JSON.stringify({ type, sequence_number, ...rest }));
    }
  }
}

/** Clients append the text of a thought to a part that must be there already. */
function toWireItem(item: OutputItem): OutputItem {
  const isEmpty = item.type === 'reasoning' && item.status === 'in_progress' && item.content.length === 0;
  return isEmpty ? { ...item, content: [{ type: 'reasoning_text', text: '' }] } : item;
}

function toLifeText(type: string, sequenceNumber: number, state: ResponseState): string {
  const response = toResponseObject(state);
  return toText(type, JSON.stringify({ type, sequence_number: sequenceNumber, response }));
}

function toText(type: string, data: string): string {
  return `event: ${type}\ndata: ${data}\n\n`;
}

/** As the response was before it had any output, however long ago that is. */
function begin(state: ResponseState): ResponseState {
  const { id, envelope, createdAtMs } = state;
  return { id, envelope, createdAtMs, status: 'in_progress', output: [] };
}

function toFirstStatus(type: 'response.created' | 'response.queued', state: ResponseState): ResponseStatus {
  return type === 'response.queued' || state.envelope['background'] === true ? 'queued' : 'in_progress';
}

function end(state: ResponseState, event: TerminalEvent): ResponseState {
  return {
    ...state,
    status: toStatus(event.type),
    ...(event.result === undefined ? {} : { result: event.result }),
    ...(event.error === undefined ? {} : { error: event.error }),
  };
}
