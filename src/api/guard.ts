/**
 * Who may talk to the server at all. Without keys a server on loopback trusts its machine, and a web page
 * that the owner visits runs on that machine: names and origins that a browser states are checked first.
 */
import { GradusError } from '../kernel/errors.ts';
import type { Api, ApiContext } from './api-context.ts';
import { requestHeader } from './exchange.ts';

/** The names under which a server that is bound to loopback may be called. */
export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Throws `forbidden` for a foreign host name (DNS rebinding) or a foreign origin (a page of another site). */
export function requireKnownSource(c: ApiContext, api: Api): void {
  const host = requestHeader(c, 'host') ?? new URL(c.req.url).host;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (api.hostNames !== undefined && !api.hostNames.includes(name)) {
    throw new GradusError('forbidden', {
      message: `This server does not answer to the host name "${name.slice(0, 100)}", only to ${api.hostNames.join(', ')}`,
    });
  }
  const origin = requestHeader(c, 'origin');
  if (origin === undefined || isSameHost(origin, host)) return;
  if (api.origins?.includes(origin) !== true) {
    throw new GradusError('forbidden', {
      message: `Pages of ${origin.slice(0, 100)} may not call this server`,
    });
  }
  const headers = c.get('headers');
  headers['access-control-allow-origin'] = origin;
  headers['access-control-expose-headers'] =
    'x-request-id, openai-processing-ms, retry-after, retry-after-ms, x-should-retry';
  headers['vary'] = 'origin';
}

/** What a browser asks before it lets a page of a known origin call. */
export function preflightHeaders(c: ApiContext, allow: string): Record<string, string> {
  const wanted = c.req.header('access-control-request-headers');
  return {
    'access-control-allow-methods': allow,
    ...(wanted === undefined ? {} : { 'access-control-allow-headers': wanted }),
    'access-control-max-age': '600',
  };
}

/** The caller's key is checked by the owner's own port; without one everybody may call. */
export async function requireCaller(c: ApiContext, api: Api): Promise<void> {
  if (api.authorize === undefined) return;
  const key = /^Bearer +(\S+)$/i.exec(requestHeader(c, 'authorization') ?? '')?.[1];
  c.set('caller', await api.authorize(key));
}

function isSameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
