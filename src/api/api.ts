/** Puts the api together: what happens to every request before and after the route that answers it. */
import { Hono } from 'hono';
import { GradusError, toGradusError } from '../kernel/errors.ts';
import type { Api, ApiContext, ApiEnv, ApiOptions } from './api-context.ts';
import { answerHeaders, reply } from './exchange.ts';
import { preflightHeaders, requireCaller, requireKnownSource } from './guard.ts';
import { createApiDocument, type ApiDocument } from './openapi.ts';
import { toReferencePage } from './reference.ts';
import { apiRoutes, type Route } from './routes.ts';
import { StreamPulse } from './streaming/stream-pulse.ts';
import { toErrorBody } from './wire/error.ts';

const defaultBodyBytes = 32 * 1024 * 1024;
const defaultPendingCharacters = 4 * 1024 * 1024;

/** How long to ask a caller to wait when the failure itself does not say. */
const defaultRetryAfterMs = 1_000;

export function createApi(options: ApiOptions): Hono<ApiEnv> {
  const api: Api = {
    ...options,
    limits: {
      bodyBytes: options.limits?.bodyBytes ?? defaultBodyBytes,
      pendingCharacters: options.limits?.pendingCharacters ?? defaultPendingCharacters,
    },
    pulse: new StreamPulse(options.clock, options.streaming),
  };
  api.metrics.watch({ loads: () => api.registry.loads(), openStreams: () => api.pulse.size });
  const routes = [...apiRoutes, ...documentRoutes(api)];
  const app = new Hono<ApiEnv>();
  app.onError((thrown, c) => answerFailure(c, api, toGradusError(thrown)));
  app.notFound((c) => {
    // Returned, not thrown: a throw here would pass by the middleware that counts the request.
    const message = `There is nothing at ${c.req.path.slice(0, 200)}`;
    return answerFailure(c, api, new GradusError('not-found', { message }));
  });
  app.use(async (c, next) => {
    begin(c, api);
    requireKnownSource(c, api);
    await next();
    if (c.env.outgoing === undefined) finish(c, api, c.res.status);
  });
  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      c.get('facts')['route'] = route.shownPath ?? route.path;
      if (route.isOpen !== true) await requireCaller(c, api);
      return route.handle(c, api);
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    app.all(path, (c) => answerOtherMethod(c, api, allowedMethods(routes, path)));
  }
  return app;
}

/** The document and the page that shows it. Made when first asked for: most servers are never asked. */
function documentRoutes(api: Api): readonly Route[] {
  let made: ApiDocument | undefined;
  const document = (): ApiDocument => (made ??= createApiDocument([...apiRoutes, ...own], api.version));
  const own: readonly Route[] = [
    {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description for programs',
      isOpen: true,
      handle: (c) => reply(c, api, document()),
    },
    {
      method: 'GET',
      path: '/reference',
      summary: 'This description for people',
      isOpen: true,
      contentType: 'text/html',
      handle: async (c) =>
        new Response(await toReferencePage(document()), {
          headers: {
            ...answerHeaders(c, api),
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
          },
        }),
    },
  ];
  return own;
}

function begin(c: ApiContext, api: Api): void {
  c.set('requestId', api.ids.create('req'));
  c.set('startedMs', api.clock.monotonicMs());
  c.set('headers', {});
  c.set('facts', {});
  const outgoing = c.env.outgoing;
  outgoing?.once('close', () => finish(c, api, outgoing.writableFinished ? outgoing.statusCode : 499));
}

function finish(c: ApiContext, api: Api, status: number): void {
  const { route, ...facts } = c.get('facts');
  const durationMs = api.clock.monotonicMs() - c.get('startedMs');
  const label = typeof route === 'string' ? route : 'unknown';
  api.metrics.countRequest({ route: label, method: c.req.method, status, durationMs });
  const caller = c.get('caller')?.label;
  api.logger.info(
    {
      requestId: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      status,
      durationMs: Math.round(durationMs),
      ...(caller === undefined ? {} : { caller }),
      ...facts,
    },
    'request',
  );
}

function answerFailure(c: ApiContext, api: Api, error: GradusError): Response {
  const { kind } = error;
  if (c.get('requestId') === undefined) begin(c, api);
  c.get('facts')['error'] = error.code;
  if (kind.status >= 500) {
    api.logger.error({ requestId: c.get('requestId'), code: error.code, err: error }, error.message);
  }
  const headers = c.get('headers');
  headers['x-should-retry'] = String(kind.retryable);
  if (kind.retryable && (kind.status === 429 || kind.status === 503)) {
    const afterMs = error.details.retryAfterMs ?? defaultRetryAfterMs;
    headers['retry-after-ms'] = String(Math.ceil(afterMs));
    headers['retry-after'] = String(Math.ceil(afterMs / 1000));
  }
  // What is left of such a body must not be taken for the next request.
  if (error.code === 'body-too-large') headers['connection'] = 'close';
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer';
  return reply(c, api, toErrorBody(error), kind.status);
}

function allowedMethods(routes: readonly Route[], path: string): string {
  const methods = routes.filter((route) => route.path === path).map((route) => route.method);
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

function answerOtherMethod(c: ApiContext, api: Api, allow: string): Response {
  c.get('headers')['allow'] = allow;
  if (c.req.method === 'OPTIONS') {
    return new Response(null, {
      status: 204,
      headers: { ...answerHeaders(c, api), ...preflightHeaders(c, allow) },
    });
  }
  throw new GradusError('method-not-allowed', {
    message: `${c.req.method} is not possible here; this path takes ${allow}`,
  });
}
