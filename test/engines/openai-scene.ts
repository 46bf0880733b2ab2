/** An openai engine and the server on this machine that it talks to, for tests of both together. */
import assert from 'node:assert/strict';
import { createContractBench, type ContractBench } from '../../src/engines/contract/bench.ts';
import { endpointSchema } from '../../src/engines/openai/endpoint-config.ts';
import { createOpenAiEngine, type OpenAiEngine } from '../../src/engines/openai/openai-engine.ts';
import type { ScriptRule } from '../../src/engines/scripted/script.ts';
import { createScriptedEngine } from '../../src/engines/scripted/scripted-engine.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { GradusError, type ErrorCode } from '../../src/kernel/errors.ts';
import { createSeededRandom } from '../../src/kernel/random.ts';
import { parse } from '../../src/kernel/schema.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from './fake-endpoint.ts';

export interface Scene extends ContractBench, AsyncDisposable {
  readonly engine: OpenAiEngine;
  readonly server: FakeEndpoint;
  /** The waits before retries, which take no time here. */
  readonly waitsMs: number[];
  readonly facts: string[];
}

export interface SceneOptions extends Omit<FakeEndpointOptions, 'engine'> {
  readonly rules?: readonly ScriptRule[];
  readonly settings?: object;
}

export async function openScene({
  rules = [],
  settings = {},
  ...behaviour
}: SceneOptions = {}): Promise<Scene> {
  const real = createRealClock();
  const waitsMs: number[] = [];
  const facts: string[] = [];
  const clock: Clock = {
    ...real,
    sleep: (durationMs, signal) => {
      // The short ones are the wait for the end of a body.
      if (durationMs <= 100) return real.sleep(durationMs, signal);
      waitsMs.push(durationMs);
      return real.sleep(0, signal);
    },
  };
  const scripted = createScriptedEngine({ clock: real, script: { rules }, models: [{ id: 'small' }] });
  const server = await openFakeEndpoint({ ...behaviour, engine: scripted });
  const config = parse(endpointSchema, {
    name: 'fake',
    baseUrl: server.baseUrl,
    apiKeyEnv: 'FAKE_KEY',
    ...settings,
  });
  const engine = createOpenAiEngine({
    config,
    clock,
    random: createSeededRandom(1),
    environment: { FAKE_KEY: 'secret-of-the-test' },
    observer: { observe: ({ name }) => facts.push(name) },
  });
  return {
    ...createContractBench({ engine, model: 'small', embeddingModel: 'small', knowsPromptAtStart: false }),
    engine,
    server,
    waitsMs,
    facts,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const isGeneration = (path: string): boolean => path.endsWith('/completions');

async function refusal(work: Promise<unknown>): Promise<GradusError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof GradusError, String(error));
    return error;
  }
  assert.fail('it did not fail');
}

export async function assertFails(
  work: Promise<unknown>,
  code: ErrorCode,
  words: RegExp,
): Promise<GradusError> {
  const error = await refusal(work);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
  assert.ok(!error.message.includes('secret-of-the-test'));
  return error;
}
