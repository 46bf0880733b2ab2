/**
 * The parts of JSON that every schema shares: white space, strings, numbers, literals and "any value".
 * All of them are bounded where a model could otherwise repeat itself forever.
 */
import { isJsonObject, type JsonValue } from '../../../kernel/json.ts';
import { anyChar, charsOf, escapedChars, intersectChars, subtractChars, type CharSet } from './char-set.ts';
import {
  choiceExpression,
  emptyText,
  optionalExpression,
  sequenceExpression,
  setExpression,
  textExpression,
  type Expression,
  type RuleReference,
} from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';

/** `none`: compact. `flexible`: at each place nothing, one space, or one line break with indentation. */
export type WhitespaceStyle = 'none' | 'flexible';

const digit: CharSet = [[0x30, 0x39]];
const nonZeroDigit: CharSet = [[0x31, 0x39]];
const hexDigit: CharSet = [...digit, [0x41, 0x46], [0x61, 0x66]];
const longestIndent = 32;
/** Digits after the point, and digits before it, of a number without limits of its own. */
export const numberDigits = 15;
/** Enough for every 64-bit integer. */
export const integerDigits = 19;

const shortEscapes: readonly (readonly [character: string, letter: string])[] = [
  ['"', '"'],
  ['\\', '\\'],
  ['\b', 'b'],
  ['\f', 'f'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
];

export class JsonText {
  readonly builder: GrammarBuilder;
  /** Between the tokens of a container. */
  readonly space: Expression;
  /** After a colon. */
  readonly gap: Expression;
  #anyValue: RuleReference | undefined;

  constructor(builder: GrammarBuilder, whitespace: WhitespaceStyle) {
    this.builder = builder;
    if (whitespace === 'none') {
      this.space = emptyText;
      this.gap = emptyText;
      return;
    }
    const indent = builder.repeat(textExpression(' '), 0, longestIndent);
    const lineBreak = sequenceExpression(textExpression('\n'), indent);
    this.space = builder.intern(choiceExpression([emptyText, textExpression(' '), lineBreak]));
    this.gap = builder.intern(optionalExpression(textExpression(' ')));
  }

  /** One character of a string, in any way JSON can write it, but never half of a surrogate pair. */
  character(): Expression {
    const hex = setExpression(hexDigit);
    const low = sequenceExpression(
      textExpression('\\u'),
      setExpression(charsOf('Dd')),
      setExpression(charsOf('CDEFcdef')),
      hex,
      hex,
    );
    const unicode = choiceExpression([
      sequenceExpression(setExpression(subtractChars(hexDigit, charsOf('Dd'))), hex, hex, hex),
      sequenceExpression(
        setExpression(charsOf('Dd')),
        choiceExpression([
          sequenceExpression(setExpression([[0x30, 0x37]]), hex, hex),
          sequenceExpression(setExpression(charsOf('89ABab')), hex, hex, low),
        ]),
      ),
    ]);
    const escape = choiceExpression([
      setExpression(charsOf('"\\/bfnrt')),
      sequenceExpression(textExpression('u'), unicode),
    ]);
    return this.builder.intern(
      choiceExpression([
        setExpression(subtractChars(anyChar, escapedChars)),
        sequenceExpression(textExpression('\\'), this.builder.intern(escape)),
      ]),
    );
  }

  /**
   * One character of `set`, in the one way that JSON.stringify writes it. Undefined when `set` has no
   * character that needs an escape; the others stand for themselves.
   */
  escapeOf(set: CharSet): Expression | undefined {
    const special = intersectChars(set, escapedChars);
    if (special.length === 0) return undefined;
    const letters = shortEscapes.filter(
      ([character]) => intersectChars(special, charsOf(character)).length > 0,
    );
    const others = subtractChars(special, charsOf(shortEscapes.map(([character]) => character).join('')));
    const options: Expression[] = [];
    if (letters.length > 0)
      options.push(setExpression(charsOf(letters.map(([, letter]) => letter).join(''))));
    for (const lead of [0, 1]) {
      const codes = intersectChars(others, [[lead * 16, lead * 16 + 15]]).flatMap(([low, high]) =>
        Array.from({ length: high - low + 1 }, (_, i) => low + i - lead * 16),
      );
      const digits = codes.map((code) => code.toString(16)).join('');
      if (digits === '') continue;
      options.push(sequenceExpression(textExpression(`u00${lead}`), setExpression(charsOf(digits))));
    }
    return this.builder.intern(sequenceExpression(textExpression('\\'), choiceExpression(options)));
  }

  /** A string of `min` to `max` characters, with its quotes. */
  string(min: number, max: number | undefined): Expression {
    const quote = textExpression('"');
    return this.builder.intern(
      sequenceExpression(quote, this.builder.repeat(this.character(), min, max), quote),
    );
  }

  integer(): Expression {
    const digits = this.#digits(integerDigits);
    return this.builder.intern(
      choiceExpression([
        textExpression('0'),
        sequenceExpression(optionalExpression(textExpression('-')), digits),
      ]),
    );
  }

  number(): Expression {
    const { builder } = this;
    const whole = choiceExpression([textExpression('0'), this.#digits(numberDigits)]);
    const fraction = sequenceExpression(
      textExpression('.'),
      builder.repeat(setExpression(digit), 1, numberDigits),
    );
    // Two digits keep every value finite: at most 10^15 * 10^99.
    const exponent = sequenceExpression(
      setExpression(charsOf('Ee')),
      optionalExpression(setExpression(charsOf('+-'))),
      builder.repeat(setExpression(digit), 1, 2),
    );
    return builder.intern(
      sequenceExpression(
        optionalExpression(textExpression('-')),
        whole,
        optionalExpression(fraction),
        optionalExpression(exponent),
      ),
    );
  }

  /** Any JSON value. */
  anyValue(): Expression {
    if (this.#anyValue !== undefined) return this.#anyValue;
    const value = this.builder.reserve();
    this.#anyValue = value;
    const pair = this.member(this.string(0, undefined), value);
    this.builder.define(
      value,
      choiceExpression([
        this.builder.intern(this.#container('{', pair, '}')),
        this.builder.intern(this.#container('[', value, ']')),
        this.string(0, undefined),
        this.number(),
        ...['true', 'false', 'null'].map(textExpression),
      ]),
    );
    return value;
  }

  anyObject(): Expression {
    return this.builder.intern(
      this.#container('{', this.member(this.string(0, undefined), this.anyValue()), '}'),
    );
  }

  member(key: Expression, value: Expression): Expression {
    return sequenceExpression(key, textExpression(':'), this.gap, value);
  }

  /** What stands between two entries of a container. */
  get separator(): Expression {
    return sequenceExpression(textExpression(','), this.space);
  }

  /** Exactly this value; members in their given order. */
  literal(value: JsonValue): Expression {
    if (Array.isArray(value)) {
      return this.#entries(
        '[',
        value.map((entry: JsonValue) => this.literal(entry)),
        ']',
      );
    }
    if (!isJsonObject(value)) return textExpression(JSON.stringify(value));
    const members = Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : [this.member(textExpression(JSON.stringify(name)), this.literal(member))],
    );
    return this.#entries('{', members, '}');
  }

  #entries(open: string, entries: readonly Expression[], close: string): Expression {
    if (entries.length === 0) return textExpression(open + close);
    const inner = entries.flatMap((entry, i) => (i === 0 ? [entry] : [this.separator, entry]));
    return sequenceExpression(textExpression(open), this.space, ...inner, this.space, textExpression(close));
  }

  #container(open: string, entry: Expression, close: string): Expression {
    const more = this.builder.repeat(sequenceExpression(this.separator, entry), 0, undefined);
    const filled = sequenceExpression(this.space, entry, more, this.space);
    return sequenceExpression(textExpression(open), optionalExpression(filled), textExpression(close));
  }

  #digits(count: number): Expression {
    return sequenceExpression(
      setExpression(nonZeroDigit),
      this.builder.repeat(setExpression(digit), 0, count - 1),
    );
  }
}
