/** A process that pulls one model: prints its progress as JSON lines, stops at SIGINT as the command line does. */
import { pullWeights } from '../../src/engines/weights/pull.ts';
import type { PullOptions } from '../../src/engines/weights/pull-task.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
try {
  const pulled = await pullWeights({
    ...(JSON.parse(process.argv[2] ?? '{}') as PullOptions),
    clock: createRealClock(),
    signal: stop.signal,
    environment: process.env,
    onProgress: ({ phase, receivedBytes }) => console.log(JSON.stringify({ phase, receivedBytes })),
  });
  console.log(JSON.stringify({ phase: 'result', fresh: pulled.fresh }));
} catch (error) {
  console.log(JSON.stringify({ phase: 'error', code: (error as { code?: string }).code }));
  process.exitCode = 1;
}
