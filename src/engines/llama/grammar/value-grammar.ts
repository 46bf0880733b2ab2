/**
 * Turns the schemas that a value must satisfy into rules: resolves them into alternatives, gives each type
 * its rule, and remembers why a rule is empty, so that an unsatisfiable schema can be refused by its cause.
 */
import type { JsonValue } from '../../../kernel/json.ts';
import type { Acceptance } from './acceptance.ts';
import { alternativeKey, type Alternative, type Alternatives } from './alternatives.ts';
import { arrayRules } from './array-grammar.ts';
import { isEmptyAutomaton, textsAutomaton, type Automaton } from './automaton.ts';
import { plainRules, stringRules } from './automaton-rules.ts';
import type { Disjointness } from './disjointness.ts';
import { choiceExpression, never, type Expression, type RuleReference } from './expression.ts';
import type { Facts, FactsReader } from './facts.ts';
import type { JsonText } from './json-text.ts';
import { numberAutomaton } from './number-automaton.ts';
import { objectRules, type NamedMember } from './object-grammar.ts';
import type { ObjectMembers } from './object-members.ts';
import type { SchemaDocument } from './schema-document.ts';
import { refuseSchema, type NodeId, type ValueType } from './schema-node.ts';
import type { TextLanguages } from './text-languages.ts';

interface Parts {
  readonly document: SchemaDocument;
  readonly json: JsonText;
  readonly alternatives: Alternatives;
  readonly facts: FactsReader;
  readonly languages: TextLanguages;
  readonly acceptance: Acceptance;
  readonly disjointness: Disjointness;
  readonly members: ObjectMembers;
  readonly spendRules: (rules: number) => void;
}

/** Why a rule may be empty: reasons of its own, or the rules of entries that it cannot do without. */
export interface EmptyCause {
  readonly path: string;
  readonly reasons: EmptyReason[];
  readonly needs: RuleReference[];
}

export interface EmptyReason {
  readonly path: string;
  readonly reason: string;
}

interface TypedRule {
  readonly expression: Expression;
  readonly cause: EmptyCause;
}

export class ValueGrammar {
  readonly #parts: Parts;
  readonly #values = new Map<string, RuleReference>();
  readonly #typed = new Map<string, TypedRule>();
  readonly #open: { readonly rule: RuleReference; readonly nodes: readonly NodeId[] }[] = [];
  readonly causes: Map<number, EmptyCause> = new Map();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The rule of a value that satisfies `nodes`, with all rules that it needs. */
  build(nodes: readonly NodeId[]): RuleReference {
    const root = this.#valueOf(nodes);
    for (let entry = this.#open.pop(); entry !== undefined; entry = this.#open.pop()) {
      this.#define(entry.rule, entry.nodes);
    }
    return root;
  }

  /** The rule is defined later, from a list and not by recursion: schemas may refer through thousands. */
  #valueOf(nodes: readonly NodeId[]): RuleReference {
    const sorted = [...new Set(nodes)].sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const rule = this.#parts.json.builder.reserve();
    this.#values.set(key, rule);
    this.#open.push({ rule, nodes: sorted });
    return rule;
  }

  #define(rule: RuleReference, nodes: readonly NodeId[]): void {
    const { document, alternatives, json } = this.#parts;
    const [first] = nodes;
    const path = first === undefined ? document.rootPath : document.node(first).path;
    const cause: EmptyCause = { path, reasons: [], needs: [] };
    this.causes.set(rule.rule, cause);
    const options: Expression[] = [];
    const literals = new Map<string, JsonValue>();
    for (const alternative of alternatives.of(nodes)) {
      const facts = this.#parts.facts.of(alternative.nodes);
      if (facts.falseAt !== undefined) {
        cause.reasons.push({ path: facts.falseAt, reason: 'the schema "false" allows nothing' });
      } else if (facts.literals !== undefined) {
        for (const value of this.#literals(alternative, facts)) {
          literals.set(JSON.stringify(value), value);
        }
        if (literals.size === 0) {
          const reason = 'no value of "enum" or "const" satisfies the other keywords; correct one of them';
          cause.reasons.push({ path: facts.path, reason });
        }
      } else if (alternative.nodes.length === 0 && alternative.excluded.length === 0) {
        options.push(json.anyValue());
      } else {
        options.push(...this.#types(alternative, facts, cause));
      }
    }
    if (literals.size > 0) options.push(this.#literalRules([...literals.values()], path));
    json.builder.define(rule, choiceExpression(options));
  }

  #literals(alternative: Alternative, facts: Facts): readonly JsonValue[] {
    const { acceptance } = this.#parts;
    return [...(facts.literals?.values() ?? [])].filter(
      (value) =>
        acceptance.fits(facts, value, true) &&
        alternative.excluded.every(({ node }) => !acceptance.accepts([node], value, false)),
    );
  }

  #literalRules(values: readonly JsonValue[], path: string): Expression {
    const { json, document } = this.#parts;
    const isScalar = (value: JsonValue): boolean => typeof value !== 'object' || value === null;
    const texts = values.filter(isScalar).map((value) => JSON.stringify(value));
    const others = values.filter((value) => !isScalar(value)).map((value) => json.literal(value));
    const scalars =
      texts.length === 0 ? [] : [plainRules(textsAutomaton(texts, document.budgetFor(path)), json)];
    return choiceExpression([...scalars, ...others]);
  }

  #types(alternative: Alternative, facts: Facts, cause: EmptyCause): readonly Expression[] {
    const { types } = facts;
    if (types.size === 0) {
      cause.reasons.push({ path: facts.path, reason: 'no type satisfies all schemas that apply here' });
    }
    // `number` is one rule; a type that is only `fraction` cannot be written in a schema.
    const found = [...types].filter((type) => type !== 'integer' || !types.has('fraction'));
    return found.map((type) => {
      const key = `${alternativeKey(alternative)}!${type}`;
      let typed = this.#typed.get(key);
      if (typed === undefined) {
        this.#refuseOverlap(alternative, facts, type);
        const own: EmptyCause = { path: facts.path, reasons: [], needs: [] };
        typed = { expression: this.#typeRules(facts, type, own), cause: own };
        this.#typed.set(key, typed);
      }
      cause.reasons.push(...typed.cause.reasons);
      cause.needs.push(...typed.cause.needs);
      return typed.expression;
    });
  }

  #refuseOverlap({ excluded }: Alternative, facts: Facts, type: ValueType): void {
    for (const { node, path } of excluded) {
      if (this.#parts.disjointness.isProven(facts, type, [node])) continue;
      refuseSchema(
        path,
        path.endsWith('/not')
          ? '"not" is supported only where the schema beside it excludes the same values; say what is allowed instead'
          : 'these alternatives may overlap, and "oneOf" forbids a value that satisfies two; use "anyOf", or tell them apart by a required property with different "const" values',
      );
    }
  }

  #typeRules(facts: Facts, type: ValueType, cause: EmptyCause): Expression {
    const { json } = this.#parts;
    switch (type) {
      case 'null':
        return json.literal(null);
      case 'boolean':
        return choiceExpression([json.literal(true), json.literal(false)]);
      case 'integer':
      case 'fraction':
        return this.#numberRules(facts, type, cause);
      case 'string':
        return this.#stringRules(facts, cause);
      case 'array':
        return this.#arrayRules(facts, cause);
      case 'object':
        return this.#objectRules(facts, cause);
    }
  }

  #numberRules(facts: Facts, type: 'integer' | 'fraction', cause: EmptyCause): Expression {
    const { json, document } = this.#parts;
    const { min, max, divisors } = facts.number;
    if (min === undefined && max === undefined && divisors.length === 0) {
      return type === 'integer' ? json.integer() : json.number();
    }
    const budget = document.budgetFor(facts.path);
    const numbers = numberAutomaton(facts.number, { isInteger: type === 'integer', budget });
    return this.#unlessEmpty(numbers, cause, {
      path: facts.path,
      reason: 'no number that can be written with 15 digits (19 for integers) lies within the limits',
    })
      ? plainRules(numbers, json)
      : never;
  }

  #stringRules(facts: Facts, cause: EmptyCause): Expression {
    const { json, languages } = this.#parts;
    const { minLength, maxLength } = facts.text;
    const impossible = { path: facts.path, reason: 'no text satisfies the length, pattern and format' };
    if (maxLength !== undefined && maxLength < minLength) {
      cause.reasons.push(impossible);
      return never;
    }
    const language = languages.language(facts.text, facts.path);
    if (language === undefined) return json.string(minLength, maxLength);
    return this.#unlessEmpty(language, cause, impossible) ? stringRules(language, json) : never;
  }

  #unlessEmpty(automaton: Automaton, cause: EmptyCause, reason: EmptyReason): boolean {
    if (!isEmptyAutomaton(automaton)) return true;
    cause.reasons.push(reason);
    return false;
  }

  #arrayRules(facts: Facts, cause: EmptyCause): Expression {
    const { json } = this.#parts;
    const { minItems, maxItems, prefixLength, uniqueAt } = facts;
    if (uniqueAt !== undefined && (maxItems ?? 2) > 1) {
      refuseSchema(
        uniqueAt,
        'a grammar cannot compare entries, so "uniqueItems" is not supported; leave it out',
      );
    }
    if (maxItems !== undefined && maxItems < minItems) {
      cause.reasons.push({ path: facts.path, reason: 'no array has as many entries as are asked for' });
      return never;
    }
    const shown = Math.min(prefixLength, maxItems ?? prefixLength);
    const entry = (index: number): RuleReference => this.#valueOf(this.#parts.facts.itemNodes(facts, index));
    const prefix = Array.from({ length: shown }, (_, index) => entry(index));
    const rest = entry(prefixLength);
    cause.needs.push(...prefix.slice(0, minItems), ...(minItems > prefixLength ? [rest] : []));
    return json.builder.intern(arrayRules({ prefix, rest, min: minItems, max: maxItems }, json));
  }

  #objectRules(facts: Facts, cause: EmptyCause): Expression {
    const { json, members } = this.#parts;
    const { required, maxProperties } = facts;
    const named: NamedMember[] = [];
    for (const name of facts.names) {
      const isRequired = required.has(name);
      if (!members.isAllowedName(facts, name)) {
        if (!isRequired) continue;
        const reason = `"propertyNames" forbids the required property ${JSON.stringify(name)}`;
        cause.reasons.push({ path: facts.path, reason });
        return never;
      }
      const value = this.#valueOf(this.#parts.facts.memberNodes(facts, name));
      if (isRequired) cause.needs.push(value);
      named.push({ name, value, isRequired });
    }
    const extra = choiceExpression(
      members.extraMembers(facts).map(({ names, nodes }) => {
        const key = names === undefined ? json.string(0, undefined) : stringRules(names, json);
        return json.member(key, this.#valueOf(nodes));
      }),
    );
    const hasExtra = extra.kind !== 'choice' || extra.options.length > 0;
    // Limits that always hold need no counting.
    const isMaxBinding = maxProperties !== undefined && (hasExtra || maxProperties < named.length);
    const most = Math.min(maxProperties ?? Number.POSITIVE_INFINITY, named.length + (hasExtra ? 1 : 0));
    if (most < Math.max(facts.minProperties, required.size)) {
      const reason = 'an object cannot have as many different properties as are asked for';
      cause.reasons.push({ path: facts.path, reason });
    }
    return json.builder.intern(
      objectRules(
        {
          named,
          extra: hasExtra ? json.builder.intern(extra) : never,
          min: facts.minProperties <= required.size ? 0 : facts.minProperties,
          max: isMaxBinding ? maxProperties : undefined,
          spendRules: this.#parts.spendRules,
        },
        json,
      ),
    );
  }
}
