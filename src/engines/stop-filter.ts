/**
 * Stop texts for engines that see them as text: what may still grow into a stop text is held back, so
 * that no part of one ever reaches a reader.
 */
export interface StopFilter {
  /** Takes new text, gives what may be shown now. After `isStopped` it gives nothing more. */
  push(text: string): string;
  /** The text ended without a stop: gives what was held back. */
  flush(): string;
  readonly isStopped: boolean;
}

export function createStopFilter(stops: readonly string[]): StopFilter {
  const texts = stops.filter((stop) => stop !== '');
  let held = '';
  let isStopped = false;
  return {
    push(text) {
      if (isStopped) return '';
      if (texts.length === 0) return text;
      held += text;
      const at = firstIndexOf(held, texts);
      if (at >= 0) {
        const shown = held.slice(0, at);
        held = '';
        isStopped = true;
        return shown;
      }
      const keep = lengthOfPossibleStart(held, texts);
      const shown = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return shown;
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
    get isStopped() {
      return isStopped;
    },
  };
}

function firstIndexOf(text: string, stops: readonly string[]): number {
  let first = -1;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** Length of the longest end of `text` that is the start of a stop text. */
function lengthOfPossibleStart(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(text.length - length))) longest = length;
    }
  }
  return longest;
}
