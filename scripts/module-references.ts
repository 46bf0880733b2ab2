/** Finds every place where one source file names another module, in code or in types. */
import { parseSync, Visitor, type Expression } from 'oxc-parser';

export interface ModuleReference {
  readonly line: number;
  /** `undefined` when it is computed and cannot be read from the text. */
  readonly specifier: string | undefined;
  readonly kind: 'import' | 're-export' | 'dynamic-import' | 'import-type' | 'path-literal';
}

export interface ParsedSource {
  readonly references: readonly ModuleReference[];
  /** What the parser could not read; such a file has not been checked. */
  readonly syntaxErrors: readonly string[];
}

/**
 * Relative paths to TypeScript files in plain strings count too (`path-literal`): they start workers and
 * child processes, as in `new URL('./worker.ts', import.meta.url)`.
 */
export function readModuleReferences(fileName: string, text: string): ParsedSource {
  const parsed = parseSync(fileName, text);
  const found = new Map<number, ModuleReference>();
  const lineOf = createLineFinder(text);
  const add = (kind: ModuleReference['kind'], source: Expression): void => {
    found.set(source.start, { line: lineOf(source.start), kind, specifier: toText(source) });
  };

  new Visitor({
    ImportDeclaration: (node) => add('import', node.source),
    ExportAllDeclaration: (node) => add('re-export', node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add('re-export', node.source);
    },
    ImportExpression: (node) => add('dynamic-import', node.source),
    TSImportType: (node) => add('import-type', node.source),
    TSExternalModuleReference: (node) => add('import', node.expression),
    CallExpression: (node) => {
      const [first] = node.arguments;
      const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require';
      if (isRequire && first !== undefined && first.type !== 'SpreadElement') add('dynamic-import', first);
    },
  }).visit(parsed.program);

  new Visitor({
    Literal: (node) => {
      if (typeof node.value === 'string' && isSourcePath(node.value) && !found.has(node.start)) {
        add('path-literal', node);
      }
    },
  }).visit(parsed.program);

  return {
    references: [...found.values()].sort((a, b) => a.line - b.line),
    syntaxErrors: parsed.errors.map((error) => error.message),
  };
}

function isSourcePath(text: string): boolean {
  return /^\.{1,2}\/[^\s*]*\.tsx?$/.test(text);
}

function toText(node: Expression): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}

function createLineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
