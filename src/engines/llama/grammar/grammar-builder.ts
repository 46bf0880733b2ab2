/**
 * Collects the rules of one grammar. Equal rules become one, so a schema that says the same thing a
 * thousand times stays small, and counts are split so that llama.cpp's limit on repetitions holds.
 */
import {
  sequenceExpression,
  choiceExpression,
  emptyText,
  expressionSize,
  type Expression,
  type RuleReference,
} from './expression.ts';
import { printExpression } from './gbnf.ts';

/** llama.cpp turns `x{0,n}` into n rules and refuses or loosens n above 2000; longer counts become blocks. */
const longestPlainCount = 400;

/** In characters; a longer rule counts as several. */
const usualRuleSize = 40;

export class GrammarBuilder {
  readonly #rules: Expression[] = [];
  readonly #known = new Map<string, RuleReference>();
  readonly #spendRules: (rules: number) => void;

  /** `spendRules` is told how many rules llama.cpp will make, and throws when they are too many. */
  constructor(spendRules: (rules: number) => void) {
    this.#spendRules = spendRules;
  }

  get rules(): readonly Expression[] {
    return this.#rules;
  }

  /** A rule that is defined later, so that it can refer to itself. Until then it matches nothing. */
  reserve(): RuleReference {
    this.#spendRules(1);
    this.#rules.push({ kind: 'choice', options: [] });
    return { kind: 'rule', rule: this.#rules.length - 1 };
  }

  define(reference: RuleReference, expression: Expression): void {
    this.#spendRules(expressionSize(expression) / usualRuleSize);
    this.#rules[reference.rule] = expression;
  }

  /** The rule for `expression`, made when no equal one exists. Short expressions stay as they are. */
  intern(expression: Expression): Expression {
    if (expression.kind === 'rule' || expression.kind === 'set') return expression;
    if (expression.kind === 'text' && expression.text.length <= 8) return expression;
    const key = printExpression(expression, (rule) => `r${rule}`);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const reference = this.reserve();
    this.#known.set(key, reference);
    this.define(reference, expression);
    return reference;
  }

  /** `part` at least `min` and at most `max` times; without ambiguity if `part` has none. */
  repeat(part: Expression, min: number, max: number | undefined): Expression {
    const unit = this.intern(part);
    if (max === undefined)
      return sequenceExpression(this.#exactly(unit, min), this.#plain(unit, 0, undefined));
    if (max <= longestPlainCount) return this.#plain(unit, min, max);
    return sequenceExpression(this.#exactly(unit, min), this.#upTo(unit, max - min));
  }

  #exactly(unit: Expression, count: number): Expression {
    if (count <= longestPlainCount) return this.#plain(unit, count, count);
    const size = Math.ceil(Math.sqrt(count));
    const block = this.intern(this.#exactly(unit, size));
    return sequenceExpression(
      this.#exactly(block, Math.floor(count / size)),
      this.#exactly(unit, count % size),
    );
  }

  /** Either some whole blocks and a part of one, or all whole blocks and what remains: one way per length. */
  #upTo(unit: Expression, count: number): Expression {
    if (count <= longestPlainCount) return this.#plain(unit, 0, count);
    const size = Math.ceil(Math.sqrt(count + 1));
    const blocks = Math.floor(count / size);
    const block = this.intern(this.#exactly(unit, size));
    return this.intern(
      choiceExpression([
        sequenceExpression(this.#upTo(block, blocks - 1), this.#upTo(unit, size - 1)),
        sequenceExpression(this.#exactly(block, blocks), this.#upTo(unit, count % size)),
      ]),
    );
  }

  #plain(unit: Expression, min: number, max: number | undefined): Expression {
    if (max === 0) return emptyText;
    if (min === 1 && max === 1) return unit;
    const before = this.#rules.length;
    const rule = this.intern({ kind: 'repeat', part: unit, min, max });
    if (this.#rules.length > before) this.#spendRules(max ?? min);
    return rule;
  }
}
