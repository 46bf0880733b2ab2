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
import { createRegistry } from '../levels/registry.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { createRealClock } from './real-clock.ts';

export interface ApiFixtureOptions {
  readonly engine?: Omit<ScriptedEngineOptions, 'clock'>;
  /** Default: the real clock. */
  readonly clock?: Clock;
  readonly api?: Partial<Omit<ApiOptions, 'registry' | 'metrics' | 'clock'>>;
}

export interface ApiFixture extends AsyncDisposable {
  readonly app: ReturnType<typeof createApi>;
  readonly engine: Engine;
  readonly client: HttpClient;
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
  const app = createApi({
    registry: createRegistry({ engines: [engine], levels: [chatLevel], clock, ids }),
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
    log,
    client: createHttpClient((request) => app.fetch(request, {})),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
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
