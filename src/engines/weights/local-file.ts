/** Any GGUF file as a model: a path is enough, the file says the rest about itself. */
import { basename, resolve } from 'node:path';
import { parse } from '../../kernel/schema.ts';
import { catalogEntrySchema, type CatalogEntry, type CatalogEntryInput } from './catalog-schema.ts';
import { readGguf } from './gguf.ts';

export interface LocalModel {
  readonly entry: CatalogEntry;
  /** Where the file lies; it is used in place. */
  readonly path: string;
}

/**
 * An entry for any GGUF file, used where it is. Throws like `readGguf`. Without `id` the name is made
 * from the file's.
 */
export async function describeLocalFile(path: string, id?: string): Promise<LocalModel> {
  const absolute = resolve(path);
  const gguf = await readGguf(absolute);
  const { experts } = gguf;
  const entry = parse(catalogEntrySchema, {
    id: id ?? toId(absolute),
    displayName: gguf.name,
    family: gguf.architecture,
    parameters: gguf.parameters,
    activeParameters: experts && Math.ceil((gguf.parameters * experts.used) / experts.total),
    sizeBytes: gguf.fileBytes,
    contextTokens: gguf.contextTokens || undefined,
    kvBytesPerToken: Math.ceil(gguf.kvBytesPerToken ?? 0) || undefined,
    licence: gguf.licence,
    sources: [{ kind: 'file', path: absolute }],
  } satisfies CatalogEntryInput);
  return { entry, path: absolute };
}

function toId(path: string): string {
  const stem = basename(path).replace(/\.gguf$/i, '');
  const id = stem
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '');
  return id === '' ? 'local' : id;
}
