/** The embedded engine keeps the contract of engines, with real weights. */
import { describeEngineContract } from '../../src/engines/engine.contract.ts';
import { openLlama } from '../../src/testing/llama-fixture.ts';

const model = 'qwen2.5-coder-0.5b-instruct';

describeEngineContract({
  name: 'llama, Qwen2.5-Coder-0.5B',
  model,
  create: () => openLlama([model]),
  timeoutMs: 120_000,
});
