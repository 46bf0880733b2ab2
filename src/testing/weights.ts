/** Where tests and benchmarks find real models: a folder of the environment, or pulled once into a cache. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export async function findTestWeights(id: string): Promise<string> {
  const folder = process.env['GRADUS_TEST_WEIGHTS_DIR'] ?? '';
  const file = path.join(folder, `${id}.gguf`);
  if (existsSync(file)) return file;
  throw new Error(`no weights of ${id} in ${folder}`);
}
