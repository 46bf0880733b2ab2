/** The openai engine keeps the contract of engines, over real HTTP, with endpoints of several kinds behind it. */
import { describeEngineContract } from '../../src/engines/engine.contract.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { endpointSchema } from '../../src/engines/openai/endpoint-config.ts';
import { createOpenAiEngine } from '../../src/engines/openai/openai-engine.ts';
import { contractScript } from '../../src/engines/contract/contract-script.ts';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openFakeEndpoint, type FakeEndpointOptions } from './fake-endpoint.ts';

async function openEngine(
  settings: object,
  behaviour: Omit<FakeEndpointOptions, 'engine'> = {},
): Promise<Engine> {
  const clock = createRealClock();
  const server = await openFakeEndpoint({
    ...behaviour,
    engine: createScriptedEngine({
      clock,
      script: contractScript,
      models: [{ id: 'small', contextTokens: 2000 }],
    }),
  });
  const engine = createOpenAiEngine({
    config: endpointSchema.parse({
      name: 'fake',
      baseUrl: server.baseUrl,
      models: [{ id: 'small', contextTokens: 2000 }],
      ...settings,
    }),
    clock,
    random: createSeededRandom(1),
    environment: {},
  });
  const close = engine[Symbol.asyncDispose].bind(engine);
  return Object.assign(engine, {
    async [Symbol.asyncDispose]() {
      await close();
      await server[Symbol.asyncDispose]();
    },
  });
}

describeEngineContract({
  name: 'openai, an endpoint that can all',
  model: 'small',
  knowsPromptAtStart: false,
  create: () => openEngine({ capabilities: { continues: 'vllm', rawPrompts: true, tokenIds: true } }),
});

const noStart = 'the endpoint does not go on with an answer, and refuses by name (openai-engine.test.ts)';

describeEngineContract({
  name: 'openai, an endpoint with chat alone and no n',
  model: 'small',
  knowsPromptAtStart: false,
  create: () => openEngine({}, { ignoresN: true, thoughtField: 'reasoning' }),
  skips: {
    'an answer goes on from its start without repeating it': noStart,
    'a raw text is gone on with': noStart,
    'n samples of one prompt all arrive and the prompt is counted once':
      'without n the endpoint computes the prompt for each sample, and we count what it computes',
  },
});

describeEngineContract({
  name: 'openai, an endpoint as llama-server: prefill, wrong usage for n, calls by schema',
  model: 'small',
  knowsPromptAtStart: false,
  create: () =>
    openEngine(
      {
        usageIsWrongForN: true,
        capabilities: { continues: 'prefill', rawPrompts: true, forcedCalls: 'schema' },
      },
      { usage: 'one-choice', ignoresToolChoice: true },
    ),
  skips: {
    'a sample has exactly maxTokens tokens and ends with length':
      'for two samples the usage of this endpoint is wrong, and what we count instead lacks end marks',
  },
});
