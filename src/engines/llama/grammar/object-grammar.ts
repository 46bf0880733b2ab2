/**
 * Objects as rules: named properties in the order of the schema, each at most once, then the unnamed ones.
 * A grammar cannot compare two names, so an unnamed member may be written twice; all parsers that keep
 * one of them keep a valid one, and counts are held with that in mind.
 */
import {
  choiceExpression,
  never,
  sequenceExpression,
  textExpression,
  type Expression,
} from './expression.ts';
import type { JsonText } from './json-text.ts';

export interface ObjectShape {
  readonly named: readonly NamedMember[];
  /** One member beside the named ones, name and value; `never` for none. */
  readonly extra: Expression;
  readonly min: number;
  readonly max: number | undefined;
  /** Told how many rules the counting of members takes. */
  readonly spendRules: (rules: number) => void;
}

export interface NamedMember {
  readonly name: string;
  readonly value: Expression;
  readonly isRequired: boolean;
}

export function objectRules(shape: ObjectShape, json: JsonText): Expression {
  const { named, min, max } = shape;
  // `count` is how many members stand before, or `levels` for all counts that make no difference any more.
  const levels = Math.min(max ?? Math.max(1, min), named.length);
  shape.spendRules(named.length * levels);
  let next = Array.from({ length: levels + 1 }, (_, count) => endRules(shape, count, json));
  for (const { name, value, isRequired } of [...named].reverse()) {
    const member = json.member(textExpression(JSON.stringify(name)), value);
    next = next.map((without, count) => {
      const isFull = max !== undefined && count >= max;
      const after = isFull ? never : (next[Math.min(count + 1, levels)] ?? never);
      const taken = sequenceExpression(count === 0 ? json.space : json.separator, member, after);
      return json.builder.intern(isRequired ? taken : choiceExpression([taken, without]));
    });
  }
  return sequenceExpression(textExpression('{'), next[0] ?? never);
}

/** After the named members, when `count` of them stand before. */
function endRules({ extra, min, max }: ObjectShape, count: number, json: JsonText): Expression {
  const close = sequenceExpression(json.space, textExpression('}'));
  const missing = min - count;
  const room = max === undefined ? undefined : max - count;
  const options: Expression[] = [];
  // Two unnamed members may have the same name and count as one, so at most one can be relied on.
  if (missing <= 1 && (room === undefined || room > 0)) {
    const more = json.builder.repeat(
      sequenceExpression(json.separator, extra),
      0,
      room === undefined ? undefined : room - 1,
    );
    options.push(sequenceExpression(count === 0 ? json.space : json.separator, extra, more, close));
  }
  if (missing <= 0) options.push(count === 0 ? textExpression('}') : close);
  return json.builder.intern(choiceExpression(options));
}
