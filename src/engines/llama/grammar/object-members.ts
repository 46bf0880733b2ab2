/**
 * Which members an object may have beside its named properties. Where a schema says nothing about them,
 * an object with named properties gets none (as in OpenAI's strict mode): what is made is then a part of
 * what is valid, which keeps every output valid and models from inventing members. Only an object schema
 * without `properties` and `required` is free to hold everything.
 */
import type { Alternatives } from './alternatives.ts';
import type { Acceptance } from './acceptance.ts';
import {
  anyText,
  intersectAutomata,
  subtractAutomaton,
  textsAutomaton,
  type Automaton,
} from './automaton.ts';
import type { Facts, FactsReader } from './facts.ts';
import type { SchemaDocument } from './schema-document.ts';
import { refuseSchema, type NodeId, type SchemaNode } from './schema-node.ts';
import type { TextLanguages } from './text-languages.ts';

/** Members whose names are in `names` (undefined: any) and whose values satisfy `nodes`. */
export interface ExtraMembers {
  readonly names: Automaton | undefined;
  readonly nodes: readonly NodeId[];
}

/** Whether an object may have unnamed members. May say yes when in fact none can exist. */
export function makesExtraMembers(facts: Facts, reader: FactsReader): boolean {
  const objects = reader.nodes(facts.nodes).map(({ object }) => object);
  if (objects.some(({ patterns }) => patterns.length > 0)) return true;
  const additional = reader.nodes(objects.flatMap((object) => object.additional ?? []));
  if (additional.length === 0) return !objects.some(({ listsNames }) => listsNames);
  return !additional.some(({ isFalse }) => isFalse);
}

interface Parts {
  readonly document: SchemaDocument;
  readonly reader: FactsReader;
  readonly languages: TextLanguages;
  readonly alternatives: Alternatives;
  readonly acceptance: Acceptance;
}

const maxGroups = 32;

export class ObjectMembers {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether `propertyNames` allows a property of this name. */
  isAllowedName(facts: Facts, name: string): boolean {
    const nodes = this.#parts.reader.nameNodes(facts);
    return nodes.length === 0 || this.#parts.acceptance.accepts(nodes, name, true);
  }

  /** The unnamed members, in groups whose names do not overlap unless their schemas are the same. */
  extraMembers(facts: Facts): readonly ExtraMembers[] {
    const { document, reader } = this.#parts;
    if (!makesExtraMembers(facts, reader)) return [];
    const groups = this.#groupByPattern(facts);
    const nameNodes = reader.nameNodes(facts);
    if (nameNodes.length === 0) return groups;
    const budget = document.budgetFor(`${facts.path}/propertyNames`);
    return groups.flatMap(({ names, nodes }) =>
      this.#nameLanguages(nameNodes).map((language) => ({
        names:
          names === undefined || language === undefined
            ? (names ?? language)
            : intersectAutomata(names, language, budget),
        nodes,
      })),
    );
  }

  #groupByPattern(facts: Facts): readonly ExtraMembers[] {
    const { document, reader, languages } = this.#parts;
    const budget = document.budgetFor(`${facts.path}/properties`);
    const schemas = reader.nodes(facts.nodes);
    const unnamed =
      facts.names.length === 0
        ? undefined
        : subtractAutomaton(anyText, textsAutomaton(facts.names, budget), budget);
    const patterns = schemas.flatMap((schema) => schema.object.patterns);
    let groups: { names: Automaton | undefined; matched: ReadonlySet<NodeId> }[] = [
      { names: unnamed, matched: new Set() },
    ];
    for (const { pattern, node } of patterns) {
      const language = languages.pattern(pattern);
      groups = groups.flatMap(({ names, matched }) => [
        {
          names: intersectAutomata(names ?? anyText, language, budget),
          matched: new Set([...matched, node]),
        },
        { names: subtractAutomaton(names ?? anyText, language, budget), matched },
      ]);
      if (groups.length > maxGroups) {
        refuseSchema(pattern.path, 'too many patterns for property names; use fewer');
      }
    }
    return groups.flatMap(({ names, matched }) => {
      const found = schemas.flatMap((schema) => extraNodes(schema, matched));
      const isFree = patterns.length === 0 && !schemas.some(({ object }) => object.listsNames);
      return found.length > 0 || isFree ? [{ names, nodes: found }] : [];
    });
  }

  /** One language for each way in which `propertyNames` allows a name. */
  #nameLanguages(nodes: readonly NodeId[]): readonly (Automaton | undefined)[] {
    const { document, reader, languages, alternatives, acceptance } = this.#parts;
    return alternatives.of(nodes).flatMap((alternative) => {
      const facts = reader.of(alternative.nodes);
      const [excluded] = alternative.excluded;
      if (excluded !== undefined) {
        refuseSchema(excluded.path, 'this is not supported for property names; use "pattern" or "enum"');
      }
      const budget = document.budgetFor(facts.path);
      if (facts.literals !== undefined) {
        const texts = [...facts.literals.values()].flatMap((value) =>
          typeof value === 'string' && acceptance.fits(facts, value, true) ? [value] : [],
        );
        return [textsAutomaton(texts, budget)];
      }
      if (facts.falseAt !== undefined || !facts.types.has('string')) return [];
      const { minLength, maxLength } = facts.text;
      const language = languages.language(facts.text, facts.path);
      if (language !== undefined || (minLength === 0 && maxLength === undefined)) return [language];
      return [languages.withLength(anyText, facts.text, budget)];
    });
  }
}

function extraNodes({ object }: SchemaNode, matched: ReadonlySet<NodeId>): readonly NodeId[] {
  const own = object.patterns.flatMap(({ node }) => (matched.has(node) ? [node] : []));
  return own.length > 0 ? own : object.additional === undefined ? [] : [object.additional];
}
