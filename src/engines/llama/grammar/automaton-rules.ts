/** Writes an automaton as grammar rules, one rule a state, either as plain text or inside a JSON string. */
import type { Automaton } from './automaton.ts';
import { escapedChars, subtractChars, type CharSet } from './char-set.ts';
import {
  choiceExpression,
  emptyText,
  expressionSize,
  sequenceExpression,
  setExpression,
  textExpression,
  type Expression,
} from './expression.ts';
import type { JsonText } from './json-text.ts';
import { orderStates } from './state-order.ts';

/** The automaton's texts as they are; for numbers. */
export function plainRules(automaton: Automaton, json: JsonText): Expression {
  return stateRules(automaton, json, false);
}

/** The automaton's texts as JSON strings, quotes included. */
export function stringRules(automaton: Automaton, json: JsonText): Expression {
  return sequenceExpression(textExpression('"'), stateRules(automaton, json, true));
}

function stateRules(automaton: Automaton, json: JsonText, isString: boolean): Expression {
  const expressions: (Expression | undefined)[] = automaton.edges.map(() => undefined);
  const bodyOf = (state: number): Expression => {
    const options: Expression[] = [];
    for (const { set, to } of automaton.edges[state] ?? []) {
      const next = expressions[to] ?? emptyText;
      const plain = isString ? subtractChars(set, escapedChars) : set;
      if (plain.length > 0) options.push(sequenceExpression(charsExpression(plain), next));
      const escaped = isString ? json.escapeOf(set) : undefined;
      if (escaped !== undefined) options.push(sequenceExpression(escaped, next));
    }
    if (automaton.accepting[state] === true) options.push(isString ? textExpression('"') : emptyText);
    return choiceExpression(options);
  };
  const { ordered, looping, entries } = orderStates(automaton);
  // States from which no loop can be reached are written from the end, so that equal ones become one rule;
  // one with a single way in and a single way on is written into the rule before it.
  for (const state of ordered) {
    const body = bodyOf(state);
    const isLink = entries[state] === 1 && body.kind !== 'choice' && expressionSize(body) <= longestLink;
    expressions[state] = isLink ? body : json.builder.intern(body);
  }
  const reserved = looping.map((state) => {
    const reference = json.builder.reserve();
    expressions[state] = reference;
    return { state, reference };
  });
  for (const { state, reference } of reserved) json.builder.define(reference, bodyOf(state));
  return expressions[0] ?? emptyText;
}

const longestLink = 200;

function charsExpression(set: CharSet): Expression {
  const [range] = set;
  const isOne = set.length === 1 && range !== undefined && range[0] === range[1];
  return isOne ? textExpression(String.fromCodePoint(range[0])) : setExpression(set);
}
