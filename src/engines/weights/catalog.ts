/**
 * The catalog of models that Gradus can fetch and run: the lookup by name over the built-in entries and
 * those of `gradus.json`. The schema is in `catalog-schema.ts`, the entries are data in `catalog-entries.ts`.
 */
import { GradusError } from '../../kernel/errors.ts';
import type { CatalogEntry } from './catalog-schema.ts';

export interface Catalog {
  readonly entries: readonly CatalogEntry[];
  find(id: string): CatalogEntry | undefined;
  /** Throws `model-not-found` with the nearest names. */
  require(id: string): CatalogEntry;
}

/**
 * Joins lists of entries; an entry replaces an earlier one with the same id. Throws `invalid-config` when
 * two models would share one file name.
 */
export function createCatalog(...lists: readonly (readonly CatalogEntry[])[]): Catalog {
  const byId = new Map<string, CatalogEntry>();
  for (const entry of lists.flat()) byId.set(entry.id, entry);
  const byFile = new Map<string, CatalogEntry>();
  for (const entry of byId.values()) {
    const other = byFile.get(toFileName(entry));
    if (other !== undefined) {
      throw new GradusError('invalid-config', {
        message: `The models ${other.id} and ${entry.id} have the same file name ${toFileName(entry)}.`,
        param: 'models',
      });
    }
    byFile.set(toFileName(entry), entry);
  }
  return {
    entries: [...byId.values()],
    find: (id) => byId.get(id),
    require(id) {
      const entry = byId.get(id);
      if (entry !== undefined) return entry;
      const near = findNearNames(id, [...byId.keys()]);
      const hint = near.length === 0 ? '' : ` Near names: ${near.join(', ')}.`;
      throw new GradusError('model-not-found', {
        message: `There is no model ${JSON.stringify(id)}.${hint}`,
      });
    },
  };
}

/** The name of the entry's file in the models folder. */
export function toFileName(entry: CatalogEntry): string {
  return entry.fileName ?? `${entry.id}.gguf`;
}

/** Names of `known` that a mistyped `wanted` may have meant, nearest first, at most three. */
export function findNearNames(wanted: string, known: readonly string[]): string[] {
  const needle = wanted.toLowerCase().slice(0, 100);
  return known
    .map((name) => ({ name, distance: name.includes(needle) ? 1 : editDistance(needle, name) }))
    .filter(({ name, distance }) => needle !== '' && distance <= Math.max(2, name.length / 2.5))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
