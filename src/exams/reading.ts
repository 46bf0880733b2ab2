/**
 * The one rule by which answers are read: lenient in form, strict in content.
 *
 * 1. Thinking between tags (`<think>` and its kin) is removed; a thought that never ends hides all after it.
 * 2. The answer is what follows the last marker (`Answer:`, `The answer is`, `答案：`) or stands in the last
 *    `\boxed{}`. Without a marker it is the last line that is not empty.
 * 3. Letter case, width of characters, Markdown, LaTeX dollars, quotes and a final full stop do not count.
 * 4. What is read must be one answer: two different numbers, options or dates are no answer.
 */

/** The text without thoughts, in NFKC (full-width letters and digits become plain ones). */
export function removeThinking(text: string): string {
  let kept = '';
  let depthEnd = 0;
  // One pass, so that a hostile text of any length is read in linear time.
  const tags = [...text.matchAll(/<(\/?)(think|thinking|thought|reasoning|reflection)>/giu)];
  let open: string | null = null;
  for (const tag of tags) {
    const [whole, slash, name = ''] = tag;
    if (slash === '' && open === null) {
      kept += text.slice(depthEnd, tag.index);
      open = name.toLowerCase();
    } else if (slash === '/' && (open === null || open === name.toLowerCase())) {
      // An end without a beginning: the server cut the beginning off, so all before it was thought.
      if (open === null) kept = '';
      open = null;
      depthEnd = tag.index + whole.length;
    }
  }
  return open === null ? kept + text.slice(depthEnd) : kept;
}

/** The part of a text that holds the answer, plain and trimmed; several lines stay several lines. */
export function readAnswerArea(text: string): string {
  const visible = removeThinking(text).normalize('NFKC').trimEnd();
  const marker = lastMatch(visible, /answer[*_]*\s*(?:is\s*:?|:)|答案[*_]*\s*(?:[是为]\s*:?|:)/giu);
  const boxed = lastMatch(visible, /\\boxed\s*\{/gu);
  if (boxed !== null && (marker === null || boxed.start > marker.start)) {
    return toPlain(readBraces(visible, boxed.end));
  }
  if (marker !== null) {
    const [first = ''] = toPlain(visible.slice(marker.end))
      .split(/\n\s*\n/u)
      .filter((part) => part.trim() !== '');
    return first.trim();
  }
  const lines = toPlain(visible)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').trim();
}

/** One whole number, or null. `x = 5`, `1,234`, `15.0` and `15 apples` are read; `5 or 6` is not. */
export function readInteger(area: string): bigint | null {
  const line = firstLine(area);
  const side = line.slice(line.lastIndexOf('=') + 1);
  const joined = side
    .replaceAll(/[−–]/gu, '-')
    .replaceAll(/(?<=\d)[, '](?=\d{3}(?!\d))/gu, '')
    .replaceAll(/(-)\s+(?=\d)/gu, '$1');
  const found = new Set<bigint>();
  for (const match of joined.matchAll(/-?\d+(?:\.\d+)?/gu)) {
    const [whole = '', fraction = ''] = match[0].split('.');
    if (/[1-9]/u.test(fraction)) return null;
    found.add(BigInt(whole));
  }
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

/**
 * The words of a vocabulary in the order in which they stand in the area. Each entry lists the spellings of
 * one word; longer spellings win, and Latin ones count only as whole words.
 */
export function readMentions(area: string, vocabulary: readonly (readonly string[])[]): number[] {
  const spellings = vocabulary
    .flatMap((words, index) => words.map((word) => ({ word: word.normalize('NFKC'), index })))
    .toSorted((a, b) => b.word.length - a.word.length);
  const pattern = spellings.map(({ word }) =>
    /^[\w-]+$/u.test(word) ? `(?<![\\w-])${word}(?![\\w])` : escape(word),
  );
  const byWord = new Map(spellings.map(({ word, index }) => [word.toLowerCase(), index]));
  const mentions: number[] = [];
  for (const match of area.matchAll(new RegExp(pattern.join('|'), 'giu'))) {
    const index = byWord.get(match[0].toLowerCase());
    if (index !== undefined) mentions.push(index);
  }
  return mentions;
}

/** One date as `YYYY-MM-DD`, or null. Reads ISO, `12 March 2031`, `March 12, 2031` and `2031年3月12日`. */
export function readDate(area: string): string | null {
  const found = new Set<string>();
  const add = (year = '', month = '', day = ''): void => {
    const number = monthNames.indexOf(month.slice(0, 3).toLowerCase()) + 1;
    found.add(`${year}-${String(number === 0 ? month : number).padStart(2, '0')}-${day.padStart(2, '0')}`);
  };
  for (const [, y, m, d] of area.matchAll(/(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})/gu))
    add(y, m, d);
  const month = `(${monthNames.join('|')})[a-z]*`;
  const dayFirst = new RegExp(`(\\d{1,2})(?:st|nd|rd|th)?(?: of)? ${month},? (\\d{4})`, 'giu');
  for (const [, d, m, y] of area.matchAll(dayFirst)) add(y, m, d);
  for (const [, m, d, y] of area.matchAll(
    new RegExp(`${month} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})`, 'giu'),
  ))
    add(y, m, d);
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

/** Letters only: spaces, hyphens, dots and commas between them fall away, and case does not count. */
export function readSpelling(area: string): string | null {
  const text = firstLine(area)
    .replaceAll(/[\s\-.,:;、，。"'“”‘’]/gu, '')
    .toLowerCase();
  return text === '' ? null : text;
}

/** The whole numbers between the last pair of square brackets (or in the line), or null. */
export function readIntegerList(area: string): number[] | null {
  const line = area.replaceAll(/\s+/gu, ' ');
  const inside = /\[([^[\]]*)\][^[\]]*$/u.exec(line)?.[1] ?? (line.includes('[') ? null : line);
  if (inside === null) return null;
  const body = inside.replaceAll(/[−–]/gu, '-').trim().replace(/\.$/u, '');
  if (body === '') return line.includes('[') ? [] : null;
  const parts = body.split(/\s*[,、;]\s*|\s+/u);
  return parts.every((part) => /^-?\d{1,15}$/u.test(part)) ? parts.map(Number) : null;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function firstLine(area: string): string {
  return area.split('\n').find((line) => line.trim() !== '') ?? '';
}

function lastMatch(text: string, pattern: RegExp): { start: number; end: number } | null {
  const match = [...text.matchAll(pattern)].findLast(
    ({ index, 0: found }) => index + found.length < text.length,
  );
  return match === undefined ? null : { start: match.index, end: match.index + match[0].length };
}

/** The text up to the brace that closes one opened just before `start`. */
function readBraces(text: string, start: number): string {
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(start, i);
  }
  return text.slice(start);
}

function toPlain(text: string): string {
  return text
    .replaceAll(/^\s*```\w*\s*$/gmu, '')
    .replaceAll(/\\(?:text|mathrm|mathbf)\s*\{([^}]*)\}/gu, '$1')
    .replaceAll(/\\[()[\]]|\\,|[*`$]|(?<!\w)_+|_+(?!\w)/gu, '')
    .replaceAll(/^[ \t]*(?:#+|>|-(?=\s+[^\d\s]))[ \t]*/gmu, '')
    .trim();
}

function escape(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\/-]/gu, '\\$&');
}
