/** Before a conversation: which model it will be, and its weights on this machine. */
import process from 'node:process';
import type { CatalogEntry } from '../../engines/weights/catalog-schema.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { ModelShelf } from '../model-shelf.ts';
import { createPullDisplay } from '../terminal.ts';

/** Chooses the default model and pulls it with progress on stderr. Throws when no model of the catalog can be had. */
export async function ensureDefaultModel(shelf: ModelShelf, signal: AbortSignal): Promise<CatalogEntry> {
  const { chosen, verdicts } = await shelf.chooseDefault(signal);
  if (chosen === undefined) {
    const reasons = verdicts.map((verdict) => `  ${verdict.id}: ${verdict.reason}`).join('\n');
    throw new GradusError('source-unavailable', {
      message: `No model of the catalog can be used here:\n${reasons}\nSet GRADUS_MODEL to the path of a GGUF file, or add an endpoint to gradus.json.`,
    });
  }
  await pullWithProgress(shelf, chosen, { signal });
  return chosen;
}

export async function pullWithProgress(
  shelf: ModelShelf,
  entry: CatalogEntry,
  options: { readonly signal: AbortSignal; readonly fromFile?: string },
): Promise<void> {
  const display = createPullDisplay();
  try {
    const pulled = await shelf.pull(entry, { ...options, onProgress: (progress) => display.show(progress) });
    display.end();
    for (const note of pulled.notes) process.stderr.write(`${note}\n`);
  } finally {
    display.end();
  }
}
