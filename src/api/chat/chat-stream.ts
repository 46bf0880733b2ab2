/**
 * The events of a run as chat completion chunks. This is the hot path: everything about a chunk that does
 * not change is text made once, so that a delta costs one JSON string.
 */
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { TokenLogprobs } from '../../kernel/item.ts';
import { requireFinished } from '../finish-reason.ts';
import type { ChunkForm, DeltaBuffer } from '../streaming/delta-buffer.ts';
import { toWireUsage } from '../wire/usage.ts';
import type { CompletionHead } from './chat-result.ts';

interface Choice {
  readonly index: number;
  readonly content: ChunkForm;
  readonly thought: ChunkForm;
  readonly refusal: ChunkForm;
  hasRole: boolean;
  callCount: number;
}

interface OpenItem {
  readonly choice: Choice;
  /** How deltas of a call's arguments are written. */
  readonly callArguments: ChunkForm | undefined;
}

export interface ChatStreamOptions {
  readonly head: CompletionHead;
  readonly buffer: DeltaBuffer;
  readonly includeUsage: boolean;
  /** Called after each event that put something into the buffer. */
  readonly onChange: (isUrgent: boolean) => void;
}

export class ChatStream {
  readonly #options: ChatStreamOptions;
  /** All that comes before `"choices"` and all that comes behind. */
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #choices: Choice[] = [];
  /** By `output_index`. */
  readonly #items: (OpenItem | undefined)[] = [];

  constructor(options: ChatStreamOptions) {
    this.#options = options;
    const { head } = options;
    const fixed = JSON.stringify({
      id: head.id,
      object: 'chat.completion.chunk',
      created: Math.trunc(head.createdMs / 1000),
      model: head.model,
      ...(head.hasServiceTier ? { service_tier: 'default' } : {}),
      system_fingerprint: head.fingerprint,
    });
    this.#prefix = `data: ${fixed.slice(0, -1)},"choices":[`;
    this.#suffix = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  onEvent(event: LevelEvent): void {
    switch (event.type) {
      case 'response.output_text.delta': {
        const { choice } = this.#item(event.output_index);
        this.#options.buffer.append(choice.index, choice.content, event.delta, event.logprobs);
        this.#options.onChange(true);
        break;
      }
      case 'response.reasoning.delta':
      case 'response.reasoning_summary_text.delta': {
        const { choice } = this.#item(event.output_index);
        this.#options.buffer.append(choice.index, choice.thought, event.delta);
        this.#options.onChange(true);
        break;
      }
      case 'response.refusal.delta': {
        const { choice } = this.#item(event.output_index);
        this.#options.buffer.append(choice.index, choice.refusal, event.delta);
        this.#options.onChange(true);
        break;
      }
      case 'response.function_call_arguments.delta': {
        const { choice, callArguments } = this.#item(event.output_index);
        if (callArguments === undefined) throw new Error('arguments for an item that is not a call');
        this.#options.buffer.append(choice.index, callArguments, event.delta);
        this.#options.onChange(true);
        break;
      }
      case 'response.output_item.added':
        this.#add(event);
        this.#options.onChange(false);
        break;
      case 'response.output_item.done':
        this.#items[event.output_index] = undefined;
        break;
      default:
        break;
    }
  }

  /** Writes the last chunks: finish reasons, usage when asked for, and the end mark. */
  finish(result: LevelResult): void {
    const { buffer, includeUsage } = this.#options;
    const reasons = requireFinished(result);
    const facts = result.gradus === undefined ? '' : `,"gradus":${JSON.stringify(result.gradus)}`;
    reasons.forEach((reason, index) => {
      const isLast = index === reasons.length - 1 && !includeUsage;
      const chunk = this.#chunk(index, '{}', 'null', JSON.stringify(reason));
      buffer.write(index, isLast && facts !== '' ? `${chunk.slice(0, -3)}${facts}}\n\n` : chunk);
    });
    if (includeUsage) {
      const usage = JSON.stringify(toWireUsage(result.usage));
      buffer.writeLast(`${this.#prefix}],"usage":${usage}${facts}}\n\n`);
    }
    buffer.writeLast('data: [DONE]\n\n');
  }

  #add(event: Extract<LevelEvent, { type: 'response.output_item.added' }>): void {
    const choice = this.#choice(event.choice);
    const { item } = event;
    const isCall = item.type === 'function_call';
    if (!choice.hasRole) {
      choice.hasRole = true;
      const content = isCall ? 'null' : '""';
      this.#write(choice.index, `{"role":"assistant","content":${content},"refusal":null}`);
    }
    let callArguments: ChunkForm | undefined;
    if (isCall) {
      const index = choice.callCount++;
      const call = {
        index,
        id: item.call_id,
        type: 'function',
        function: { name: item.name, arguments: '' },
      };
      this.#write(choice.index, `{"tool_calls":[${JSON.stringify(call)}]}`);
      callArguments = this.#form(
        choice.index,
        `{"tool_calls":[{"index":${index},"function":{"arguments":`,
        '}}]}',
      );
    }
    this.#items[event.output_index] = { choice, callArguments };
  }

  #item(outputIndex: number): OpenItem {
    const item = this.#items[outputIndex];
    if (item === undefined) throw new Error(`a delta for output ${outputIndex}, which is not open`);
    return item;
  }

  #choice(index: number): Choice {
    return (this.#choices[index] ??= {
      index,
      content: this.#form(index, '{"content":', '}'),
      refusal: this.#form(index, '{"refusal":', '}'),
      thought: (text) => {
        const thought = JSON.stringify(text);
        return this.#chunk(index, `{"reasoning_content":${thought},"reasoning":${thought}}`, 'null', 'null');
      },
      hasRole: false,
      callCount: 0,
    });
  }

  #form(choice: number, before: string, after: string): ChunkForm {
    const start = `${this.#prefix}{"index":${choice},"delta":${before}`;
    const end = `${after},"logprobs":null,"finish_reason":null}${this.#suffix}`;
    return (text, logprobs) =>
      logprobs.length === 0
        ? start + JSON.stringify(text) + end
        : this.#chunk(choice, before + JSON.stringify(text) + after, toLogprobs(logprobs), 'null');
  }

  #write(choice: number, delta: string): void {
    this.#options.buffer.write(choice, this.#chunk(choice, delta, 'null', 'null'));
  }

  #chunk(choice: number, delta: string, logprobs: string, finishReason: string): string {
    return `${this.#prefix}{"index":${choice},"delta":${delta},"logprobs":${logprobs},"finish_reason":${finishReason}}${this.#suffix}`;
  }
}

function toLogprobs(logprobs: readonly TokenLogprobs[]): string {
  return `{"content":${JSON.stringify(logprobs)},"refusal":null}`;
}
