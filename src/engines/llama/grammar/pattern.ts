/**
 * Regular languages as a tree: what regular expressions, formats and number ranges are turned into
 * before they become an automaton.
 */
import type { CharSet } from './char-set.ts';

export type Pattern =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] }
  | {
      readonly kind: 'repeat';
      readonly part: Pattern;
      readonly min: number;
      readonly max: number | undefined;
    }
  /** Matches nothing, at the start of the text only. */
  | { readonly kind: 'start' }
  /** Matches nothing, at the end of the text only. */
  | { readonly kind: 'end' };

export function setOf(set: CharSet): Pattern {
  return { kind: 'set', set };
}

export function sequence(...parts: readonly Pattern[]): Pattern {
  return { kind: 'sequence', parts };
}

export function choice(options: readonly Pattern[]): Pattern {
  return { kind: 'choice', options };
}

export function repeat(part: Pattern, min: number, max: number | undefined): Pattern {
  return { kind: 'repeat', part, min, max };
}
