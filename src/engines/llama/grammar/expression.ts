/** The right-hand sides of grammar rules as data, so that a grammar can be pruned before it is printed. */
import type { CharSet } from './char-set.ts';

export type Expression =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  /** Without options it stands for what no text can satisfy. */
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | {
      readonly kind: 'repeat';
      readonly part: Expression;
      readonly min: number;
      readonly max: number | undefined;
    }
  | RuleReference;

export interface RuleReference {
  readonly kind: 'rule';
  readonly rule: number;
}

export const emptyText: Expression = { kind: 'text', text: '' };
export const never: Expression = { kind: 'choice', options: [] };

export function textExpression(text: string): Expression {
  return { kind: 'text', text };
}

export function setExpression(set: CharSet): Expression {
  return { kind: 'set', set };
}

export function sequenceExpression(...parts: readonly Expression[]): Expression {
  const flat: Expression[] = [];
  for (const part of parts.flatMap((inner) => (inner.kind === 'sequence' ? inner.parts : [inner]))) {
    const last = flat.at(-1);
    if (part.kind !== 'text') flat.push(part);
    else if (last?.kind === 'text') flat.splice(-1, 1, textExpression(last.text + part.text));
    else if (part.text !== '') flat.push(part);
  }
  const [only] = flat;
  if (only === undefined) return emptyText;
  return flat.length === 1 ? only : { kind: 'sequence', parts: flat };
}

export function choiceExpression(options: readonly Expression[]): Expression {
  const flat = options.flatMap((option) => (option.kind === 'choice' ? option.options : [option]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: 'choice', options: flat };
}

export function optionalExpression(part: Expression): Expression {
  return choiceExpression([part, emptyText]);
}

/** About how many characters the expression takes in print. */
export function expressionSize(expression: Expression): number {
  switch (expression.kind) {
    case 'text':
      return expression.text.length;
    case 'set':
      return 12 * expression.set.length;
    case 'rule':
      return 10;
    case 'sequence':
      return expression.parts.reduce((sum, part) => sum + expressionSize(part), 0);
    case 'choice':
      return expression.options.reduce((sum, option) => sum + expressionSize(option), 0);
    case 'repeat':
      return 10;
  }
}
