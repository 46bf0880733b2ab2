/** Reading for tasks whose whole text is the answer: thoughts and one code fence around it fall away, no more. */
import { removeThinking } from './reading.ts';

/**
 * The text that counts. When the answer holds exactly one fenced block, the block is the answer (prose around
 * it is form); otherwise the whole text is.
 */
export function readWholeAnswer(text: string): string {
  const visible = removeThinking(text).replaceAll('\r\n', '\n');
  const blocks = [...visible.matchAll(/^[ \t]*```[\w-]*[ \t]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gmu)];
  const [only] = blocks;
  return (blocks.length === 1 && only?.[1] !== undefined ? only[1] : visible).trim();
}
