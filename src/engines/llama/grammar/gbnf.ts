/**
 * Prints rules in llama.cpp's GBNF. Rules that no finite text can satisfy are taken out first: a model
 * that entered one could never finish.
 */
import type { CharSet } from './char-set.ts';
import { choiceExpression, emptyText, sequenceExpression, type Expression } from './expression.ts';

/** Which rules some finite text satisfies. */
export function findProductive(rules: readonly Expression[]): readonly boolean[] {
  const isProductive: boolean[] = rules.map(() => false);
  const users: number[][] = rules.map(() => []);
  rules.forEach((rule, number) => {
    for (const used of referencesOf(rule)) users[used]?.push(number);
  });
  const queue = rules.map((_, number) => number);
  for (let number = queue.pop(); number !== undefined; number = queue.pop()) {
    const rule = rules[number];
    if (rule === undefined || isProductive[number] === true || !canFinish(rule, isProductive)) continue;
    isProductive[number] = true;
    queue.push(...(users[number] ?? []));
  }
  return isProductive;
}

export interface PrintOptions {
  readonly rules: readonly Expression[];
  readonly isProductive: readonly boolean[];
  readonly rootRule: number;
  /** The name of the first rule; the others are this name with a number. */
  readonly rootName: string;
}

/** One rule a line, in the order in which they are first mentioned. The root must be productive. */
export function printGrammar({ rules, isProductive, rootRule, rootName }: PrintOptions): string {
  const root = followAliases(rootRule, rules);
  const names = new Map<number, string>([[root, rootName]]);
  const order = [root];
  const nameOf = (mentioned: number): string => {
    const rule = followAliases(mentioned, rules);
    let name = names.get(rule);
    if (name === undefined) {
      name = `${rootName}-${names.size}`;
      names.set(rule, name);
      order.push(rule);
    }
    return name;
  };
  const lines: string[] = [];
  for (let i = 0; i < order.length; i++) {
    const number = order[i] ?? root;
    const rule = prune(rules[number] ?? emptyText, isProductive);
    lines.push(`${nameOf(number)} ::= ${printExpression(rule, nameOf)}\n`);
  }
  return lines.join('');
}

export function printExpression(expression: Expression, nameOf: (rule: number) => string): string {
  switch (expression.kind) {
    case 'text':
      return `"${printText(expression.text)}"`;
    case 'set':
      return printSet(expression.set);
    case 'rule':
      return nameOf(expression.rule);
    case 'sequence':
      return expression.parts
        .map((part) => {
          const text = printExpression(part, nameOf);
          return part.kind === 'choice' ? `(${text})` : text;
        })
        .join(' ');
    case 'choice':
      return expression.options.map((option) => printExpression(option, nameOf)).join(' | ');
    case 'repeat':
      return printExpression(expression.part, nameOf) + printCount(expression.min, expression.max);
  }
}

function printCount(min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? '*' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function printSet(set: CharSet): string {
  const ranges = set.map(([low, high]) => {
    if (low === high) return printSetChar(low);
    return `${printSetChar(low)}${high === low + 1 ? '' : '-'}${printSetChar(high)}`;
  });
  return `[${ranges.join('')}]`;
}

function printSetChar(code: number): string {
  const isPlain =
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isPlain ? String.fromCharCode(code) : printCode(code);
}

function printText(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? text : Array.from(text, printTextChar).join('');
}

function printTextChar(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return /^[ -~]$/.test(character) ? character : printCode(character.codePointAt(0) ?? 0);
}

function printCode(code: number): string {
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function followAliases(number: number, rules: readonly Expression[]): number {
  let target = number;
  for (let rule = rules[target]; rule?.kind === 'rule'; rule = rules[target]) target = rule.rule;
  return target;
}

function referencesOf(expression: Expression): readonly number[] {
  switch (expression.kind) {
    case 'rule':
      return [expression.rule];
    case 'sequence':
      return expression.parts.flatMap(referencesOf);
    case 'choice':
      return expression.options.flatMap(referencesOf);
    case 'repeat':
      return referencesOf(expression.part);
    case 'text':
    case 'set':
      return [];
  }
}

function canFinish(expression: Expression, isProductive: readonly boolean[]): boolean {
  switch (expression.kind) {
    case 'text':
      return true;
    case 'set':
      return expression.set.length > 0;
    case 'rule':
      return isProductive[expression.rule] === true;
    case 'sequence':
      return expression.parts.every((part) => canFinish(part, isProductive));
    case 'choice':
      return expression.options.some((option) => canFinish(option, isProductive));
    case 'repeat':
      return expression.min === 0 || canFinish(expression.part, isProductive);
  }
}

/** The expression, known to be productive, without what cannot be finished. */
function prune(expression: Expression, isProductive: readonly boolean[]): Expression {
  switch (expression.kind) {
    case 'choice':
      return choiceExpression(
        expression.options
          .filter((option) => canFinish(option, isProductive))
          .map((option) => prune(option, isProductive)),
      );
    case 'sequence':
      return sequenceExpression(...expression.parts.map((part) => prune(part, isProductive)));
    case 'repeat':
      return canFinish(expression.part, isProductive) ? expression : emptyText;
    case 'text':
    case 'set':
    case 'rule':
      return expression;
  }
}
