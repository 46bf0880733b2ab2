/** Arrays as rules: the entries of `prefixItems` in their places, then any number of the others. */
import {
  choiceExpression,
  never,
  sequenceExpression,
  textExpression,
  type Expression,
} from './expression.ts';
import type { JsonText } from './json-text.ts';

export interface ArrayShape {
  readonly prefix: readonly Expression[];
  readonly rest: Expression;
  readonly min: number;
  readonly max: number | undefined;
}

export function arrayRules({ prefix, rest, min, max }: ArrayShape, json: JsonText): Expression {
  const close = (count: number): Expression =>
    count === 0 ? textExpression(']') : sequenceExpression(json.space, textExpression(']'));
  const before = (count: number): Expression => (count === 0 ? json.space : json.separator);
  const room = Math.max(0, (max ?? Number.POSITIVE_INFINITY) - prefix.length);
  const missing = Math.max(0, min - prefix.length);
  const more = (least: number, most: number): Expression =>
    json.builder.repeat(
      sequenceExpression(json.separator, rest),
      least,
      Number.isFinite(most) ? most : undefined,
    );
  let next: Expression;
  if (prefix.length > 0) {
    next = sequenceExpression(more(missing, room), close(prefix.length));
  } else {
    const filled = sequenceExpression(before(0), rest, more(Math.max(0, missing - 1), room - 1), close(1));
    next = choiceExpression([...(room > 0 ? [filled] : []), ...(missing === 0 ? [close(0)] : [])]);
  }
  for (let count = prefix.length - 1; count >= 0; count--) {
    const entry = sequenceExpression(before(count), prefix[count] ?? never, json.builder.intern(next));
    next = choiceExpression([
      ...(count < (max ?? prefix.length) ? [entry] : []),
      ...(count >= min ? [close(count)] : []),
    ]);
  }
  return sequenceExpression(textExpression('['), next);
}
