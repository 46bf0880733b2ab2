/**
 * Talks HTTP to a models' hub: what it announces of a file, and the bytes of the file from a position on.
 * Redirects are followed by hand, because the hub's own answer carries the sha256 and the storage's does not.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import { GradusError } from '../../kernel/errors.ts';
import type { HubSource } from './catalog-schema.ts';
import type { PullLimits, PullOptions } from './pull-task.ts';

const defaultHubUrl = 'https://huggingface.co';

export interface HubFile {
  readonly status: number;
  /** Undefined when the hub says none, as for files outside its large-file storage. */
  readonly sha256: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly retryAfterMs: number | undefined;
}

interface HubBytes extends HubFile {
  /** The position in the file of the first byte of `body`. */
  readonly startByte: number;
  readonly body: AsyncIterable<Buffer>;
}

export interface HubClient extends AsyncDisposable {
  /** Asks for the headers only. Rejects when the hub cannot be reached. */
  announce(source: HubSource, signal: AbortSignal): Promise<HubFile>;
  /** The file's bytes from `fromByte` on, if the hub can: see `startByte`. */
  open(source: HubSource, fromByte: number, signal: AbortSignal): Promise<HubBytes>;
}

export function createHubClient(
  options: Pick<PullOptions, 'hubUrl' | 'hubToken' | 'environment'>,
  limits: Pick<PullLimits, 'connectTimeoutMs' | 'idleTimeoutMs'>,
): HubClient {
  const { environment: env } = options;
  const agent = new EnvHttpProxyAgent({
    httpProxy: env['http_proxy'] ?? env['HTTP_PROXY'] ?? '',
    httpsProxy: env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '',
    noProxy: env['no_proxy'] ?? env['NO_PROXY'] ?? '',
    connect: { timeout: limits.connectTimeoutMs },
    headersTimeout: limits.idleTimeoutMs,
    bodyTimeout: limits.idleTimeoutMs,
  });

  async function send(
    method: 'HEAD' | 'GET',
    url: URL,
    fromByte: number,
    signal: AbortSignal,
  ): Promise<{ response: Dispatcher.ResponseData; file: HubFile }> {
    let target = url;
    let sha256: string | undefined;
    let sizeBytes: number | undefined;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const isHub = target.origin === url.origin;
      const response = await request(target, {
        method,
        dispatcher: agent,
        signal,
        headers: {
          'user-agent': 'gradus',
          'accept-encoding': 'identity',
          ...(isHub && options.hubToken ? { authorization: `Bearer ${options.hubToken}` } : {}),
          ...(fromByte > 0 ? { range: `bytes=${fromByte}-` } : {}),
        },
      });
      const { statusCode: status, headers } = response;
      sha256 ??= isHub ? readSha256(headers) : undefined;
      sizeBytes ??= readSize(headers, status);
      const location = readHeader(headers, 'location');
      const isRedirect = redirects.has(status) && location !== undefined;
      if (!isRedirect || (method === 'HEAD' && sha256 !== undefined)) {
        const retryAfterMs = readRetryAfter(headers);
        const answered = isRedirect ? 200 : status;
        return { response, file: { status: answered, sha256, sizeBytes, retryAfterMs } };
      }
      await response.body.dump();
      const next = new URL(location, target);
      if (target.protocol === 'https:' && next.protocol !== 'https:') {
        throw new Error(`it redirects from https to ${next.origin}`);
      }
      target = next;
    }
    throw new Error(`it redirects more than ${maxRedirects} times`);
  }

  return {
    async announce(source, signal) {
      const { response, file } = await send('HEAD', toFileUrl(options.hubUrl, source), 0, signal);
      await response.body.dump();
      return file;
    },
    async open(source, fromByte, signal) {
      const { response, file } = await send('GET', toFileUrl(options.hubUrl, source), fromByte, signal);
      const range = /^bytes (\d+)-/.exec(readHeader(response.headers, 'content-range') ?? '');
      const startByte = file.status === 206 ? Number(range?.[1] ?? NaN) : 0;
      return { ...file, startByte, body: response.body };
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** How the hub is named in messages. */
export function toHubName(hubUrl: string | undefined): string {
  return parseHubUrl(hubUrl).host;
}

/** Why a request failed, as a clause for people. */
export function describeNetworkError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = networkErrors[code];
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  return code === '' || message.includes(code) ? message : `${message} (${code})`;
}

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

const networkErrors: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
  UND_ERR_SOCKET: 'the connection was cut',
};

function parseHubUrl(hubUrl: string | undefined): URL {
  const url = URL.parse(hubUrl ?? defaultHubUrl);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new GradusError('invalid-config', {
    message: `The address of the models' hub is not an http or https URL: ${JSON.stringify(hubUrl)}.`,
  });
}

function toFileUrl(hubUrl: string | undefined, source: HubSource): URL {
  const base = parseHubUrl(hubUrl);
  const path = [source.repository, 'resolve', source.revision ?? 'main', source.file].join('/');
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return new URL(`${base.pathname.replace(/\/$/, '')}/${encoded}`, base);
}

function readHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function readSha256(headers: IncomingHttpHeaders): string | undefined {
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(readHeader(headers, 'x-linked-etag') ?? '')?.[1];
}

function readSize(headers: IncomingHttpHeaders, status: number): number | undefined {
  const linked = readHeader(headers, 'x-linked-size');
  const ranged = /\/(\d+)$/.exec(readHeader(headers, 'content-range') ?? '')?.[1];
  const whole = status === 200 ? readHeader(headers, 'content-length') : undefined;
  const text = linked ?? ranged ?? whole;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function readRetryAfter(headers: IncomingHttpHeaders): number | undefined {
  const text = readHeader(headers, 'retry-after');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}
