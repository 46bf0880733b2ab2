/**
 * A reader of llama.cpp's GBNF for tests: parses a grammar as llama.cpp does, with the same rewriting of
 * repetitions and the same limits, then says whether a text belongs to it, or writes random texts of it.
 */
import { randomInteger, type RandomSource } from '../kernel/random.ts';

type Symbol =
  | { readonly kind: 'chars'; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: 'rule'; readonly rule: number };

type Option = readonly Symbol[];

/** llama.cpp refuses to repeat more often than this. */
const maxRepetitions = 2000;

export class Gbnf {
  readonly #rules: readonly (readonly Option[])[];
  readonly #root: number;
  readonly #shortest: readonly number[];

  /** Throws where llama.cpp would refuse the grammar. */
  constructor(text: string, rootName = 'root') {
    const parser = new GbnfParser(text);
    this.#rules = parser.parse();
    this.#root = parser.numberOf(rootName);
    refuseLeftRecursion(this.#rules);
    this.#shortest = shortestTexts(this.#rules);
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  accepts(text: string): boolean {
    let states = new StackSet(this.#rules);
    states.addRule(this.#root, undefined);
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      const next = new StackSet(this.#rules);
      for (const { symbol, rest } of states.open) {
        if (symbol.ranges.some(([low, high]) => low <= code && code <= high)) next.add(rest);
      }
      states = next;
    }
    return states.canEnd;
  }

  /** A random text; about `length` characters in it are free choices, then it ends as soon as it can. */
  write(random: RandomSource, length: number): string {
    let text = '';
    let left = length;
    const open: Symbol[] = [{ kind: 'rule', rule: this.#root }];
    for (let symbol = open.pop(); symbol !== undefined; symbol = open.pop()) {
      if (symbol.kind === 'chars') {
        text += randomChar(symbol.ranges, random);
        left--;
        continue;
      }
      const options = this.#rules[symbol.rule] ?? [];
      const costs = options.map((option) => costOf(option, this.#shortest));
      const least = Math.min(...costs);
      const allowed = options.filter((_, i) => (costs[i] ?? 0) <= Math.max(left, least));
      const chosen = allowed[randomInteger(random, allowed.length)];
      if (chosen === undefined) throw new Error('the grammar has a rule that never ends');
      open.push(...[...chosen].reverse());
    }
    return text;
  }
}

function randomChar(ranges: readonly (readonly [number, number])[], random: RandomSource): string {
  const [low, high] = ranges[randomInteger(random, ranges.length)] ?? [0, 0];
  const edge = random.next01();
  const code =
    edge < 0.2 ? low : edge < 0.4 ? high : low + randomInteger(random, Math.min(high - low, 500) + 1);
  return String.fromCodePoint(code);
}

function costOf(option: Option, shortest: readonly number[]): number {
  return option.reduce(
    (sum, symbol) =>
      sum + (symbol.kind === 'chars' ? 1 : (shortest[symbol.rule] ?? Number.POSITIVE_INFINITY)),
    0,
  );
}

/** The length of the shortest text of each rule. */
function shortestTexts(rules: readonly (readonly Option[])[]): readonly number[] {
  const shortest: number[] = rules.map(() => Number.POSITIVE_INFINITY);
  const users: Set<number>[] = rules.map(() => new Set());
  rules.forEach((options, rule) => {
    for (const symbol of options.flat()) if (symbol.kind === 'rule') users[symbol.rule]?.add(rule);
  });
  const open = new Set(rules.keys());
  for (const rule of open) {
    open.delete(rule);
    const cost = Math.min(...(rules[rule] ?? []).map((option) => costOf(option, shortest)));
    if (cost >= (shortest[rule] ?? 0)) continue;
    shortest[rule] = cost;
    for (const user of users[rule] ?? []) open.add(user);
  }
  return shortest;
}

function refuseLeftRecursion(rules: readonly (readonly Option[])[]): void {
  const state = new Map<number, 'open' | 'done'>();
  const isEmptyable = (rule: number): boolean => (rules[rule] ?? []).some((option) => option.length === 0);
  const visit = (rule: number): void => {
    if (state.get(rule) === 'done') return;
    if (state.get(rule) === 'open') throw new Error('left recursion');
    state.set(rule, 'open');
    for (const option of rules[rule] ?? []) {
      for (const symbol of option) {
        if (symbol.kind === 'chars') break;
        visit(symbol.rule);
        if (!isEmptyable(symbol.rule)) break;
      }
    }
    state.set(rule, 'done');
  };
  for (const rule of rules.keys()) visit(rule);
}

/** What is still to come: an option from a position on, then what comes after its rule. */
interface Rest {
  readonly option: Option;
  readonly at: number;
  readonly after: Rest | undefined;
}

class StackSet {
  readonly open: { readonly symbol: Extract<Symbol, { kind: 'chars' }>; readonly rest: Rest | undefined }[] =
    [];
  canEnd = false;
  readonly #rules: readonly (readonly Option[])[];
  readonly #seen = new Map<Option, Map<Rest | undefined, Set<number>>>();

  constructor(rules: readonly (readonly Option[])[]) {
    this.#rules = rules;
  }

  addRule(rule: number, after: Rest | undefined): void {
    for (const option of this.#rules[rule] ?? []) this.add({ option, at: 0, after });
  }

  add(start: Rest | undefined): void {
    let rest = start;
    while (rest !== undefined && rest.at === rest.option.length) rest = rest.after;
    if (rest === undefined) {
      this.canEnd = true;
      return;
    }
    const { option, at, after } = rest;
    const symbol = option[at];
    if (symbol === undefined || this.#wasSeen(rest)) return;
    let next: Rest | undefined = { option, at: at + 1, after };
    // A call at the end of a rule leaves nothing to come back to.
    if (next.at === option.length) next = after;
    if (symbol.kind === 'rule') this.addRule(symbol.rule, next);
    else this.open.push({ symbol, rest: next });
  }

  #wasSeen({ option, at, after }: Rest): boolean {
    const byAfter = this.#seen.get(option) ?? new Map<Rest | undefined, Set<number>>();
    const places = byAfter.get(after) ?? new Set<number>();
    if (places.has(at)) return true;
    this.#seen.set(option, byAfter.set(after, places.add(at)));
    return false;
  }
}

class GbnfParser {
  readonly #text: string;
  readonly #numbers = new Map<string, number>();
  readonly #rules: (readonly Option[] | undefined)[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): readonly (readonly Option[])[] {
    this.#skipSpace(true);
    while (this.#at < this.#text.length) {
      const name = this.#name();
      this.#skipSpace(false);
      this.#expect('::=');
      this.#skipSpace(true);
      const options = this.#options(false);
      this.#rules[this.numberOf(name)] = options;
      if (this.#at < this.#text.length) this.#expect('\n');
      this.#skipSpace(true);
    }
    for (const [name, number] of this.#numbers) {
      if (this.#rules[number] === undefined) throw new Error(`the rule ${name} is not defined`);
    }
    return this.#rules.map((options) => options ?? []);
  }

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #addRule(options: readonly Option[]): number {
    const number = this.numberOf(`_${this.#numbers.size}`);
    this.#rules[number] = options;
    return number;
  }

  #options(isNested: boolean): readonly Option[] {
    const options = [this.#sequence(isNested)];
    while (this.#take('|')) {
      this.#skipSpace(true);
      options.push(this.#sequence(isNested));
    }
    return options;
  }

  #sequence(isNested: boolean): Option {
    const symbols: Symbol[] = [];
    let last: Symbol[] | undefined;
    let repeated = 1;
    for (;;) {
      const rulesBefore = this.#numbers.size;
      const next = this.#text[this.#at] ?? '';
      if (this.#take('"')) {
        last = this.#literal();
        repeated = 1;
      } else if (this.#take('[')) {
        last = [this.#charClass()];
        repeated = 1;
      } else if (this.#take('(')) {
        this.#skipSpace(true);
        const options = this.#options(true);
        last = [{ kind: 'rule', rule: this.#addRule(options) }];
        repeated = Math.max(1, this.#numbers.size - rulesBefore);
        this.#expect(')');
      } else if (/[\dA-Za-z-]/.test(next)) {
        last = [{ kind: 'rule', rule: this.numberOf(this.#name()) }];
        repeated = 1;
      } else if ('*+?{'.includes(next) && next !== '') {
        const [min, max] = this.#counts();
        if (last === undefined || last.length === 0) throw new Error('nothing to repeat');
        const total = max !== undefined && max > 0 ? max : Math.max(1, min);
        if (min > maxRepetitions || (max ?? 0) > maxRepetitions || repeated * total > maxRepetitions) {
          throw new Error('more repetitions than llama.cpp allows');
        }
        symbols.splice(symbols.length - last.length, last.length, ...this.#repeat(last, min, max));
        repeated *= total;
        this.#skipSpace(isNested);
        continue;
      } else {
        return symbols;
      }
      symbols.push(...last);
      this.#skipSpace(isNested);
    }
  }

  /** `S{m,n}` is S m times, then a rule `S' ::= S S'' |` for each of the rest. */
  #repeat(unit: readonly Symbol[], min: number, max: number | undefined): Symbol[] {
    const needed = Array.from({ length: min }, () => unit).flat();
    if (max === undefined) {
      const loop = this.numberOf(`_${this.#numbers.size}`);
      this.#rules[loop] = [[...unit, { kind: 'rule', rule: loop }], []];
      return [...needed, { kind: 'rule', rule: loop }];
    }
    let tail: Symbol[] = [];
    for (let i = min; i < max; i++) tail = [{ kind: 'rule', rule: this.#addRule([[...unit, ...tail], []]) }];
    return [...needed, ...tail];
  }

  #counts(): [number, number | undefined] {
    if (this.#take('*')) return [0, undefined];
    if (this.#take('+')) return [1, undefined];
    if (this.#take('?')) return [0, 1];
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (match === null) throw new Error('a repetition is malformed');
    this.#at += match[0].length;
    const min = Number(match[1]);
    if (match[2] === '') return [min, min];
    return [min, match[3] === '' ? undefined : Number(match[3])];
  }

  #literal(): Symbol[] {
    const symbols: Symbol[] = [];
    while (!this.#take('"')) {
      const code = this.#char();
      symbols.push({ kind: 'chars', ranges: [[code, code]] });
    }
    return symbols;
  }

  #charClass(): Symbol {
    if (this.#take('^')) throw new Error('negated classes are not used: they let broken UTF-8 through');
    const ranges: [number, number][] = [];
    while (!this.#take(']')) {
      const low = this.#char();
      const high =
        this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']' ? this.#charAfterDash() : low;
      if (high < low) throw new Error('a range is out of order');
      ranges.push([low, high]);
    }
    if (ranges.length === 0) throw new Error('a class is empty');
    return { kind: 'chars', ranges };
  }

  #charAfterDash(): number {
    this.#at++;
    return this.#char();
  }

  #char(): number {
    if (this.#take('\\')) {
      const letter = this.#text[this.#at++] ?? '';
      const length = { x: 2, u: 4, U: 8 }[letter];
      if (length === undefined) {
        if ('\\"[]-'.includes(letter)) return letter.charCodeAt(0);
        const plain = { n: 10, r: 13, t: 9 }[letter];
        if (plain === undefined) throw new Error(`llama.cpp has no escape \\${letter}`);
        return plain;
      }
      const hex = this.#text.slice(this.#at, this.#at + length);
      if (!/^[\dA-Fa-f]+$/.test(hex) || hex.length !== length) throw new Error('an escape is malformed');
      this.#at += length;
      return Number.parseInt(hex, 16);
    }
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new Error('the grammar ends too early');
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #name(): string {
    const match = /^[\dA-Za-z-]+/.exec(this.#text.slice(this.#at, this.#at + 100));
    if (match === null) throw new Error('a rule name is missing');
    this.#at += match[0].length;
    return match[0];
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new Error(`expected ${JSON.stringify(text)} at ${this.#at}`);
  }

  #skipSpace(isNewlineAllowed: boolean): void {
    const space = isNewlineAllowed ? ' \t\n' : ' \t';
    while (this.#at < this.#text.length && space.includes(this.#text[this.#at] ?? '')) this.#at++;
  }
}
