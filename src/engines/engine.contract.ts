/**
 * The suite that every engine passes. What an engine cannot do is skipped by name and with a reason.
 * The prompts are plain enough for a small real model.
 */
import { after, before, describe, it } from 'node:test';
import { createContractBench, type ContractCases } from './contract/bench.ts';
import { formCases } from './contract/form-cases.ts';
import { tokenCases } from './contract/token-cases.ts';
import type { Engine } from './engine.ts';

export interface EngineContractOptions {
  readonly name: string;
  create(): Promise<Engine>;
  /** A model of the engine that answers in English. */
  readonly model: string;
  /** Default: `model`. */
  readonly embeddingModel?: string;
  /** Case name to the reason why this engine is excused. An unknown name is an error. */
  readonly skips?: Readonly<Record<string, string>>;
  /** False for remote endpoints, which tell the length of the prompt at the end only. */
  readonly knowsPromptAtStart?: boolean;
  /** For one case; default 60 seconds. */
  readonly timeoutMs?: number;
}

const cases: ContractCases = { ...tokenCases, ...formCases };

export function describeEngineContract(options: EngineContractOptions): void {
  const {
    name,
    model,
    embeddingModel = model,
    skips = {},
    timeoutMs = 60_000,
    knowsPromptAtStart = true,
  } = options;
  for (const skip of Object.keys(skips)) {
    if (!Object.hasOwn(cases, skip)) throw new Error(`the contract has no case named "${skip}"`);
  }
  describe(`engine contract: ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await options.create();
    });
    after(async () => {
      await engine[Symbol.asyncDispose]();
    });
    for (const [title, check] of Object.entries(cases)) {
      const skip = skips[title] ?? false;
      it(title, { timeout: timeoutMs, skip }, () =>
        check(createContractBench({ engine, model, embeddingModel, knowsPromptAtStart })),
      );
    }
  });
}
