/** Wiring: the parts of Gradus, chosen and joined. Nothing else in the source picks a concrete part. */
import { timingSafeEqual } from 'node:crypto';
import type { Hono } from 'hono';
import type { ApiEnv, Logger } from '../api/api-context.ts';
import { createApi } from '../api/api.ts';
import { createMetrics } from '../api/metrics.ts';
import { serve, type RunningServer } from '../api/server.ts';
import type { Engine } from '../engines/engine.ts';
import { createLlamaEngine } from '../engines/llama/llama-engine.ts';
import { createOpenAiEngine } from '../engines/openai/openai-engine.ts';
import { createScriptedEngine } from '../engines/scripted/scripted-engine.ts';
import { loadScriptFile } from '../engines/scripted/script.ts';
import { GradusError } from '../kernel/errors.ts';
import { createIdSource } from '../kernel/ids.ts';
import { chatLevel } from '../levels/l1-chat/l1-chat.ts';
import type { Registry } from '../levels/level.ts';
import { createRegistry } from '../levels/registry.ts';
import { readAvailableMemoryBytes, readCores, readTotalMemoryBytes } from './machine.ts';
import { ModelShelf } from './model-shelf.ts';
import { systemClock, systemRandom } from './real-world.ts';
import type { Settings } from './settings.ts';
import { version } from './version.ts';

export interface System extends AsyncDisposable {
  readonly shelf: ModelShelf;
  readonly registry: Registry;
  readonly engines: readonly Engine[];
  readonly app: Hono<ApiEnv>;
  listen(options: { readonly host: string; readonly port: number }): Promise<RunningServer>;
}

/** How often the server looks whether other processes brought or removed models. */
const shelfRefreshMs = 5000;

export async function createSystem(settings: Settings, logger: Logger): Promise<System> {
  const { config } = settings;
  const shelf = await ModelShelf.open(settings);
  const metrics = createMetrics();
  const ids = createIdSource(systemClock, systemRandom);
  const engines: Engine[] = [];
  const common = { clock: systemClock, random: systemRandom, observer: metrics };
  if (config.script !== undefined) {
    engines.push(createScriptedEngine({ ...common, script: await loadScriptFile(config.script) }));
  }
  engines.push(
    createLlamaEngine({
      ...common,
      models: () => shelf.installed,
      threads: config.engine.threads ?? readCores(),
      contextTokens: config.engine.contextTokens,
      // A quarter of memory stays for everything else on the machine.
      memoryLimitBytes: config.engine.memoryLimitBytes ?? Math.floor(readTotalMemoryBytes() * 0.75),
      availableMemoryBytes: readAvailableMemoryBytes,
      idleUnloadMs: config.engine.idleUnloadMinutes * 60_000,
      maxRunning: config.engine.maxRunning,
      queueLimit: config.engine.queueLimit,
      gpuLayers: config.engine.gpuLayers,
      environment: { PATH: settings.environment['PATH'] ?? '' },
    }),
    ...config.endpoints.map((endpoint) =>
      createOpenAiEngine({ ...common, config: endpoint, environment: settings.environment }),
    ),
  );
  const registry = createRegistry({ engines, levels: [chatLevel], clock: systemClock, ids });
  const refresh = setInterval(() => void shelf.refresh().catch(() => undefined), shelfRefreshMs);
  refresh.unref();
  const isLoopback = ['127.0.0.1', 'localhost', '::1'].includes(settings.host);
  const app = createApi({
    registry,
    clock: systemClock,
    ids,
    metrics,
    logger,
    version,
    ...(config.keys.length === 0 ? {} : { authorize: createKeyCheck(config.keys) }),
    ...(isLoopback ? { hostNames: ['127.0.0.1', 'localhost', '[::1]', '::1'] } : {}),
    ...(config.origins.length === 0 ? {} : { origins: config.origins }),
  });
  return {
    shelf,
    registry,
    engines,
    app,
    listen: (options) => serve(app, options),
    async [Symbol.asyncDispose]() {
      clearInterval(refresh);
      await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
    },
  };
}

function createKeyCheck(keys: readonly string[]): (key: string | undefined) => { label: string } {
  return (key) => {
    const index = keys.findIndex((known) => key !== undefined && isSame(known, key));
    if (index >= 0) return { label: `key ${index + 1}` };
    throw new GradusError('unauthorized', {
      message: key === undefined ? 'This server wants a key.' : 'This key is not known here.',
    });
  };
}

/** Compares in a time that tells nothing about where two keys differ. */
function isSame(known: string, given: string): boolean {
  const a = Buffer.from(known);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
