/**
 * Parses as much of a piece of JavaScript as is whole: the statements before the first broken one. Text
 * that a token limit cut, or that turns into prose at the end, still gives the program before it.
 */
import * as nodeModule from 'node:module';
import { parse, type Options, type Program } from 'acorn';

export interface Parsed {
  /** The code that `program` was parsed from; not the given one where something had to be repaired. */
  readonly code: string;
  readonly program: Program;
  readonly repairs: readonly Repair[];
}

export type Repair = 'cut-end' | 'closed-braces' | 'stripped-types' | 'dropped-statements' | 'returned-print';

/** Longer texts are no answers of a small program, and cutting them would take long. */
const mostCuts = 40;
/** What a text lacks whose last token fell to a limit or a stop string. */
const closings = ['}', '}}', ')}', ');}', '}}}', '})', ')'];

/** Undefined when not even one statement is whole. */
export function parseTolerantly(code: string): Parsed | undefined {
  const whole = tryParse(code);
  if (whole.kind === 'parsed') return { code, program: whole.program, repairs: [] };
  const plain = withoutTypes(code, whole.position);
  if (plain !== undefined) return plain;
  const closed = withClosings(code, whole.position);
  return closed ?? withoutEnd(code, whole.position);
}

type Attempt =
  | { readonly kind: 'parsed'; readonly program: Program }
  | { readonly kind: 'failed'; readonly position: number };

function tryParse(code: string): Attempt {
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowAwaitOutsideFunction: true,
    allowReturnOutsideFunction: true,
    allowImportExportEverywhere: true,
  };
  const strict = tryParseAs(code, options);
  if (strict.kind === 'parsed') return strict;
  const sloppy = tryParseAs(code, { ...options, sourceType: 'script' });
  return sloppy.kind === 'parsed' || sloppy.position > strict.position ? sloppy : strict;
}

function tryParseAs(code: string, options: Options): Attempt {
  try {
    return { kind: 'parsed', program: parse(code, options) };
  } catch (error) {
    // Acorn adds `pos` to its errors. Its recursion meets the end of the stack on absurdly nested text.
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    return { kind: 'failed', position: 'pos' in error && typeof error.pos === 'number' ? error.pos : 0 };
  }
}

/** Node's own type stripper does this exactly, but only for whole programs; it is asked only at a sign of types. */
function withoutTypes(code: string, position: number): Parsed | undefined {
  const looksTyped =
    /^[:<!?]|^as\b/.test(code.slice(position)) ||
    /\b(?:interface|type|enum)\s+$/.test(code.slice(0, position));
  if (!looksTyped || !('stripTypeScriptTypes' in nodeModule)) return undefined;
  try {
    const plain = nodeModule.stripTypeScriptTypes(code);
    const attempt = tryParse(plain);
    if (attempt.kind === 'failed') return undefined;
    return { code: plain, program: attempt.program, repairs: ['stripped-types'] };
  } catch {
    return undefined;
  }
}

function withClosings(code: string, position: number): Parsed | undefined {
  if (position < code.trimEnd().length) return undefined;
  for (const closing of closings) {
    const closed = `${code}\n${closing}`;
    const attempt = tryParse(closed);
    if (attempt.kind === 'parsed')
      return { code: closed, program: attempt.program, repairs: ['closed-braces'] };
  }
  return undefined;
}

/** Cuts at the error, then at the starts of the lines before it, until what remains is whole. */
function withoutEnd(code: string, position: number): Parsed | undefined {
  let end = position;
  for (let cuts = 0; cuts < mostCuts && end > 0; cuts++) {
    const attempt = tryParse(code.slice(0, end));
    if (attempt.kind === 'parsed') {
      const body = attempt.program.body.slice();
      const last = body.at(-1);
      // A cut within a line leaves the first word of a sentence standing as an expression or a label.
      const isWord = last?.type === 'ExpressionStatement' || last?.type === 'LabeledStatement';
      if (isWord && last.start >= lineStart(code, end)) body.pop();
      if (body.length === 0) return undefined;
      return {
        code: code.slice(0, body.at(-1)?.end),
        program: { ...attempt.program, body },
        repairs: ['cut-end'],
      };
    }
    const nearest = lineStart(code, Math.min(attempt.position, end));
    end = nearest < end ? nearest : lineStart(code, end - 1);
  }
  return undefined;
}

function lineStart(code: string, position: number): number {
  return position <= 0 ? 0 : code.lastIndexOf('\n', position - 1) + 1;
}
