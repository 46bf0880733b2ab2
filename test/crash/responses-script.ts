/** What the scripted engine answers in crash tests of responses, and how it is asked. */
import type { Script } from '../../src/engines/scripted/script.ts';
import type { ResponseStart } from '../../src/runtime/response-runs.ts';

/** 60 words, each one token. */
export const drillText: string = Array.from({ length: 60 }, (_, i) => `${i === 0 ? '' : ' '}w${i}`).join('');

export const drillScript: Script = {
  rules: [
    {
      match: { lastUser: 'think' },
      reply: { thought: 'a b c d e f g', text: drillText, tokensPerSecond: 60, chunkSize: 1 },
    },
    { reply: { text: drillText, tokensPerSecond: 60, chunkSize: 1 } },
  ],
};

export function askFor(id: string, options: Partial<ResponseStart> = {}): ResponseStart {
  return {
    id,
    served: 'scripted',
    request: {
      model: 'scripted',
      input: {
        kind: 'items',
        items: [
          {
            type: 'message',
            id: `msg_in_${id}`,
            status: 'completed',
            role: 'user',
            content: [{ type: 'input_text', text: 'go' }],
          },
        ],
      },
      tools: [],
      toolChoice: { kind: 'none' },
      parallelToolCalls: true,
      textFormat: { kind: 'text' },
      sampling: {
        temperature: 1,
        topP: 1,
        frequencyPenalty: 0,
        presencePenalty: 0,
        logitBias: new Map([[7, -100]]),
      },
      stop: [],
      choices: 1,
      reasoning: {},
      truncation: 'disabled',
      metadata: {},
    },
    envelope: { store: true },
    metadata: {},
    background: false,
    ...options,
  };
}
