/** Letters of words, which a model sees only as tokens. */

export function reverse<Value>(value: string | readonly Value[]): string | Value[] {
  return typeof value === 'string' ? Array.from(value).reverse().join('') : [...value].reverse();
}

export function countLetter(text: string, letter: string): number {
  if (letter === '') throw new RangeError('countLetter needs a letter to count');
  return text.toLowerCase().split(letter.toLowerCase()).length - 1;
}
