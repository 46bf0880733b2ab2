/**
 * From a JSON schema to a grammar in llama.cpp's GBNF: whatever a model writes under the grammar is JSON
 * that is valid against the schema. This is what `response_format` and strict tool arguments stand on.
 */
import type { JsonObject } from '../../../kernel/json.ts';
import { Acceptance } from './acceptance.ts';
import { Alternatives } from './alternatives.ts';
import { Disjointness } from './disjointness.ts';
import type { Expression, RuleReference } from './expression.ts';
import { FactsReader } from './facts.ts';
import { findProductive, printGrammar } from './gbnf.ts';
import { GrammarBuilder } from './grammar-builder.ts';
import { JsonText, type WhitespaceStyle } from './json-text.ts';
import { ObjectMembers } from './object-members.ts';
import { SchemaDocument } from './schema-document.ts';
import { refuseSchema } from './schema-node.ts';
import { TextLanguages } from './text-languages.ts';
import { ValueGrammar, type EmptyCause } from './value-grammar.ts';

export interface JsonGrammarOptions {
  /**
   * Name of the first rule, in letters, digits and dashes; the others are this name with a number, so that
   * grammars with different names can stand in one text. Default `root`.
   */
  readonly rootName?: string;
  /** Default `flexible`. */
  readonly whitespace?: WhitespaceStyle;
  /** Where the schema stands in the request; put before the `#/…` path in an error's `param`. */
  readonly path?: string;
}

/** About a megabyte of grammar; llama.cpp keeps each rule in memory for each sequence. */
const maxRules = 40_000;

/**
 * A grammar whose texts are all valid against `schema`, of draft-07 or 2020-12.
 *
 * Not all that is valid can be written: properties come in the order of the schema; an object whose schema
 * names properties and does not say `additionalProperties` has no others; a text held to a pattern or format
 * uses the shortest escapes and may be kept shorter than a large `maxLength`; a number has at most 15 digits
 * before and after the point (with limits: 15 altogether and no exponent; an integer: 19).
 *
 * Throws `invalid-schema` with the place as `param` when the schema is malformed, when nothing satisfies it,
 * when it is larger than 5000 schemas, 500 levels or 40000 rules, and when a keyword that changes what is
 * valid cannot be followed: `oneOf` whose alternatives may overlap, `not` that takes something away,
 * `uniqueItems`, `contains`, `if`, `dependent…`, `unevaluated…`, fractions in `multipleOf`, patterns with
 * back-references or word boundaries. Annotations and unknown keywords are ignored, as the specification asks.
 */
export function jsonSchemaToGbnf(schema: JsonObject, options: JsonGrammarOptions = {}): string {
  const document = new SchemaDocument(schema, options.path ?? '');
  const spendRules = ruleBudget(document.rootPath);
  const json = new JsonText(new GrammarBuilder(spendRules), options.whitespace ?? 'flexible');
  const alternatives = new Alternatives(document);
  const languages = new TextLanguages(document);
  const facts = new FactsReader(document, languages);
  const acceptance = new Acceptance({ alternatives, facts, languages });
  const disjointness = new Disjointness({ document, alternatives, facts, languages, acceptance });
  const members = new ObjectMembers({ document, reader: facts, languages, alternatives, acceptance });
  const grammar = new ValueGrammar({
    document,
    json,
    alternatives,
    facts,
    languages,
    acceptance,
    disjointness,
    members,
    spendRules,
  });
  const root = grammar.build([document.root]);
  const isProductive = findProductive(json.builder.rules);
  if (isProductive[root.rule] !== true) refuseEmpty(root, isProductive, grammar.causes);
  return printGrammar({ rules: json.builder.rules, isProductive, ...rootOf(root, options) });
}

/** A grammar for any JSON object, as `response_format: json_object` asks. */
export function jsonObjectGbnf(options: Omit<JsonGrammarOptions, 'path'> = {}): string {
  const json = new JsonText(new GrammarBuilder(ruleBudget('#')), options.whitespace ?? 'flexible');
  const root = json.builder.reserve();
  json.builder.define(root, json.anyObject());
  const rules: readonly Expression[] = json.builder.rules;
  return printGrammar({ rules, isProductive: findProductive(rules), ...rootOf(root, options) });
}

function rootOf(root: RuleReference, options: JsonGrammarOptions): { rootRule: number; rootName: string } {
  const rootName = options.rootName ?? 'root';
  if (!/^[\dA-Za-z-]+$/.test(rootName)) throw new Error(`"${rootName}" is not a rule name`);
  return { rootRule: root.rule, rootName };
}

function ruleBudget(path: string): (rules: number) => void {
  let count = 0;
  return (rules) => {
    count += rules;
    if (count > maxRules) {
      refuseSchema(
        path,
        `it needs a grammar of more than ${maxRules} rules; use fewer properties or lower counts`,
      );
    }
  };
}

/** Follows what the empty rule cannot do without to the first place that says why. */
function refuseEmpty(
  root: RuleReference,
  isProductive: readonly boolean[],
  causes: ReadonlyMap<number, EmptyCause>,
): never {
  const seen = new Set<number>();
  const open = [root.rule];
  let last: EmptyCause | undefined;
  for (let rule = open.shift(); rule !== undefined; rule = open.shift()) {
    const cause = causes.get(rule);
    if (cause === undefined || seen.has(rule)) continue;
    seen.add(rule);
    last = cause;
    const [first] = cause.reasons;
    if (first !== undefined) refuseSchema(first.path, `nothing is valid here: ${first.reason}`);
    open.push(...cause.needs.map((need) => need.rule).filter((need) => isProductive[need] !== true));
  }
  return refuseSchema(
    last?.path ?? '#',
    'no finite value satisfies this schema, because every value needs another one inside; make a property optional or give an end with anyOf',
  );
}
