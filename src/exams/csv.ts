/** Comma-separated values after RFC 4180: quoted fields, doubled quotes, line breaks in quotes. */

/** Rows of fields. Throws SyntaxError when a quote is left open or text follows a closing quote. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let i = 0;
  const source = text.replaceAll('\r\n', '\n').replace(/\n$/u, '');
  if (source === '') return rows;
  for (;;) {
    let field = '';
    if (source[i] === '"') {
      const end = findClosingQuote(source, i + 1);
      field = source.slice(i + 1, end).replaceAll('""', '"');
      i = end + 1;
      if (i < source.length && source[i] !== ',' && source[i] !== '\n')
        throw new SyntaxError('text after a closing quote');
    } else {
      while (i < source.length && source[i] !== ',' && source[i] !== '\n') field += source[i++];
    }
    row.push(field);
    if (source[i] === ',') {
      i++;
      continue;
    }
    rows.push(row);
    row = [];
    if (i >= source.length) return rows;
    i++;
  }
}

/** One line of fields, quoted where needed, without a line end. */
export function toCsvLine(fields: readonly string[]): string {
  return fields
    .map((field) => (/[",\n\r]/u.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}

function findClosingQuote(source: string, start: number): number {
  for (let i = start; i < source.length; i++) {
    if (source[i] !== '"') continue;
    if (source[i + 1] !== '"') return i;
    i++;
  }
  throw new SyntaxError('a quote is left open');
}
