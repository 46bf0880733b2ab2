/** The numbers of the benchmark, in one place for the processes that take part. */
export const firstTokenDelayMs = 20;
export const pacedStreams = 32;
export const pacedTokensPerSecond = 500;
export const pacedTokens = 2_500;
export const shortAnswer = 'one two three four five six seven eight';
