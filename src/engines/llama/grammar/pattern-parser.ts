/**
 * Reads the regular expressions of the `pattern` keyword (ECMA-262 with the `u` flag, as JSON Schema
 * asks). What no finite automaton can follow, such as a back-reference, is refused by name.
 */
import { anyChar, charsOf, subtractChars, uniteChars, type CharSet } from './char-set.ts';
import { choice, repeat, sequence, setOf, type Pattern } from './pattern.ts';

/** A pattern that must be found (or, negated, must not be found) somewhere in the text. */
export interface TextCondition {
  readonly pattern: Pattern;
  readonly negated: boolean;
}

/** Says why and throws. */
export type Refuse = (reason: string) => never;

/**
 * Reads one regular expression. A text matches when every condition holds: the first is the expression
 * itself, the others are the look-aheads that stand right after its leading `^`.
 */
export function parsePattern(source: string, refuse: Refuse): readonly TextCondition[] {
  if (source.length > 10_000) refuse('the pattern is longer than 10000 characters');
  const cursor: Cursor = { characters: Array.from(source), at: 0, depth: 0, lookAheads: [], refuse };
  const pattern = parseChoice(cursor);
  if (cursor.at < cursor.characters.length) refuse('a ")" has no "(" before it');
  if (cursor.lookAheads.length > 0 && pattern.kind === 'choice') {
    refuse('a look-ahead beside "|" cannot be followed; write the alternatives as anyOf');
  }
  return [{ pattern, negated: false }, ...cursor.lookAheads];
}

interface Cursor {
  readonly characters: readonly string[];
  at: number;
  depth: number;
  readonly lookAheads: TextCondition[];
  readonly refuse: Refuse;
}

const digits: CharSet = [[0x30, 0x39]];
const wordChars = uniteChars([digits, [[0x41, 0x5a]], [[0x5f, 0x5f]], [[0x61, 0x7a]]]);
const spaces = uniteChars([
  charsOf('\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff'),
  [[0x2000, 0x200a]],
]);
const lineEnds = charsOf('\n\r\u2028\u2029');

function peek(cursor: Cursor): string | undefined {
  return cursor.characters[cursor.at];
}

function take(cursor: Cursor, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (cursor.characters[cursor.at + i] !== text[i]) return false;
  }
  cursor.at += text.length;
  return true;
}

function parseChoice(cursor: Cursor): Pattern {
  const options = [parseSequence(cursor)];
  while (take(cursor, '|')) options.push(parseSequence(cursor));
  const [only] = options;
  return options.length === 1 && only !== undefined ? only : choice(options);
}

function parseSequence(cursor: Cursor): Pattern {
  const parts: Pattern[] = [];
  for (;;) {
    const next = peek(cursor);
    if (next === undefined || next === '|' || next === ')') return sequence(...parts);
    if (take(cursor, '^')) parts.push({ kind: 'start' });
    else if (take(cursor, '$')) parts.push({ kind: 'end' });
    else if (take(cursor, '(')) parts.push(...parseGroup(cursor, parts));
    else parts.push(parseQuantifier(cursor, parseAtom(cursor)));
  }
}

/** After `(`. A look-ahead is put aside as a condition of its own and leaves nothing here. */
function parseGroup(cursor: Cursor, before: readonly Pattern[]): readonly Pattern[] {
  const { refuse } = cursor;
  if (cursor.depth >= 100) refuse('its groups are nested more than 100 deep');
  const isAtStart = cursor.depth === 0 && before.length > 0 && before.every((part) => part.kind === 'start');
  let negated: boolean | undefined;
  if (take(cursor, '?')) {
    if (take(cursor, '=')) negated = false;
    else if (take(cursor, '!')) negated = true;
    else if (take(cursor, '<=') || take(cursor, '<!')) refuse('look-behind cannot be followed');
    else if (take(cursor, '<')) skipGroupName(cursor);
    else if (!take(cursor, ':')) refuse(`"(?${peek(cursor) ?? ''}" is not supported`);
  }
  cursor.depth++;
  const inner = parseChoice(cursor);
  cursor.depth--;
  if (!take(cursor, ')')) refuse('a "(" has no ")"');
  if (negated === undefined) return [parseQuantifier(cursor, inner)];
  if (!isAtStart) refuse('a look-ahead is supported only right after a leading "^"');
  cursor.lookAheads.push({ pattern: sequence({ kind: 'start' }, inner), negated });
  return [];
}

function skipGroupName(cursor: Cursor): void {
  while (peek(cursor) !== '>') {
    if (peek(cursor) === undefined) cursor.refuse('a group name has no ">"');
    cursor.at++;
  }
  cursor.at++;
}

function parseQuantifier(cursor: Cursor, part: Pattern): Pattern {
  let min = 0;
  let max: number | undefined;
  if (take(cursor, '*')) min = 0;
  else if (take(cursor, '+')) min = 1;
  else if (take(cursor, '?')) max = 1;
  else {
    const counts = takeCounts(cursor);
    if (counts === undefined) return part;
    [min, max] = counts;
  }
  // A lazy quantifier matches the same texts.
  take(cursor, '?');
  if (['*', '+', '?'].includes(peek(cursor) ?? '')) cursor.refuse('a quantifier follows a quantifier');
  return repeat(part, min, max);
}

/** `{2}`, `{2,}` or `{2,5}`; any other brace stands for itself. */
function takeCounts(cursor: Cursor): [number, number | undefined] | undefined {
  if (peek(cursor) !== '{') return undefined;
  const end = cursor.characters.indexOf('}', cursor.at);
  if (end < 0) return undefined;
  const match = /^(\d*)(,?)(\d*)$/.exec(cursor.characters.slice(cursor.at + 1, end).join(''));
  if (match === null) return undefined;
  const [, low = '', comma = '', high = ''] = match;
  if (low === '' && high === '') return undefined;
  if (low === '')
    cursor.refuse(`"{,${high}}" means different things in different engines; write "{0,${high}}"`);
  cursor.at = end + 1;
  const min = Number(low);
  const max = comma === '' ? min : high === '' ? undefined : Number(high);
  if (max !== undefined && max < min) cursor.refuse(`the quantifier {${min},${max}} is out of order`);
  return [min, max];
}

function parseAtom(cursor: Cursor): Pattern {
  const character = peek(cursor) ?? '';
  if (character === '*' || character === '+' || character === '?') {
    cursor.refuse(`there is nothing to repeat before "${character}"`);
  }
  cursor.at++;
  if (character === '.') return setOf(subtractChars(anyChar, lineEnds));
  if (character === '[') return setOf(parseClass(cursor));
  if (character === '\\') return setOf(parseEscape(cursor, false));
  return setOf(charsOf(character));
}

/** After `[`. */
function parseClass(cursor: Cursor): CharSet {
  const isNegated = take(cursor, '^');
  const sets: CharSet[] = [];
  while (!take(cursor, ']')) {
    const low = parseClassAtom(cursor);
    const isRange = peek(cursor) === '-' && cursor.characters[cursor.at + 1] !== ']';
    const first = singleChar(low);
    if (!isRange || first === undefined) {
      sets.push(low);
      continue;
    }
    cursor.at++;
    const high = parseClassAtom(cursor);
    const last = singleChar(high);
    if (last === undefined) sets.push(low, charsOf('-'), high);
    else if (last < first) cursor.refuse('a range in a class is out of order');
    else sets.push([[first, last]]);
  }
  const listed = uniteChars(sets);
  return subtractChars(anyChar, isNegated ? listed : subtractChars(anyChar, listed));
}

function parseClassAtom(cursor: Cursor): CharSet {
  const character = peek(cursor);
  if (character === undefined) return cursor.refuse('a "[" has no "]"');
  cursor.at++;
  return character === '\\' ? parseEscape(cursor, true) : charsOf(character);
}

function singleChar(set: CharSet): number | undefined {
  const [range] = set;
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined;
}

/** After a backslash. */
function parseEscape(cursor: Cursor, isInClass: boolean): CharSet {
  const letter = peek(cursor) ?? '';
  cursor.at++;
  switch (letter) {
    case 'd':
      return digits;
    case 'D':
      return subtractChars(anyChar, digits);
    case 'w':
      return wordChars;
    case 'W':
      return subtractChars(anyChar, wordChars);
    case 's':
      return spaces;
    case 'S':
      return subtractChars(anyChar, spaces);
    case 'n':
      return charsOf('\n');
    case 'r':
      return charsOf('\r');
    case 't':
      return charsOf('\t');
    case 'f':
      return charsOf('\f');
    case 'v':
      return charsOf('\v');
    case '0':
      return charsOf('\0');
    case 'x':
      return charsOf(String.fromCodePoint(takeHex(cursor, 2)));
    case 'u':
      return charsOf(takeUnicode(cursor));
    case 'b':
      if (isInClass) return charsOf('\b');
      return cursor.refuse('the word boundary \\b is not supported');
    case 'p':
    case 'P':
      return cursor.refuse(
        `the Unicode property \\${letter} is not supported; write the characters as ranges`,
      );
    case '':
      return cursor.refuse('it ends with a backslash');
    default:
      if (/[1-9k]/.test(letter)) cursor.refuse(`the back-reference \\${letter} cannot be followed`);
      if (/[A-Za-z]/.test(letter)) cursor.refuse(`the escape \\${letter} is not supported`);
      return charsOf(letter);
  }
}

function takeHex(cursor: Cursor, length: number): number {
  const text = cursor.characters.slice(cursor.at, cursor.at + length).join('');
  if (!/^[\da-fA-F]+$/.test(text) || text.length !== length) {
    cursor.refuse(`an escape needs ${length} hexadecimal digits`);
  }
  cursor.at += length;
  return Number.parseInt(text, 16);
}

/** `\u{1F600}`, `\u00e9`, or two escapes that make one character beyond the basic plane. */
function takeUnicode(cursor: Cursor): string {
  if (take(cursor, '{')) {
    const end = cursor.characters.indexOf('}', cursor.at);
    const code = end < 0 ? Number.NaN : takeHex(cursor, end - cursor.at);
    cursor.at++;
    return code <= 0x10ffff ? String.fromCodePoint(code) : cursor.refuse('a \\u{} escape is out of range');
  }
  const first = String.fromCharCode(takeHex(cursor, 4));
  if (first < '\ud800' || first > '\udbff' || !take(cursor, '\\u')) return first;
  const pair = first + String.fromCharCode(takeHex(cursor, 4));
  return Array.from(pair).length === 1 ? pair : cursor.refuse('a \\u escape is half of a character');
}
