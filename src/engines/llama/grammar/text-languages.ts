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
import { countStatesAfterLoops, orderStates } from './state-order.ts';
import { toSmallerAutomaton } from './smaller-automaton.ts';
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
  readonly #languages = new Map<string, Automaton>();

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
    const smaller = toSmallerAutomaton(automaton, budget);
    this.#patterns.set(text, smaller);
    return smaller;
  }

  /** All texts that `facts` allow, as far as they can be written, or undefined when only the length counts. */
  language(facts: TextFacts, path: string): Automaton | undefined {
    const key = JSON.stringify(facts);
    const known = this.#languages.get(key);
    if (known !== undefined) return known;
    const parts = [
      ...facts.patterns.map((pattern) => this.pattern(pattern)),
      ...facts.formats.flatMap((format) => this.#format(format, facts.maxLength) ?? []),
    ];
    const [first, ...others] = parts.sort((a, b) => a.edges.length - b.edges.length);
    if (first === undefined) return undefined;
    const budget = this.#document.budgetFor(path);
    const texts = others.reduce((a, b) => intersectAutomata(a, b, budget), first);
    const language = this.withLength(texts, facts, budget);
    this.#languages.set(key, language);
    return language;
  }

  accepts(facts: TextFacts, text: string, assertsFormats: boolean): boolean {
    const length = Array.from(text).length;
    if (length < facts.minLength || length > (facts.maxLength ?? length)) return false;
    if (!facts.patterns.every((pattern) => matchesAutomaton(this.pattern(pattern), text))) return false;
    return (
      !assertsFormats ||
      facts.formats.every((format) => {
        const automaton = this.#format(format, undefined);
        return automaton === undefined || matchesAutomaton(automaton, text);
      })
    );
  }

  /**
   * The texts of `automaton` with an allowed length. A grammar counts by states, so a large `maxLength` of
   * a large language is kept to what some thousand states can count; what is shorter is valid as well.
   */
  withLength(automaton: Automaton, { minLength, maxLength }: TextFacts, budget: WorkBudget): Automaton {
    const { shortest, longest, loopingCount } = textLengths(automaton);
    const min = minLength <= shortest ? 0 : minLength;
    if (min === 0 && (maxLength === undefined || (longest ?? Number.POSITIVE_INFINITY) <= maxLength)) {
      return automaton;
    }
    const countable = longest ?? Math.floor(maxCountingStates / loopingCount);
    const max =
      maxLength === undefined
        ? undefined
        : Math.min(maxLength, Math.max(countable, 2 * shortest, minLength, 64));
    return intersectAutomata(automaton, lengthAutomaton(min, max, budget), budget);
  }

  /** The texts of a format, or undefined when the format is an annotation only. */
  #format({ text, path }: Located, maxLength: number | undefined): Automaton | undefined {
    const source = formatPattern(text, maxLength);
    return source === undefined ? undefined : this.pattern({ text: `^(${source})$`, path });
  }
}

const maxCountingStates = 4000;

interface TextLengths {
  readonly shortest: number;
  /** Absent when there are infinitely many texts. */
  readonly longest: number | undefined;
  /** How many states the texts of every length can be in. */
  readonly loopingCount: number;
}

function textLengths(automaton: Automaton): TextLengths {
  const { edges, accepting } = automaton;
  const { ordered, looping } = orderStates(automaton);
  const longest: number[] = edges.map(() => 0);
  for (const state of ordered) {
    longest[state] = Math.max(0, ...(edges[state] ?? []).map(({ to }) => 1 + (longest[to] ?? 0)));
  }
  const distance = new Map([[0, 0]]);
  for (const [state, steps] of distance) {
    if (accepting[state] === true) {
      const isFinite = looping.length === 0;
      return {
        shortest: steps,
        longest: isFinite ? (longest[0] ?? 0) : undefined,
        loopingCount: countStatesAfterLoops(automaton),
      };
    }
    for (const { to } of edges[state] ?? []) if (!distance.has(to)) distance.set(to, steps + 1);
  }
  return { shortest: 0, longest: 0, loopingCount: 0 };
}
