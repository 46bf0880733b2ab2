/** What a case of the engine contract is given: the engine, and short ways to ask it. */
import { recordGeneration, type GenerationRecord } from '../generation-record.ts';
import type { Sampling } from '../../kernel/request.ts';
import type { ChatMessage, Engine, GenerateRequest, Prompt } from '../engine.ts';

/** Prompts of the suite, for whoever must script the other side. */
export const contractPrompts = {
  short: 'Name three colours, separated by commas.',
  /** Its answer takes long enough to be cut: hundreds of tokens. */
  long: 'Write a long story about a fisherman and a whale, with many chapters.',
  /** Its answer has no near ties, which rounding could decide either way. */
  certain: 'Repeat this line word for word: one two three four five six seven eight nine ten eleven twelve.',
  unicode: 'Repeat exactly: 😀 naïve 漢字 🎉 שלום',
  words: ['apple', 'bridge', 'candle', 'desert'],
} as const;

export interface Asked extends Partial<Omit<GenerateRequest, 'sampling'>> {
  readonly sampling?: Partial<Sampling>;
}

export interface ContractBench {
  readonly engine: Engine;
  readonly model: string;
  readonly embeddingModel: string;
  /** Whether `started` has the exact length of the prompt. */
  readonly knowsPromptAtStart: boolean;
  /** Greedy and 16 tokens unless asked otherwise. */
  readonly request: (prompt: string | Prompt, asked?: Asked) => GenerateRequest;
  readonly run: (prompt: string | Prompt, asked?: Asked) => Promise<GenerationRecord>;
}

/** Cases by the sentence that names them. */
export type ContractCases = Readonly<Record<string, (bench: ContractBench) => Promise<void>>>;

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal;

export function createContractBench(options: {
  readonly engine: Engine;
  readonly model: string;
  readonly embeddingModel: string;
  readonly knowsPromptAtStart?: boolean;
}): ContractBench {
  const { engine, model, knowsPromptAtStart = true } = options;
  const request = (prompt: string | Prompt, asked: Asked = {}): GenerateRequest => ({
    model,
    prompt: typeof prompt === 'string' ? { kind: 'chat', messages: [userMessage(prompt)] } : prompt,
    samples: 1,
    maxTokens: 16,
    stop: [],
    tools: [],
    toolChoice: { kind: 'auto' },
    parallelToolCalls: true,
    textFormat: { kind: 'text' },
    ...asked,
    sampling: {
      temperature: 0,
      topP: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      logitBias: new Map(),
      ...asked.sampling,
    },
  });
  const run = (prompt: string | Prompt, asked?: Asked): Promise<GenerationRecord> =>
    recordGeneration(engine.generate(request(prompt, asked), never));
  return { ...options, knowsPromptAtStart, request, run };
}

export function userMessage(text: string): ChatMessage {
  return { role: 'user', parts: [{ type: 'text', text }] };
}
