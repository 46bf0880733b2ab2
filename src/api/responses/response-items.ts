/** From input items of the wire to items of the kernel, and the check that calls and outputs match up. */
import type { ContentPart, InputText, Item } from '../../kernel/item.ts';
import type { IdSource } from '../../kernel/ids.ts';
import { invalidField } from '../invalid-field.ts';
import type {
  AssistantItemBody,
  CompactionBody,
  FunctionCallOutputBody,
  InputItemBody,
  OthersMessageBody,
} from '../wire/response-item.ts';
import { readSummary } from './summary-item.ts';

/** Items without an id get one. A text is a message of the user. */
export function toInputItems(input: string | readonly InputItemBody[], ids: IdSource): readonly Item[] {
  if (typeof input === 'string') return [toItem({ role: 'user', content: input }, ids)];
  return input.map((item, index) =>
    item.type === 'compaction'
      ? readSummary(
          { id: item.id ?? ids.create('msg'), content: item.encrypted_content },
          `input[${index}].encrypted_content`,
        )
      : toItem(item, ids),
  );
}

/**
 * Throws `invalid-request` when an output answers no call before it, a call is answered twice, or a call
 * has no output. `givenCount` is how many of the items, at the end, the request itself brought.
 */
export function requireMatchedCalls(items: readonly Item[], givenCount: number): void {
  const open = new Map<string, string>();
  const seen = new Set<string>();
  const toParam = (index: number): string => {
    const given = index - (items.length - givenCount);
    return given < 0 ? 'previous_response_id' : `input[${given}].call_id`;
  };
  items.forEach((item, index) => {
    if (item.type === 'function_call') {
      if (seen.has(item.call_id)) {
        throw invalidField(toParam(index), `the call_id "${item.call_id}" is used twice`);
      }
      seen.add(item.call_id);
      open.set(item.call_id, toParam(index));
    }
    if (item.type === 'function_call_output' && !open.delete(item.call_id)) {
      const reason = seen.has(item.call_id)
        ? 'this call has an output already'
        : 'no function_call before it has it';
      throw invalidField(toParam(index), `"${item.call_id}": ${reason}`);
    }
  });
  for (const [callId, param] of open) {
    throw invalidField(
      param === 'previous_response_id' ? 'input' : param,
      `the function call "${callId}" has no function_call_output behind it`,
    );
  }
}

function toItem(item: Exclude<InputItemBody, CompactionBody>, ids: IdSource): Item {
  switch (item.type) {
    case undefined:
    case 'message':
      return {
        type: 'message',
        id: item.id ?? ids.create('msg'),
        status: 'completed',
        role: item.role,
        content: item.role === 'assistant' ? toSaidParts(item.content) : toGivenParts(item.content),
      };
    case 'reasoning':
      return {
        type: 'reasoning',
        id: item.id ?? ids.create('rs'),
        status: 'completed',
        summary: item.summary ?? [],
        content: item.content ?? [],
      };
    case 'function_call':
      return {
        type: 'function_call',
        id: item.id ?? ids.create('fc'),
        status: 'completed',
        call_id: item.call_id,
        name: item.name,
        arguments: item.arguments,
      };
    case 'function_call_output':
      return {
        type: 'function_call_output',
        id: item.id ?? ids.create('fc'),
        status: 'completed',
        call_id: item.call_id,
        output: toOutputText(item.output),
      };
    default:
      throw new Error(`the schema refuses items of type ${item.type}`);
  }
}

function toGivenParts(content: OthersMessageBody['content']): readonly ContentPart[] {
  if (typeof content === 'string') return [toInputText(content)];
  return content.map((part) => {
    switch (part.type) {
      case 'input_text':
        return toInputText(part.text);
      case 'input_image':
        if (typeof part.image_url !== 'string') throw new Error('the schema refuses images without a URL');
        return { type: 'input_image', image_url: part.image_url, detail: part.detail ?? 'auto' };
      default:
        throw new Error(`the schema refuses parts of type ${part.type}`);
    }
  });
}

function toSaidParts(content: AssistantItemBody['content']): readonly ContentPart[] {
  const said = (text: string): ContentPart => ({ type: 'output_text', text, annotations: [], logprobs: [] });
  if (typeof content === 'string') return [said(content)];
  return content.map((part) =>
    part.type === 'refusal' ? { type: 'refusal', refusal: part.refusal } : said(part.text),
  );
}

function toOutputText(output: FunctionCallOutputBody['output']): string {
  if (typeof output === 'string') return output;
  return output.map((part) => (part.type === 'input_text' ? part.text : '')).join('');
}

function toInputText(text: string): InputText {
  return { type: 'input_text', text };
}
