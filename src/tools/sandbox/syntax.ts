/** Questions about a piece of JavaScript that the preparation of a program asks of its syntax tree. */
import type { AnyNode, Expression, Function as FunctionNode, Node, SpreadElement } from 'acorn';

export function requiresArguments(node: FunctionNode): boolean {
  return node.params.some((param) => param.type !== 'AssignmentPattern' && param.type !== 'RestElement');
}

/** Whether one of the names stands anywhere in the node, inner functions included. */
export function mentionsAny(node: Node, names: readonly string[]): boolean {
  return someNode(node, (inner) => inner.type === 'Identifier' && names.includes(inner.name));
}

export function callsName(node: Node, name: string): boolean {
  return someNode(
    node,
    (inner) =>
      inner.type === 'CallExpression' && inner.callee.type === 'Identifier' && inner.callee.name === name,
  );
}

/** Whether the node returns a value itself, not in a function inside it. */
export function returnsValue(node: Node): boolean {
  return someNode(node, (inner) => inner.type === 'ReturnStatement' && Boolean(inner.argument), isFunction);
}

export function hasOwnReturn(node: Node): boolean {
  return someNode(node, (inner) => inner.type === 'ReturnStatement', isFunction);
}

/** Whether there is an `await` outside of all functions. */
export function usesAwait(node: Node): boolean {
  const awaits = (inner: AnyNode): boolean =>
    inner.type === 'AwaitExpression' || (inner.type === 'ForOfStatement' && inner.await);
  return someNode(node, awaits, isFunction);
}

/** The last argument of a `console.log` or its kin. */
export function printedArgument(expression: AnyNode): Expression | undefined {
  if (expression.type !== 'CallExpression' || expression.callee.type !== 'MemberExpression') return undefined;
  const { object } = expression.callee;
  if (object.type !== 'Identifier' || object.name !== 'console') return undefined;
  const last: Expression | SpreadElement | undefined = expression.arguments.at(-1);
  return last?.type === 'SpreadElement' ? undefined : last;
}

function isFunction(node: AnyNode): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression' ||
    node.type === 'ClassBody'
  );
}

/** Visits the node and what is below it, except below nodes for which `isClosed` holds. */
function someNode(
  root: Node,
  test: (node: AnyNode) => boolean,
  isClosed: (node: AnyNode) => boolean = () => false,
): boolean {
  const open: Node[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- acorn's trees hold nothing but its own nodes
    const inner = node as AnyNode;
    if (test(inner)) return true;
    if (!isClosed(inner)) open.push(...childrenOf(inner));
  }
  return false;
}

function childrenOf(node: AnyNode): Node[] {
  return Object.values<unknown>({ ...node })
    .flatMap((value) => [value].flat())
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'start' in value
  );
}
