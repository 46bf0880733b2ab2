/** Gradus with the scripted engine in a process of its own. */
import { createApi } from '../../src/api/api.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import { serve } from '../../src/api/server.ts';
import type { GenerateRequest } from '../../src/engines/engine.ts';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import { createIdSource } from '../../src/kernel/ids.ts';
import { chatLevel } from '../../src/levels/l1-chat/l1-chat.ts';
import { createRegistry } from '../../src/levels/registry.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { answerOrders } from './child.ts';
import { firstTokenDelayMs, pacedStreams, pacedTokens, pacedTokensPerSecond, shortAnswer } from './plan.ts';
import { stampTokens } from './stamped-engine.ts';

const clock = createRealClock();
const ids = createIdSource(clock, { next01: () => Math.random() });
const metrics = createMetrics();
const engine = stampTokens(
  createScriptedEngine({
    clock,
    observer: metrics,
    script: {
      rules: [
        {
          match: { lastUser: 'paced' },
          reply: { text: 'x '.repeat(pacedTokens), tokensPerSecond: pacedTokensPerSecond, chunkSize: 1 },
        },
        {
          match: { lastUser: 'delayed' },
          reply: { text: shortAnswer, delayMsBeforeFirst: firstTokenDelayMs },
        },
        { reply: { text: shortAnswer } },
      ],
    },
  }),
);
const app = createApi({
  registry: createRegistry({ engines: [engine], levels: [chatLevel], clock, ids }),
  clock,
  ids,
  metrics,
  logger: { info: () => undefined, error: (fields, message) => console.error(message, fields) },
  version: 'bench',
});
const server = await serve(app, { host: '127.0.0.1', port: 0, graceMs: 100 });

/** The same streams without HTTP, for what they cost the engine itself. */
async function runEngineAlone(): Promise<void> {
  const request: GenerateRequest = {
    model: 'scripted',
    prompt: { kind: 'text', text: 'paced' },
    samples: 1,
    sampling: { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map() },
    stop: [],
    tools: [],
    toolChoice: { kind: 'none' },
    parallelToolCalls: true,
    textFormat: { kind: 'text' },
  };
  const { signal } = new AbortController();
  await Promise.all(
    Array.from({ length: pacedStreams }, async () => {
      for await (const event of engine.generate(request, signal)) void event;
    }),
  );
}

answerOrders(server.port, { alone: async () => runEngineAlone().then(() => 'done') }, async () => {
  await server[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});
