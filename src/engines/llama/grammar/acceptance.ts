/**
 * Whether one given value is valid, by the same reading of the schema that the grammar is made from. It
 * sorts out values of `enum` and `const` that other keywords forbid, and property names.
 */
import { isJsonObject, toCanonicalJson, type JsonValue } from '../../../kernel/json.ts';
import type { Alternatives } from './alternatives.ts';
import type { Facts, FactsReader, NumberFacts } from './facts.ts';
import type { NodeId, ValueType } from './schema-node.ts';
import type { TextLanguages } from './text-languages.ts';

export class Acceptance {
  readonly #alternatives: Alternatives;
  readonly #facts: FactsReader;
  readonly #languages: TextLanguages;

  constructor(parts: {
    readonly alternatives: Alternatives;
    readonly facts: FactsReader;
    readonly languages: TextLanguages;
  }) {
    this.#alternatives = parts.alternatives;
    this.#facts = parts.facts;
    this.#languages = parts.languages;
  }

  /** With `assertsFormats` false, `format` is an annotation: more is valid. */
  accepts(nodes: readonly NodeId[], value: JsonValue, assertsFormats: boolean): boolean {
    return this.#alternatives.of(nodes).some(
      (alternative) =>
        this.fits(this.#facts.of(alternative.nodes), value, assertsFormats) &&
        // A narrow reading of the whole takes a wide one of what is excluded, and the reverse.
        alternative.excluded.every(({ node }) => !this.accepts([node], value, !assertsFormats)),
    );
  }

  fits(facts: Facts, value: JsonValue, assertsFormats: boolean): boolean {
    if (facts.falseAt !== undefined || !facts.types.has(typeOf(value))) return false;
    if (facts.literals !== undefined && !facts.literals.has(toCanonicalJson(value))) return false;
    if (typeof value === 'number') return fitsNumber(facts.number, value);
    if (typeof value === 'string') return this.#languages.accepts(facts.text, value, assertsFormats);
    if (Array.isArray(value)) return this.#fitsArray(facts, value, assertsFormats);
    return !isJsonObject(value) || this.#fitsObject(facts, value, assertsFormats);
  }

  #fitsArray(facts: Facts, value: readonly JsonValue[], assertsFormats: boolean): boolean {
    if (value.length < facts.minItems || value.length > (facts.maxItems ?? value.length)) return false;
    if (facts.uniqueAt !== undefined && hasRepetition(value)) return false;
    return value.every((entry, index) =>
      this.accepts(this.#facts.itemNodes(facts, index), entry, assertsFormats),
    );
  }

  #fitsObject(
    facts: Facts,
    value: Readonly<Record<string, JsonValue | undefined>>,
    assertsFormats: boolean,
  ): boolean {
    const members = Object.entries(value);
    if (members.length < facts.minProperties || members.length > (facts.maxProperties ?? members.length)) {
      return false;
    }
    if ([...facts.required].some((name) => !Object.hasOwn(value, name))) return false;
    const nameNodes = this.#facts.nameNodes(facts);
    return members.every(
      ([name, member]) =>
        member === undefined ||
        (this.accepts(nameNodes, name, assertsFormats) &&
          this.accepts(this.#facts.memberNodes(facts, name), member, assertsFormats)),
    );
  }
}

function typeOf(value: JsonValue): ValueType {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return Array.isArray(value) ? 'array' : 'object';
}

function fitsNumber({ min, max, divisors }: NumberFacts, value: number): boolean {
  if (min !== undefined && (min.isExclusive ? value <= min.value : value < min.value)) return false;
  if (max !== undefined && (max.isExclusive ? value >= max.value : value > max.value)) return false;
  return divisors.every((divisor) => value % divisor === 0);
}

function hasRepetition(values: readonly JsonValue[]): boolean {
  return new Set(values.map((value) => toCanonicalJson(value))).size < values.length;
}
