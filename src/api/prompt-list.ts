/** One or many, texts or token ids: the four forms in which OpenAI's older endpoints take their input. */

export type PromptInput = string | readonly number[];

export type PromptList = string | readonly string[] | readonly number[] | readonly (readonly number[])[];

export function toInputs(list: PromptList): readonly PromptInput[] {
  if (typeof list === 'string') return [list];
  return isTokens(list) ? [list] : list;
}

function isTokens(list: readonly (string | number | readonly number[])[]): list is readonly number[] {
  return typeof list[0] === 'number';
}
