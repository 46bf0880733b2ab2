/** The embedded engine with real weights, as tests and benchmarks open it. */
import { availableParallelism, freemem, totalmem } from 'node:os';
import type { Engine } from '../engines/engine.ts';
import { createLlamaEngine, type LlamaEngineOptions } from '../engines/llama/llama-engine.ts';
import { createSeededRandom } from '../kernel/random.ts';
import { createRealClock } from './real-clock.ts';
import { findTestWeights } from './weights.ts';

export async function openLlama(
  ids: readonly string[],
  change: Partial<LlamaEngineOptions> = {},
): Promise<Engine> {
  const models: { id: string; path: string }[] = [];
  for (const id of ids) models.push({ id, path: await findTestWeights(id) });
  return createLlamaEngine({
    models: () =>
      models.map((model) => ({
        ...model,
        contextTokens: undefined,
        parameters: undefined,
        licence: undefined,
        createdAtMs: 0,
      })),
    clock: createRealClock(),
    random: createSeededRandom(1),
    threads: availableParallelism(),
    contextTokens: 4096,
    memoryLimitBytes: totalmem(),
    availableMemoryBytes: freemem,
    idleUnloadMs: 600_000,
    maxRunning: 16,
    queueLimit: 64,
    gpuLayers: 0,
    environment: { PATH: process.env['PATH'] ?? '' },
    ...change,
  });
}
