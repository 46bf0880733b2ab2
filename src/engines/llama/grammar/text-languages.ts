/** Which texts a schema's string keywords allow, as automata; each is built once per schema. */
import {
  intersectAutomata,
  lengthAutomaton,
  matchesAutomaton,
  toAutomaton,
  type Automaton,
  type WorkBudget,
} from './automaton.ts';
import { parsePattern } from './pattern-parser.ts';
import type { SchemaDocument } from './schema-document.ts';
import { refuseSchema, type Located } from './schema-node.ts';
import { formatPattern } from './string-formats.ts';

export interface TextFacts {
  readonly minLength: number;
  readonly maxLength: number | undefined;
  readonly patterns: readonly Located[];
  readonly formats: readonly Located[];
}

export class TextLanguages {
  readonly #document: SchemaDocument;
  readonly #patterns = new Map<string, Automaton>();

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  /** The texts in which the regular expression is found. Throws `invalid-schema` when it cannot be followed. */
  pattern({ text, path }: Located): Automaton {
    const known = this.#patterns.get(text);
    if (known !== undefined) return known;
    const budget = this.#document.budgetFor(path);
    const conditions = parsePattern(text, (reason) =>
      refuseSchema(path, `the pattern ${JSON.stringify(text)} cannot be used: ${reason}`),
    );
    const automaton = conditions
      .map((condition) => toAutomaton(condition, budget))
      .reduce((a, b) => intersectAutomata(a, b, budget));
    this.#patterns.set(text, automaton);
    return automaton;
  }

  /** The texts of a format, or undefined when the format is an annotation only. */
  format({ text, path }: Located): Automaton | undefined {
    const source = formatPattern(text);
    return source === undefined ? undefined : this.pattern({ text: source, path });
  }

  /** All texts that `facts` allow, or undefined when only the length counts. */
  language(facts: TextFacts, path: string): Automaton | undefined {
    const parts = [
      ...facts.patterns.map((pattern) => this.pattern(pattern)),
      ...facts.formats.flatMap((format) => this.format(format) ?? []),
    ];
    const [first, ...others] = parts.sort((a, b) => a.edges.length - b.edges.length);
    if (first === undefined) return undefined;
    const budget = this.#document.budgetFor(path);
    const language = others.reduce((a, b) => intersectAutomata(a, b, budget), first);
    return this.withLength(language, facts, budget);
  }

  accepts(facts: TextFacts, text: string, assertsFormats: boolean): boolean {
    const length = Array.from(text).length;
    if (length < facts.minLength || length > (facts.maxLength ?? length)) return false;
    if (!facts.patterns.every((pattern) => matchesAutomaton(this.pattern(pattern), text))) return false;
    return (
      !assertsFormats ||
      facts.formats.every((format) => {
        const automaton = this.format(format);
        return automaton === undefined || matchesAutomaton(automaton, text);
      })
    );
  }

  withLength(automaton: Automaton, { minLength, maxLength }: TextFacts, budget: WorkBudget): Automaton {
    if (minLength === 0 && maxLength === undefined) return automaton;
    return intersectAutomata(automaton, lengthAutomaton(minLength, maxLength, budget), budget);
  }
}
