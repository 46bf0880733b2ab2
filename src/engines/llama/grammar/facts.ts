/** What several schemas that hold together ask of a value: the intersection of their keywords. */
import { toCanonicalJson, type JsonValue } from '../../../kernel/json.ts';
import { matchesAutomaton } from './automaton.ts';
import type { SchemaDocument } from './schema-document.ts';
import {
  allTypes,
  type Bound,
  type Located,
  type NodeId,
  type SchemaNode,
  type ValueType,
} from './schema-node.ts';
import type { TextFacts, TextLanguages } from './text-languages.ts';

export interface NumberFacts {
  readonly min: Bound | undefined;
  readonly max: Bound | undefined;
  /** All of these divide the value. */
  readonly divisors: readonly number[];
}

export interface Facts {
  readonly nodes: readonly NodeId[];
  /** Where the first of the schemas stands. */
  readonly path: string;
  /** The place of a schema that is `false`. */
  readonly falseAt: string | undefined;
  readonly types: ReadonlySet<ValueType>;
  /** The only values allowed, by their canonical texts. */
  readonly literals: ReadonlyMap<string, JsonValue> | undefined;
  readonly number: NumberFacts;
  readonly text: TextFacts;
  readonly minItems: number;
  readonly maxItems: number | undefined;
  readonly prefixLength: number;
  /** The place of a `uniqueItems: true`. */
  readonly uniqueAt: string | undefined;
  /** Named properties, in the order in which the schemas name them. */
  readonly names: readonly string[];
  readonly required: ReadonlySet<string>;
  readonly minProperties: number;
  readonly maxProperties: number | undefined;
}

export class FactsReader {
  readonly #document: SchemaDocument;
  readonly #languages: TextLanguages;
  readonly #known = new Map<string, Facts>();

  constructor(document: SchemaDocument, languages: TextLanguages) {
    this.#document = document;
    this.#languages = languages;
  }

  of(nodes: readonly NodeId[]): Facts {
    const key = nodes.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const facts = merge(nodes, this.nodes(nodes), this.#document.rootPath);
    this.#known.set(key, facts);
    return facts;
  }

  nodes(ids: readonly NodeId[]): readonly SchemaNode[] {
    return ids.map((id) => this.#document.node(id));
  }

  /** The schemas of an array's entry. */
  itemNodes(facts: Facts, index: number): readonly NodeId[] {
    return this.nodes(facts.nodes).flatMap(({ array }) => array.prefix[index] ?? array.rest ?? []);
  }

  /** The schemas of an object's member. */
  memberNodes(facts: Facts, name: string): readonly NodeId[] {
    return this.nodes(facts.nodes).flatMap(({ object }) => {
      const named = object.properties.get(name);
      const matched = object.patterns
        .filter(({ pattern }) => matchesAutomaton(this.#languages.pattern(pattern), name))
        .map(({ node }) => node);
      const own = named === undefined ? matched : [named, ...matched];
      return own.length > 0 ? own : (object.additional ?? []);
    });
  }

  /** The schemas of an object's member names. */
  nameNodes(facts: Facts): readonly NodeId[] {
    return this.nodes(facts.nodes).flatMap(({ object }) => object.names ?? []);
  }
}

const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

function merge(ids: readonly NodeId[], nodes: readonly SchemaNode[], rootPath: string): Facts {
  const formats = nodes.flatMap(({ string }) => string.format ?? []);
  const isInt32 = formats.some(({ text }) => text === 'int32');
  const divisors = [...new Set(nodes.flatMap(({ number }) => number.multipleOf ?? []))];
  const hasOnlyWhole = isInt32 || divisors.length > 0;
  const types = allTypes.filter(
    (type) => nodes.every((node) => node.types.has(type)) && !(hasOnlyWhole && type === 'fraction'),
  );
  const range = isInt32 ? int32 : undefined;
  const min = nodes.flatMap(({ number }) => number.bounds.min).concat(toBounds(range?.min));
  const max = nodes.flatMap(({ number }) => number.bounds.max).concat(toBounds(range?.max));
  return {
    nodes: ids,
    path: nodes[0]?.path ?? rootPath,
    falseAt: nodes.find(({ isFalse }) => isFalse)?.path,
    types: new Set(types),
    literals: commonLiterals(nodes),
    number: {
      min: min.reduce<Bound | undefined>((a, b) => stricter(a, b, 1), undefined),
      max: max.reduce<Bound | undefined>((a, b) => stricter(a, b, -1), undefined),
      divisors: divisors.filter((divisor) => divisor > 1),
    },
    text: {
      minLength: Math.max(0, ...nodes.map(({ string }) => string.minLength)),
      maxLength: smallest(nodes.map(({ string }) => string.maxLength)),
      patterns: uniqueTexts(nodes.flatMap(({ string }) => string.pattern ?? [])),
      formats: uniqueTexts(formats),
    },
    minItems: Math.max(0, ...nodes.map(({ array }) => array.minItems)),
    maxItems: smallest(nodes.map(({ array }) => array.maxItems)),
    prefixLength: Math.max(0, ...nodes.map(({ array }) => array.prefix.length)),
    uniqueAt: nodes.filter(({ array }) => array.isUnique).map(({ path }) => `${path}/uniqueItems`)[0],
    names: [...new Set(nodes.flatMap(({ object }) => [...object.properties.keys(), ...object.required]))],
    required: new Set(nodes.flatMap(({ object }) => object.required)),
    minProperties: Math.max(0, ...nodes.map(({ object }) => object.minProperties)),
    maxProperties: smallest(nodes.map(({ object }) => object.maxProperties)),
  };
}

function toBounds(value: number | undefined): readonly Bound[] {
  return value === undefined ? [] : [{ value, isExclusive: false }];
}

function stricter(a: Bound | undefined, b: Bound, direction: 1 | -1): Bound {
  if (a === undefined) return b;
  if (a.value === b.value) return a.isExclusive ? a : b;
  return (a.value - b.value) * direction > 0 ? a : b;
}

function smallest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}

function uniqueTexts(texts: readonly Located[]): readonly Located[] {
  return [...new Map(texts.map((located) => [located.text, located])).values()];
}

function commonLiterals(nodes: readonly SchemaNode[]): ReadonlyMap<string, JsonValue> | undefined {
  let common: ReadonlyMap<string, JsonValue> | undefined;
  for (const { literals } of nodes) {
    if (literals === undefined) continue;
    const own = new Map(literals.map((value) => [toCanonicalJson(value), value]));
    const before = common;
    common = before === undefined ? own : new Map([...own].filter(([text]) => before.has(text)));
  }
  return common;
}
