/** The clients: plain Node requests over kept connections, each after the other on its own lane. */
import { Agent, request } from 'node:http';
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
  /** The longest time that a token took from the engine to the client, per request. */
  readonly worstLagMs: readonly number[];
  readonly durationMs: number;
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients });
  const addedMs: number[] = [];
  const worstLagMs: number[] = [];
  let started = 0;
  let done = 0;
  const startedMs = sharedNowMs();
  const lane = async (): Promise<void> => {
    while (started < options.requests) {
      started++;
      const answer = await ask(agent, options);
      if (answer.addedMs !== undefined) addedMs.push(answer.addedMs);
      worstLagMs.push(answer.worstLagMs);
      options.onDone?.(++done);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, lane));
  agent.destroy();
  return { addedMs, worstLagMs, durationMs: sharedNowMs() - startedMs };
}

function ask(
  agent: Agent,
  { target, prompt, stream }: LoadOptions,
): Promise<{ addedMs: number | undefined; worstLagMs: number }> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: 'scripted', stream, messages: [{ role: 'user', content: prompt }] });
    const startedMs = sharedNowMs();
    let addedMs: number | undefined;
    let worstLagMs = 0;
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
          if (oldest !== undefined) worstLagMs = Math.max(worstLagMs, nowMs - Number(oldest));
        });
        incoming.on('end', () => {
          if (incoming.statusCode !== 200) reject(new Error(`status ${incoming.statusCode}: ${text}`));
          else resolve({ addedMs, worstLagMs });
        });
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
