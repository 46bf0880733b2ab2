/** The clients: plain Node requests over kept connections, each after the other on its own lane. */
import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { sharedNowMs } from './child.ts';

export interface Target {
  readonly port: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  readonly target: Target;
  readonly clients: number;
  /** Of all clients together. */
  readonly requests: number;
  readonly prompt: string;
  readonly stream: boolean;
  /** Called after each answer. */
  readonly onDone?: (count: number) => void;
}

export interface LoadResult {
  /** Time to the first token without what the engine says that it took, per request. */
  readonly addedMs: readonly number[];
  /** How long the oldest token of each chunk took from the engine to the client. */
  readonly lagMs: readonly number[];
  /** How long this process stood still at worst: what the machine did to the clients themselves. */
  readonly stallMs: number;
  readonly durationMs: number;
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients });
  const addedMs: number[] = [];
  const lagMs: number[] = [];
  let started = 0;
  let done = 0;
  const startedMs = sharedNowMs();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const lane = async (): Promise<void> => {
    while (started < options.requests) {
      started++;
      const added = await ask(agent, options, lagMs);
      if (added !== undefined) addedMs.push(added);
      options.onDone?.(++done);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, lane));
  agent.destroy();
  delay.disable();
  const durationMs = sharedNowMs() - startedMs;
  return { addedMs, lagMs, durationMs, stallMs: delay.max / 1e6 };
}

/** The time to the first token without what the engine says that it took; delays of later ones go to `lagMs`. */
function ask(
  agent: Agent,
  { target, prompt, stream }: LoadOptions,
  lagMs: number[],
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: 'scripted', stream, messages: [{ role: 'user', content: prompt }] });
    const startedMs = sharedNowMs();
    let addedMs: number | undefined;
    let text = '';
    const outgoing = request(
      {
        agent,
        host: '127.0.0.1',
        port: target.port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-bench-stream': String(stream),
          ...target.headers,
        },
      },
      (incoming) => {
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          const nowMs = sharedNowMs();
          if (addedMs === undefined) {
            text += chunk;
            const first = /\+([\d.]+) /.exec(text)?.[1];
            if (first !== undefined) addedMs = nowMs - startedMs - Number(first);
          }
          // The oldest stamp of a chunk is the one that waited longest.
          const oldest = /@([\d.]+) /.exec(chunk)?.[1];
          if (oldest !== undefined) lagMs.push(nowMs - Number(oldest));
        });
        incoming.on('end', () => {
          if (incoming.statusCode !== 200) reject(new Error(`status ${incoming.statusCode}: ${text}`));
          else resolve(addedMs);
        });
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
