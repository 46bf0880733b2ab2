/** Parts of the benchmark that run in processes of their own, and the few messages that they understand. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

export interface Child extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** CPU and memory of the child up to now. */
  use(): Promise<ProcessUse>;
  /** Sends any other order and waits for its answer. */
  ask(order: string): Promise<unknown>;
}

/** Starts a file beside this one. It must call `answerOrders` when it is ready. */
export async function startChild(file: string, args: readonly string[] = []): Promise<Child> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: process.env['GRADUS_BENCH_NODE_OPTIONS']?.split(' ') ?? [],
  });
  const port = Number(await nextMessage(child));
  const ask = async (order: string): Promise<unknown> => {
    child.send(order);
    return nextMessage(child);
  };
  return {
    port,
    pid: child.pid ?? 0,
    ask,
    async use() {
      return (await ask('use')) as ProcessUse;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.send('stop');
      await once(child, 'exit');
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (value: unknown): void => {
      child.off('exit', onExit);
      resolve(value);
    };
    const onExit = (code: number | null): void => {
      child.off('message', onMessage);
      reject(new Error(`a process of the benchmark ended with ${code}`));
    };
    child.once('message', onMessage).once('exit', onExit);
  });
}

/** In the child: tells the port, then answers orders until it is told to stop. */
export function answerOrders(
  port: number,
  orders: Readonly<Record<string, () => Promise<unknown>>>,
  stop: () => Promise<void>,
): void {
  process.on('message', (order: string) => {
    void (async () => {
      if (order === 'stop') {
        await stop();
        process.exit(0);
      }
      if (order === 'use') {
        const { user, system } = process.cpuUsage();
        const { rss, heapUsed } = process.memoryUsage();
        process.send?.({ cpuSeconds: (user + system) / 1e6, rssBytes: rss, heapBytes: heapUsed });
        return;
      }
      process.send?.(await orders[order]?.());
    })();
  });
  process.send?.(port);
}

/** Milliseconds of a clock that all processes of one machine share. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
