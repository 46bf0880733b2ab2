/** The events of raw completions as chunks or as one object: text only, choices counted across prompts. */
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { TokenLogprobs } from '../../kernel/item.ts';
import { requireFinished } from '../finish-reason.ts';
import type { ChunkForm, DeltaBuffer } from '../streaming/delta-buffer.ts';
import type { Completion, LegacyLogprobs } from '../wire/completion.ts';
import { toWireUsage } from '../wire/usage.ts';

export interface CompletionTextOptions {
  readonly id: string;
  readonly createdMs: number;
  readonly model: string;
  readonly fingerprint: string;
  /** What each choice's text starts with; one per choice of every prompt. */
  readonly echoes: readonly string[];
  readonly choicesPerPrompt: number;
  readonly wantsLogprobs: boolean;
}

type Head = Pick<Completion, 'id' | 'object' | 'created' | 'model' | 'system_fingerprint'>;

export class CompletionCollector {
  readonly #options: CompletionTextOptions;
  readonly #texts: string[];
  readonly #logprobs: TokenLogprobs[][];

  constructor(options: CompletionTextOptions) {
    this.#options = options;
    this.#texts = [...options.echoes];
    this.#logprobs = options.echoes.map(() => []);
  }

  onEvent(promptIndex: number, event: LevelEvent): void {
    if (event.type !== 'response.output_item.done' || event.item.type !== 'message') return;
    const choice = promptIndex * this.#options.choicesPerPrompt + event.choice;
    for (const part of event.item.content) {
      if (part.type !== 'output_text') continue;
      this.#texts[choice] = (this.#texts[choice] ?? '') + part.text;
      this.#logprobs[choice]?.push(...part.logprobs);
    }
  }

  toCompletion(result: LevelResult): Completion {
    const { wantsLogprobs, echoes } = this.#options;
    return {
      ...toHead(this.#options),
      choices: requireFinished(result).map((reason, index) => ({
        index,
        text: this.#texts[index] ?? '',
        logprobs: wantsLogprobs
          ? toLegacyLogprobs(this.#logprobs[index] ?? [], countCharacters(echoes[index] ?? ''))
          : null,
        finish_reason: reason,
      })),
      usage: toWireUsage(result.usage),
      ...(result.gradus === undefined ? {} : { gradus: result.gradus }),
    };
  }
}

export interface CompletionStreamOptions extends CompletionTextOptions {
  readonly buffer: DeltaBuffer;
  readonly includeUsage: boolean;
  readonly onChange: (isUrgent: boolean) => void;
}

export class CompletionStream {
  readonly #options: CompletionStreamOptions;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #forms: readonly ChunkForm[];
  readonly #hasEchoed: boolean[] = [];
  /** By prompt, then by `output_index`: the choice that the item belongs to. */
  readonly #choices: (number | undefined)[][] = [];

  constructor(options: CompletionStreamOptions) {
    this.#options = options;
    this.#prefix = `data: ${JSON.stringify(toHead(options)).slice(0, -1)},"choices":[`;
    this.#suffix = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
    this.#forms = options.echoes.map((_, choice) => this.#form(choice));
  }

  onEvent(promptIndex: number, event: LevelEvent): void {
    if (event.type === 'response.output_item.added') {
      const choice = promptIndex * this.#options.choicesPerPrompt + event.choice;
      (this.#choices[promptIndex] ??= [])[event.output_index] = choice;
      this.#echo(choice);
    } else if (event.type === 'response.output_text.delta') {
      const choice = this.#choices[promptIndex]?.[event.output_index];
      const form = choice === undefined ? undefined : this.#forms[choice];
      if (choice === undefined || form === undefined) throw new Error('a delta for an item that is not open');
      this.#options.buffer.append(choice, form, event.delta, event.logprobs);
      this.#options.onChange(true);
    }
  }

  finish(result: LevelResult): void {
    const { buffer, includeUsage } = this.#options;
    const facts = result.gradus === undefined ? {} : { gradus: result.gradus };
    requireFinished(result).forEach((reason, choice) => {
      buffer.write(choice, this.#chunk(choice, '', 'null', JSON.stringify(reason)));
    });
    if (includeUsage) {
      const tail = JSON.stringify({ usage: toWireUsage(result.usage), ...facts });
      buffer.writeLast(`${this.#prefix}],${tail.slice(1)}\n\n`);
    }
    buffer.writeLast('data: [DONE]\n\n');
  }

  #echo(choice: number): void {
    const echo = this.#options.echoes[choice] ?? '';
    if (echo === '' || this.#hasEchoed[choice] === true) return;
    this.#hasEchoed[choice] = true;
    this.#options.buffer.write(choice, this.#chunk(choice, echo, 'null', 'null'));
    this.#options.onChange(false);
  }

  #form(choice: number): ChunkForm {
    let offset = countCharacters(this.#options.echoes[choice] ?? '');
    return (text, logprobs) => {
      if (logprobs.length === 0) return this.#chunk(choice, text, 'null', 'null');
      const legacy = toLegacyLogprobs(logprobs, offset);
      for (const each of logprobs) offset += countCharacters(each.token);
      return this.#chunk(choice, text, JSON.stringify(legacy), 'null');
    };
  }

  #chunk(choice: number, text: string, logprobs: string, finishReason: string): string {
    return `${this.#prefix}{"index":${choice},"text":${JSON.stringify(text)},"logprobs":${logprobs},"finish_reason":${finishReason}}${this.#suffix}`;
  }
}

function toHead(options: CompletionTextOptions): Head {
  return {
    id: options.id,
    object: 'text_completion',
    created: Math.trunc(options.createdMs / 1000),
    model: options.model,
    system_fingerprint: options.fingerprint,
  };
}

function toLegacyLogprobs(logprobs: readonly TokenLogprobs[], startOffset: number): LegacyLogprobs {
  let offset = startOffset;
  return {
    tokens: logprobs.map((each) => each.token),
    token_logprobs: logprobs.map((each) => each.logprob),
    top_logprobs: logprobs.map((each) =>
      Object.fromEntries(each.top_logprobs.map((top) => [top.token, top.logprob])),
    ),
    text_offset: logprobs.map((each) => {
      const at = offset;
      offset += countCharacters(each.token);
      return at;
    }),
  };
}

/** In code points, as the clients of this old format count. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
