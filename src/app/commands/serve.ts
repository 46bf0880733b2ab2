/** `gradus serve`: the server, with a model ready to talk. */
import { mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import pino from 'pino';
import { lockFolder } from '../../store/pglite/folder-lock.ts';
import { systemClock } from '../real-world.ts';
import type { Settings } from '../settings.ts';
import { createSystem } from '../system.ts';
import { formatDuration } from '../terminal.ts';
import { ensureDefaultModel } from './ensure-model.ts';

export interface ServeFlags {
  /** Log every request, not only failures. */
  readonly verbose: boolean;
}

/** Runs until the signal aborts. */
export async function runServe(settings: Settings, flags: ServeFlags, signal: AbortSignal): Promise<void> {
  await mkdir(settings.home, { recursive: true });
  using _lock = lockFolder(path.join(settings.home, 'server.lock'), {
    pid: process.pid,
    host: os.hostname(),
    since: new Date().toISOString(),
  });
  const logger = pino({ level: flags.verbose ? 'info' : 'error' }, pino.destination(2));
  await using system = await createSystem(settings, logger, { keeps: true });
  const { config, host, port } = settings;
  // The port is taken first: a port that is in use is told before a gigabyte is fetched for nothing.
  await using server = await system.listen({ host, port });
  let name: string | undefined;
  if (config.script === undefined && (config.endpoints.length === 0 || settings.model !== undefined)) {
    const entry = await ensureDefaultModel(system.shelf, signal);
    name = entry.id;
    process.stderr.write(`Loading ${name} …\n`);
    const startedMs = systemClock.monotonicMs();
    const engine = system.engines.find((each) => each.models().some((model) => model.id === name));
    await engine?.load(name, signal);
    process.stderr.write(`${name} is ready (${formatDuration(systemClock.monotonicMs() - startedMs)}).\n`);
  }
  const model = name ?? system.registry.list()[0]?.id ?? 'MODEL';
  process.stdout.write(`Gradus listens on ${server.url}

  curl ${server.url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'

  API reference: ${server.url}/reference    stop: Ctrl-C
`);
  await untilAborted(signal);
  process.stderr.write('Stopping …\n');
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
