/**
 * Finds the parts of a model's text that may be code. Models fence their code, forget to close the fence,
 * get the opening one from us as a prefill, or write no fence at all between their sentences.
 */

export interface CodeRegion {
  readonly code: string;
  /** Text outside fences may be prose, so it counts as code only when it says so clearly. */
  readonly isFenced: boolean;
}

const fenceMarks = ['```', '~~~'];

/** Regions in the order in which they should be tried: what stands before the first fence comes first. */
export function findCodeRegions(text: string): CodeRegion[] {
  const regions: CodeRegion[] = [];
  let lines: string[] = [];
  let openMark: string | undefined;
  let isBare = false;
  const close = (isFenced: boolean): void => {
    const code = lines.join('\n');
    if (code.trim() !== '') regions.push({ code, isFenced });
    lines = [];
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    const trimmed = line.trim();
    const mark = fenceMarks.find((candidate) => trimmed.startsWith(candidate));
    if (openMark === undefined && mark !== undefined) {
      close(false);
      openMark = mark;
      const rest = trimmed.slice(mark.length);
      isBare = rest === '';
      // "```js" names a language; "```1 + 1```" is code on the line of its fence.
      if (/^[\w+#.-]*$/.test(rest)) continue;
      const end = rest.indexOf(mark);
      lines.push(end === -1 ? rest.replace(/^\w+\s/, '') : rest.slice(0, end));
      if (end === -1) continue;
      close(true);
      openMark = undefined;
    } else if (openMark !== undefined && trimmed.startsWith(openMark)) {
      close(true);
      openMark = undefined;
    } else {
      lines.push(line);
    }
  }
  // A lone bare fence after some text closes what a prefill opened; what follows it is prose.
  close(openMark !== undefined && !(isBare && regions.length === 1));
  return regions;
}
