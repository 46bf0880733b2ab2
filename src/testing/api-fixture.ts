/** The whole api over the scripted engine, for tests that speak HTTP: without a port, or on one. */
import { createApi } from '../api/api.ts';
import type { ApiOptions } from '../api/api-context.ts';
import { createMetrics } from '../api/metrics.ts';
import { serve, type RunningServer } from '../api/server.ts';
import { createScriptedEngine, type ScriptedEngineOptions } from '../engines/scripted/scripted-engine.ts';
import type { Engine } from '../engines/engine.ts';
import type { Clock } from '../kernel/clock.ts';
import { createIdSource } from '../kernel/ids.ts';
import { createSeededRandom } from '../kernel/random.ts';
import { chatLevel } from '../levels/l1-chat/l1-chat.ts';
import { toPrompt } from '../levels/l1-chat/prompt.ts';
import { createRegistry } from '../levels/registry.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import type { ResponseRuns } from '../runtime/response-runs.ts';
import { createMemoryResponseRuns } from './memory-response-runs.ts';
import { createRealClock } from './real-clock.ts';

export interface ApiFixtureOptions {
  readonly engine?: Omit<ScriptedEngineOptions, 'clock'>;
  /** Default: the real clock. */
  readonly clock?: Clock;
  /** Whether responses are stored, in this process only. */
  readonly stores?: boolean;
  readonly api?: Partial<Omit<ApiOptions, 'registry' | 'metrics' | 'clock'>>;
}

export interface ApiFixture extends AsyncDisposable {
  readonly app: ReturnType<typeof createApi>;
  readonly engine: Engine;
  readonly client: HttpClient;
  /** When `stores` was asked for. */
  readonly responses: ResponseRuns | undefined;
  /** The log lines, in order. */
  readonly log: readonly LogLine[];
}

export interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function createApiFixture(options: ApiFixtureOptions = {}): ApiFixture {
  const clock = options.clock ?? createRealClock();
  const ids = createIdSource(clock, createSeededRandom(1));
  const metrics = createMetrics();
  const engine = createScriptedEngine({ clock, observer: metrics, ...options.engine });
  const log: LogLine[] = [];
  const write = (fields: LogLine['fields'], message: string): void => {
    log.push({ message, fields });
  };
  const registry = createRegistry({ engines: [engine], levels: [chatLevel], clock, ids });
  const responses = options.stores === true ? createMemoryResponseRuns({ registry, clock }) : undefined;
  const app = createApi({
    registry,
    ...(responses === undefined ? {} : { responses }),
    countInputTokens: (served, { input, tools }) =>
      engine.countTokens(served.model.id, toPrompt(input), tools),
    clock,
    ids,
    metrics,
    logger: { info: write, error: write },
    version: '0.0.0-test',
    ...options.api,
  });
  return {
    app,
    engine,
    responses,
    log,
    client: createHttpClient((request) => app.fetch(request, {})),
    async [Symbol.asyncDispose]() {
      await responses?.[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

export interface ServedFixture extends ApiFixture {
  readonly server: RunningServer;
}

/** The same on a free port of loopback. */
export async function serveApiFixture(options: ApiFixtureOptions = {}): Promise<ServedFixture> {
  const fixture = createApiFixture(options);
  const server = await serve(fixture.app, { host: '127.0.0.1', port: 0, graceMs: 100 });
  return {
    ...fixture,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await fixture[Symbol.asyncDispose]();
    },
  };
}
