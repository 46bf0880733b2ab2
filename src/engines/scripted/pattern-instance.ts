/**
 * The shortest easy text that a regular expression matches, for JSON schemas with `pattern`. Knows
 * literals, classes, groups, alternatives, counts and anchors; the caller checks the result, so what it
 * does not know (look-around, back references) ends in a refusal and never in a wrong text.
 */

/** A text that should match, or undefined when the pattern uses what this generator does not know. */
export function createPatternInstance(pattern: string): string | undefined {
  const reader: Reader = { pattern, at: 0 };
  const text = readAlternatives(reader);
  if (text === undefined || reader.at < pattern.length) return undefined;
  return text;
}

interface Reader {
  readonly pattern: string;
  at: number;
}

const candidates: readonly string[] = [
  ...Array.from('a0A -_.,:/@'),
  ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)),
  '\n',
  'é',
];

/** Reads up to `)` or the end; the first alternative wins. */
function readAlternatives(reader: Reader): string | undefined {
  let first: string | undefined;
  for (;;) {
    const branch = readBranch(reader);
    if (branch === undefined) return undefined;
    first ??= branch;
    if (reader.pattern[reader.at] !== '|') return first;
    reader.at += 1;
  }
}

function readBranch(reader: Reader): string | undefined {
  let text = '';
  while (reader.at < reader.pattern.length) {
    const char = reader.pattern[reader.at];
    if (char === '|' || char === ')') break;
    const atom = readAtom(reader);
    if (atom === undefined) return undefined;
    text += atom.repeat(readLeastCount(reader));
  }
  return text;
}

function readAtom(reader: Reader): string | undefined {
  const { pattern } = reader;
  const char = String.fromCodePoint(pattern.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  switch (char) {
    case '^':
    case '$':
      return '';
    case '.':
      return 'a';
    case '(':
      return readGroup(reader);
    case '[':
      return readClass(reader);
    case '\\':
      return readEscape(reader);
    default:
      return char;
  }
}

function readGroup(reader: Reader): string | undefined {
  const opening = /^\?(?::|<[A-Za-z_]\w*>)/.exec(reader.pattern.slice(reader.at));
  if (opening !== null) reader.at += opening[0].length;
  else if (reader.pattern[reader.at] === '?') return undefined;
  const text = readAlternatives(reader);
  if (reader.pattern[reader.at] !== ')') return undefined;
  reader.at += 1;
  return text;
}

function readClass(reader: Reader): string | undefined {
  const start = reader.at - 1;
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== ']') {
    reader.at += reader.pattern[reader.at] === '\\' ? 2 : 1;
  }
  reader.at += 1;
  return firstMatch(reader.pattern.slice(start, reader.at));
}

function readEscape(reader: Reader): string | undefined {
  const rest = reader.pattern.slice(reader.at);
  const escape = /^(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^])/u.exec(rest)?.[0];
  if (escape === undefined) return undefined;
  reader.at += escape.length;
  if (escape === 'b' || escape === 'B') return '';
  if (/^[1-9k]$/.test(escape)) return undefined;
  const code = /^[ux]\{?([0-9a-fA-F]+)\}?$/.exec(escape)?.[1];
  if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
  return firstMatch(`\\${escape}`);
}

function firstMatch(atom: string): string | undefined {
  for (const flags of ['u', '']) {
    try {
      const regex = new RegExp(`^${atom}$`, flags);
      return candidates.find((candidate) => regex.test(candidate));
    } catch {
      // Escapes that only the other mode allows.
    }
  }
  return undefined;
}

function readLeastCount(reader: Reader): number {
  const quantifier = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(reader.pattern.slice(reader.at));
  if (quantifier === null) return 1;
  reader.at += quantifier[0].length;
  if (quantifier[1] !== undefined) return Number(quantifier[1]);
  return quantifier[0].startsWith('+') ? 1 : 0;
}
