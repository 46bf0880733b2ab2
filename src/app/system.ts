/** Wiring: the parts of Gradus, chosen and joined. Nothing else in the source picks a concrete part. */
import { timingSafeEqual } from 'node:crypto';
import { hostname } from 'node:os';
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
import { toPrompt } from '../levels/l1-chat/prompt.ts';
import type { Registry } from '../levels/level.ts';
import { createRegistry, createResponseWork } from '../levels/registry.ts';
import { openResponseRuns } from '../runtime/open-response-runs.ts';
import { readAvailableMemoryBytes, readCores, readTotalMemoryBytes } from './machine.ts';
import { ModelShelf } from './model-shelf.ts';
import { systemClock, systemRandom } from './real-world.ts';
import type { Settings } from './settings.ts';
import { openStore } from './open-store.ts';
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
/** How long an endpoint may take to list its models, and how often it is asked again. */
const discoveryMs = 5000;
const rediscoverMs = 60_000;

/**
 * With `keeps`, responses are stored and survive the process: in Postgres when the owner names one, else in
 * a database below the home. Without, everything is in memory, as for one question of the command line.
 */
export async function createSystem(
  settings: Settings,
  logger: Logger,
  options: { readonly keeps: boolean },
): Promise<System> {
  const { config } = settings;
  await using opened = new AsyncDisposableStack();
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
  );
  const endpoints = config.endpoints.map((endpoint) =>
    createOpenAiEngine({ ...common, config: endpoint, environment: settings.environment }),
  );
  engines.push(...endpoints);
  opened.defer(async () => {
    await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
  });
  const parts = { engines, levels: [chatLevel], clock: systemClock, ids };
  const registry = createRegistry(parts);
  const discover = (): Promise<unknown> =>
    Promise.all(
      endpoints.map((endpoint) =>
        endpoint.refreshModels(AbortSignal.timeout(discoveryMs)).catch((error: unknown) => {
          logger.error({ endpoint: endpoint.name, error: String(error) }, 'its models could not be listed');
        }),
      ),
    );
  await discover();
  const rediscover = setInterval(() => void discover(), rediscoverMs);
  rediscover.unref();
  opened.defer(() => clearInterval(rediscover));
  const refresh = setInterval(() => void shelf.refresh().catch(() => undefined), shelfRefreshMs);
  refresh.unref();
  opened.defer(() => clearInterval(refresh));
  const responses = options.keeps
    ? opened.use(
        await openResponseRuns({
          store: opened.use(
            await openStore(settings, (error) =>
              logger.error({ error: String(error) }, 'upkeep of the database failed'),
            ),
          ),
          clock: systemClock,
          // One server per home, so the pair names a process, before and after a restart.
          executorId: `${hostname()}:${settings.home}`,
          work: createResponseWork(parts),
          log: (level, text) => {
            if (level === 'error') logger.error({}, text);
            else logger.info({ level }, text);
          },
        }),
      )
    : undefined;
  const isLoopback = ['127.0.0.1', 'localhost', '::1'].includes(settings.host);
  const app = createApi({
    registry,
    clock: systemClock,
    ids,
    metrics,
    logger,
    version,
    ...(responses === undefined ? {} : { responses }),
    countInputTokens: async (served, { input, tools }) => {
      const engine = engines.find((each) => each.models().some((model) => model.id === served.model.id));
      return engine?.countTokens(served.model.id, toPrompt(input), tools);
    },
    ...(config.keys.length === 0 ? {} : { authorize: createKeyCheck(config.keys) }),
    ...(isLoopback ? { hostNames: ['127.0.0.1', 'localhost', '[::1]', '::1'] } : {}),
    ...(config.origins.length === 0 ? {} : { origins: config.origins }),
  });
  const lifetime = opened.move();
  return {
    shelf,
    registry,
    engines,
    app,
    listen: (options) => serve(app, options),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
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
