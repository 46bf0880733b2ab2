/**
 * Proves that no value which the grammar makes from one alternative is valid under another schema. That is
 * what `oneOf` and `not` need, since a grammar can only add choices, never take texts away. "Not proven"
 * is a correct answer at any time; the caller then refuses.
 */
import type { Acceptance } from './acceptance.ts';
import type { Alternatives } from './alternatives.ts';
import { intersectAutomata, isEmptyAutomaton } from './automaton.ts';
import type { Facts, FactsReader, NumberFacts } from './facts.ts';
import type { SchemaDocument } from './schema-document.ts';
import type { NodeId, ValueType } from './schema-node.ts';
import type { TextLanguages } from './text-languages.ts';
import { makesExtraMembers } from './object-members.ts';

/** No schema at all: every value is valid. */
const anything: readonly NodeId[] = [];

/** How deep a difference between two schemas is looked for. */
const maxDepth = 6;

export class Disjointness {
  readonly #document: SchemaDocument;
  readonly #alternatives: Alternatives;
  readonly #facts: FactsReader;
  readonly #languages: TextLanguages;
  readonly #acceptance: Acceptance;

  constructor(parts: {
    readonly document: SchemaDocument;
    readonly alternatives: Alternatives;
    readonly facts: FactsReader;
    readonly languages: TextLanguages;
    readonly acceptance: Acceptance;
  }) {
    this.#document = parts.document;
    this.#alternatives = parts.alternatives;
    this.#facts = parts.facts;
    this.#languages = parts.languages;
    this.#acceptance = parts.acceptance;
  }

  /** Whether no value of type `type` made from `made` is valid under all of `nodes`. */
  isProven(made: Facts, type: ValueType, nodes: readonly NodeId[]): boolean {
    return this.#isApart(made, type, { nodes, depth: 0 });
  }

  #isApart(made: Facts, type: ValueType, other: { nodes: readonly NodeId[]; depth: number }): boolean {
    return this.#alternatives.of(other.nodes).every(({ nodes }) => {
      const facts = this.#facts.of(nodes);
      if (facts.falseAt !== undefined || isTypeApart(type, facts)) return true;
      if (facts.literals !== undefined) {
        return [...facts.literals.values()].every((literal) => !this.#acceptance.fits(made, literal, false));
      }
      switch (type) {
        case 'null':
        case 'boolean':
          return false;
        case 'integer':
        case 'fraction':
          return areRangesApart(made.number, facts.number);
        case 'string':
          return this.#areTextsApart(made, facts);
        case 'array':
          return this.#areArraysApart(made, facts, other.depth);
        case 'object':
          return this.#areObjectsApart(made, facts, other.depth);
      }
    });
  }

  /** Whether no value made from the schemas `made` is valid under the schemas `other`. */
  #areApart(made: readonly NodeId[], other: readonly NodeId[], depth: number): boolean {
    if (depth >= maxDepth) return false;
    return this.#alternatives.of(made).every(({ nodes }) => {
      const facts = this.#facts.of(nodes);
      if (facts.falseAt !== undefined) return true;
      if (facts.literals !== undefined) {
        return [...facts.literals.values()].every(
          (literal) =>
            !this.#acceptance.fits(facts, literal, false) || !this.#acceptance.accepts(other, literal, false),
        );
      }
      return [...facts.types].every((type) => this.#isApart(facts, type, { nodes: other, depth: depth + 1 }));
    });
  }

  #areTextsApart(made: Facts, other: Facts): boolean {
    if (
      areCountsApart([made.text.minLength, made.text.maxLength], [other.text.minLength, other.text.maxLength])
    ) {
      return true;
    }
    const { path } = other;
    const left = this.#languages.language(made.text, path);
    // The other schema's format may be an annotation, so it proves nothing.
    const right = this.#languages.language({ ...other.text, formats: [] }, path);
    if (left === undefined || right === undefined) return false;
    return isEmptyAutomaton(intersectAutomata(left, right, this.#document.budgetFor(path)));
  }

  #areArraysApart(made: Facts, other: Facts, depth: number): boolean {
    if (areCountsApart([made.minItems, made.maxItems], [other.minItems, other.maxItems])) return true;
    const certain = Math.min(made.minItems, made.prefixLength + 1);
    for (let index = 0; index < certain; index++) {
      if (this.#areApart(this.#facts.itemNodes(made, index), this.#facts.itemNodes(other, index), depth))
        return true;
    }
    return false;
  }

  #areObjectsApart(made: Facts, other: Facts, depth: number): boolean {
    const isClosed = !makesExtraMembers(made, this.#facts);
    const isNeverMade = (name: string): boolean =>
      made.names.includes(name)
        ? this.#areApart(this.#facts.memberNodes(made, name), anything, depth)
        : isClosed;
    if ([...other.required].some(isNeverMade)) return true;
    return [...made.required].some((name) =>
      this.#areApart(this.#facts.memberNodes(made, name), this.#facts.memberNodes(other, name), depth),
    );
  }
}

/** A number without limits is also written without a fraction, so `fraction` overlaps `integer`. */
function isTypeApart(type: ValueType, { types }: Facts): boolean {
  return type === 'fraction' ? !types.has('fraction') && !types.has('integer') : !types.has(type);
}

type Counts = readonly [min: number, max: number | undefined];

function areCountsApart([minA, maxA]: Counts, [minB, maxB]: Counts): boolean {
  return (maxA !== undefined && maxA < minB) || (maxB !== undefined && maxB < minA);
}

function areRangesApart(a: NumberFacts, b: NumberFacts): boolean {
  return isBelow(a, b) || isBelow(b, a);
}

function isBelow(low: NumberFacts, high: NumberFacts): boolean {
  if (low.max === undefined || high.min === undefined) return false;
  if (low.max.value !== high.min.value) return low.max.value < high.min.value;
  return low.max.isExclusive || high.min.isExclusive;
}
