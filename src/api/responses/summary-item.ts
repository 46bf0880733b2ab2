/** The summary of a conversation as the opaque text of a compaction item, and back to what a model reads. */
import type { Item } from '../../kernel/item.ts';
import { isJsonObject } from '../../kernel/json.ts';
import { invalidField } from '../invalid-field.ts';

/** The text that a compaction item carries; nobody but this server reads it. */
export function packSummary(summary: string): string {
  return Buffer.from(JSON.stringify({ gradus: 1, summary })).toString('base64url');
}

/** A compaction item as the message that a model reads. Throws `invalid-request` when another server made it. */
export function readSummary(item: { readonly id: string; readonly content: string }, param: string): Item {
  let summary: unknown;
  try {
    const value: unknown = JSON.parse(Buffer.from(item.content, 'base64url').toString('utf8'));
    if (isJsonObject(value) && value['gradus'] === 1) summary = value['summary'];
  } catch {
    // Not of this server's making, like anything else that is not as expected.
  }
  if (typeof summary !== 'string') throw invalidField(param, 'was not made by this kind of server');
  const text = `Summary of the conversation so far:\n${summary}`;
  return {
    type: 'message',
    id: item.id,
    status: 'completed',
    role: 'developer',
    content: [{ type: 'input_text', text }],
  };
}
