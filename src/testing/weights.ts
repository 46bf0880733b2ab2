/** Real models for tests and benchmarks: pulled once into a cache that later runs share. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createBuiltInEntries } from '../engines/weights/catalog-entries.ts';
import { createCatalog } from '../engines/weights/catalog.ts';
import { pullWeights } from '../engines/weights/pull.ts';
import { createRealClock } from './real-clock.ts';

/** `GRADUS_TEST_CACHE` moves it. */
function findTestModelsFolder(): string {
  return join(process.env['GRADUS_TEST_CACHE'] ?? join(homedir(), '.cache', 'gradus-test'), 'models');
}

/** The path of a catalog model's verified weights; the first call of a machine downloads them. */
export async function findTestWeights(id: string): Promise<string> {
  const pulled = await pullWeights({
    entry: createCatalog(createBuiltInEntries()).require(id),
    modelsFolder: findTestModelsFolder(),
    clock: createRealClock(),
    signal: AbortSignal.timeout(600_000),
    environment: process.env,
    hubUrl: process.env['HF_ENDPOINT'],
  });
  return pulled.path;
}
