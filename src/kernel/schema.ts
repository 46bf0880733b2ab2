/** Parsing at the edge: one call that turns unknown input into a trusted type, or an error that names the field. */
import type { z } from 'zod';
import { GradusError, type ErrorCode } from './errors.ts';

/** For a refinement's `params`: its failure means "known, but cannot be honoured", not "wrong". */
export const unsupported = { unsupported: true } as const;

/**
 * Parses `input` with `schema`. Throws a GradusError of `code` whose `param` is the path of the first
 * wrong field and whose message says what was expected there.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  code: ErrorCode = 'invalid-request',
): z.output<Schema> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const { path, text, isUnsupported } = describeIssue(deepestIssue(result.error.issues));
  throw new GradusError(isUnsupported && code === 'invalid-request' ? 'unsupported-parameter' : code, {
    message: path === '' ? text : `${path}: ${text}`,
    ...(path === '' ? {} : { param: path }),
  });
}

type Issue = z.core.$ZodIssue;

/** A union reports one list of issues per alternative; the alternative that got furthest is the one meant. */
function deepestIssue(issues: readonly Issue[]): Issue {
  const first = issues[0];
  if (first === undefined) throw new Error('a failed parse without an issue');
  if (first.code !== 'invalid_union' || first.errors.length === 0) return first;
  let best: Issue | undefined;
  for (const alternative of first.errors) {
    if (alternative.length === 0) continue;
    const inner = deepestIssue(alternative);
    if (best === undefined || inner.path.length > best.path.length) best = inner;
  }
  if (best === undefined || best.path.length === 0) return first;
  return { ...best, path: [...first.path, ...best.path] };
}

function describeIssue(issue: Issue): { path: string; text: string; isUnsupported: boolean } {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return {
      path: toPath([...issue.path, key ?? '']),
      text: 'unknown field; it is not ignored in silence, so please leave it out',
      isUnsupported: true,
    };
  }
  const isUnsupported = issue.code === 'custom' && issue.params?.['unsupported'] === true;
  return { path: toPath(issue.path), text: issue.message, isUnsupported };
}

function toPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}
