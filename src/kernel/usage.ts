/** What a request has used. Every token that an engine sampled is counted, shown or not. */
export interface Usage {
  readonly inputTokens: number;
  /** The part of `inputTokens` whose computation was reused from an earlier request. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** The part of `outputTokens` that was thought, not answer. */
  readonly reasoningTokens: number;
}

export const noUsage: Usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, reasoningTokens: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}
