/**
 * Makes a runnable program of what a model wrote when it was asked for one. Small models fence the code or
 * do not, name the function as they like, add examples and prints, and are cut off; most of what they
 * write can be run all the same. What cannot is refused with a reason, and is then a free rejection.
 */
import type { AnyNode, Function as FunctionNode, ModuleDeclaration, Statement } from 'acorn';
import { findCodeRegions } from './code-region.ts';
import {
  callsName,
  mentionsAny,
  returnsValue,
  hasOwnReturn,
  printedArgument,
  requiresArguments,
  usesAwait,
} from './syntax.ts';
import { parseTolerantly, type Parsed, type Repair } from './tolerant-parse.ts';

export interface PreparedProgram {
  readonly kind: 'program';
  readonly source: string;
  /** The function without arguments whose value is the answer; where `how` is `printed`, its last line is. */
  readonly entry: string;
  readonly how: 'named' | 'last-function' | 'last-expression' | 'last-variable' | 'printed';
  readonly repairs: readonly Repair[];
}

export type Preparation =
  | PreparedProgram
  | {
      readonly kind: 'refused';
      readonly reason: 'too-long' | 'no-code' | 'broken-code' | 'needs-arguments';
    };

/** Longer than any program that a token limit of ours lets through. */
const mostChars = 20_000;
const mostProseLines = 40;
const wrapperName = 'gradusAnswer';
/** What a program uses to talk to its surroundings; a sandbox has none of it, and an answer needs none. */
const surroundings = ['require', 'module', 'exports', 'process', 'prompt', 'alert', 'document', 'window'];

/**
 * Prefers the function called `wantedName`, then the last one that can be called without arguments, then
 * the last expression, then the last variable. Never throws for any text.
 */
export function prepareProgram(text: string, wantedName = 'answer'): Preparation {
  if (text.length > mostChars) return { kind: 'refused', reason: 'too-long' };
  const regions = findCodeRegions(text);
  let best: Preparation = {
    kind: 'refused',
    reason: regions.some((region) => region.isFenced) ? 'broken-code' : 'no-code',
  };
  for (const region of regions) {
    const parsed = region.isFenced ? parseTolerantly(region.code) : parseAmongProse(region.code);
    if (parsed === undefined) continue;
    const prepared = choose(parsed, wantedName);
    const isFunction =
      prepared.kind === 'program' && (prepared.how === 'named' || prepared.how === 'last-function');
    if (isFunction) return prepared;
    // Words between fences parse as expressions now and then, so outside them only a whole text counts.
    const isCode = region.isFenced || (regions.length === 1 && isPlainlyCode(parsed, region.code));
    if (isCode && best.kind === 'refused') best = prepared;
  }
  return best;
}

/** Skips leading lines of prose: starts at the first line from which a function can be read, else at the top. */
function parseAmongProse(code: string): Parsed | undefined {
  const lines = code.split('\n');
  for (let start = 0; start < Math.min(lines.length, mostProseLines); start++) {
    const parsed = parseTolerantly(lines.slice(start).join('\n'));
    if (parsed?.program.body.some((statement) => functionOf(statement) !== undefined) === true) return parsed;
  }
  return parseTolerantly(code);
}

function isPlainlyCode(parsed: Parsed, code: string): boolean {
  if (parsed.repairs.length > 0 || parsed.code !== code) return false;
  const [only] = parsed.program.body;
  if (parsed.program.body.length > 1 || only?.type !== 'ExpressionStatement')
    return parsed.program.body.length > 0;
  return only.expression.type !== 'Identifier' && only.expression.type !== 'Literal';
}

type TopLevel = Statement | ModuleDeclaration;

interface NamedFunction {
  readonly name: string;
  readonly node: FunctionNode;
}

/** The function that a top-level statement gives a name to. */
function functionOf(statement: TopLevel): NamedFunction | undefined {
  if (statement.type === 'ExportNamedDeclaration') {
    return statement.declaration ? functionOf(statement.declaration) : undefined;
  }
  if (statement.type === 'ExportDefaultDeclaration') {
    const { declaration } = statement;
    if (declaration.type === 'FunctionDeclaration')
      return { name: declaration.id?.name ?? wrapperName, node: declaration };
    return declaration.type === 'ArrowFunctionExpression'
      ? { name: wrapperName, node: declaration }
      : undefined;
  }
  if (statement.type === 'FunctionDeclaration') return { name: statement.id.name, node: statement };
  if (statement.type === 'VariableDeclaration') {
    const last = statement.declarations.at(-1);
    return last?.id.type === 'Identifier' ? namedFunction(last.id.name, last.init) : undefined;
  }
  if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AssignmentExpression') {
    const { left, right } = statement.expression;
    return left.type === 'Identifier' ? namedFunction(left.name, right) : undefined;
  }
  return undefined;
}

function namedFunction(name: string, node: AnyNode | null | undefined): NamedFunction | undefined {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
    ? { name, node }
    : undefined;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function choose(parsed: Parsed, wantedName: string): Preparation {
  const { body } = parsed.program;
  const functions = body.flatMap((statement) => functionOf(statement) ?? []);
  const callable = functions.filter(({ node }) => !requiresArguments(node));
  const entry = callable.findLast(({ name }) => name === wantedName) ?? callable.at(-1);
  if (entry !== undefined) {
    // A function that lost its end is worth running only if what it lost was its last brace.
    if (parsed.repairs.includes('closed-braces') && !endsWithReturn(entry.node)) {
      return { kind: 'refused', reason: 'broken-code' };
    }
    return buildFromFunction(parsed, entry, entry.name === wantedName ? 'named' : 'last-function');
  }
  if (parsed.repairs.includes('closed-braces')) return { kind: 'refused', reason: 'broken-code' };
  return buildFromStatements(parsed, functions.length > 0);
}

function endsWithReturn(node: FunctionNode): boolean {
  return node.body.type !== 'BlockStatement' || node.body.body.at(-1)?.type === 'ReturnStatement';
}

function buildFromFunction(
  parsed: Parsed,
  entry: NamedFunction,
  how: 'named' | 'last-function',
): Preparation {
  const edits: Edit[] = [];
  const repairs = [...parsed.repairs];
  let isAwaiting = false;
  for (const statement of parsed.program.body) {
    if (isNeedless(statement, entry.name))
      edits.push({ start: statement.start, end: statement.end, text: ';' });
    else {
      edits.push(...withoutExport(statement));
      isAwaiting ||= usesAwait(statement);
    }
  }
  if (edits.some((edit) => edit.text === ';')) repairs.push('dropped-statements');
  const returned = returnInsteadOfPrint(entry.node, parsed.code);
  if (returned !== undefined) {
    edits.push(returned);
    repairs.push('returned-print');
  }
  const source = applyEdits(parsed.code, edits);
  if (!isAwaiting) return { kind: 'program', source, entry: entry.name, how, repairs };
  const wrapped = `async function ${wrapperName}() {\n${source}\nreturn ${entry.name}();\n}`;
  return { kind: 'program', source: wrapped, entry: wrapperName, how, repairs };
}

/** Example calls, prints and ties to the surroundings: they are not part of the function and may fail. */
function isNeedless(statement: TopLevel, entryName: string): boolean {
  if (statement.type === 'ImportDeclaration' || statement.type === 'ExportAllDeclaration') return true;
  if (statement.type === 'ExportNamedDeclaration' && !statement.declaration) return true;
  if (functionOf(statement) !== undefined || statement.type === 'ClassDeclaration') return false;
  if (hasOwnReturn(statement) || mentionsAny(statement, surroundings)) return true;
  if (callsName(statement, entryName)) return true;
  return statement.type === 'ExpressionStatement' && mentionsAny(statement, ['console', entryName]);
}

function withoutExport(statement: TopLevel): Edit[] {
  if (statement.type === 'ExportNamedDeclaration' && statement.declaration) {
    return [{ start: statement.start, end: statement.declaration.start, text: '' }];
  }
  if (statement.type !== 'ExportDefaultDeclaration') return [];
  const { declaration } = statement;
  const isNamed = 'id' in declaration && declaration.id !== null && declaration.id !== undefined;
  return [{ start: statement.start, end: declaration.start, text: isNamed ? '' : `const ${wrapperName} = ` }];
}

/** A function that prints its answer where it should return it. */
function returnInsteadOfPrint(node: FunctionNode, code: string): Edit | undefined {
  const { body } = node;
  if (body.type !== 'BlockStatement') {
    const printed = printedArgument(body);
    return (
      printed && { start: body.start, end: body.end, text: `(${code.slice(printed.start, printed.end)})` }
    );
  }
  const last = body.body.at(-1);
  if (last?.type !== 'ExpressionStatement' || returnsValue(body)) return undefined;
  const printed = printedArgument(last.expression);
  return (
    printed && {
      start: last.start,
      end: last.end,
      text: `return (${code.slice(printed.start, printed.end)});`,
    }
  );
}

function buildFromStatements(parsed: Parsed, hasFunctions: boolean): Preparation {
  const { code, program } = parsed;
  const kept = program.body.filter((statement) => !isTieToSurroundings(statement));
  const dropped = program.body.filter((statement) => isTieToSurroundings(statement));
  const edits: Edit[] = dropped.map(({ start, end }) => ({ start, end, text: ';' }));
  const repairs: Repair[] =
    dropped.length > 0 ? [...parsed.repairs, 'dropped-statements'] : [...parsed.repairs];
  for (const statement of kept) edits.push(...withoutExport(statement));
  const isAwaiting = kept.some((statement) => usesAwait(statement));
  const finish = (how: PreparedProgram['how'], source: string): Preparation => ({
    kind: 'program',
    source: `${isAwaiting ? 'async ' : ''}function ${wrapperName}() {\n${source}\n}`,
    entry: wrapperName,
    how,
    repairs,
  });
  const last = kept.findLast(
    (statement) => statement.type === 'ExpressionStatement' && statement.directive === undefined,
  );
  if (last?.type === 'ExpressionStatement' && isAnswer(last.expression)) {
    const value = printedArgument(last.expression) ?? last.expression;
    const text = `return (${code.slice(value.start, value.end)});`;
    return finish(
      'last-expression',
      applyEdits(code, [...edits, { start: last.start, end: last.end, text }]),
    );
  }
  if (kept.some((statement) => returnsValue(statement)))
    return finish('last-expression', applyEdits(code, edits));
  const variable = kept.flatMap(lastVariable).at(-1);
  if (variable !== undefined)
    return finish('last-variable', `${applyEdits(code, edits)}\nreturn ${variable};`);
  if (hasFunctions) return { kind: 'refused', reason: 'needs-arguments' };
  const prints = kept.some((statement) => mentionsAny(statement, ['console']));
  if (!prints) return { kind: 'refused', reason: 'no-code' };
  return finish('printed', applyEdits(code, edits));
}

function isTieToSurroundings(statement: TopLevel): boolean {
  if (statement.type === 'ImportDeclaration' || statement.type === 'ExportAllDeclaration') return true;
  if (statement.type === 'ExportNamedDeclaration' && !statement.declaration) return true;
  return functionOf(statement) === undefined && mentionsAny(statement, surroundings);
}

/** `count++` and the like change something and answer nothing. */
function isAnswer(expression: AnyNode): boolean {
  return expression.type !== 'UpdateExpression' && !namedFunctionIn(expression);
}

function namedFunctionIn(expression: AnyNode): boolean {
  return expression.type === 'AssignmentExpression' && namedFunction('', expression.right) !== undefined;
}

function lastVariable(statement: TopLevel): string[] {
  if (statement.type === 'ExportNamedDeclaration' && statement.declaration)
    return lastVariable(statement.declaration);
  if (statement.type !== 'VariableDeclaration') return [];
  const last = statement.declarations.at(-1);
  if (last?.id.type !== 'Identifier' || !last.init || namedFunction('', last.init) !== undefined) return [];
  return [last.id.name];
}

function applyEdits(code: string, edits: readonly Edit[]): string {
  let text = code;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
  }
  return text;
}
