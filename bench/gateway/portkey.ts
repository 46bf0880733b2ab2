/** The comparator: Portkey's open gateway, installed on demand into a cache of its own and never into the project. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export const portkeyVersion = '1.15.2';

export interface Portkey extends AsyncDisposable {
  readonly port: number;
  cpuSeconds(): number;
}

/** Undefined, with the reason on the console, when it cannot be installed here. */
export async function startPortkey(upstreamPort: number): Promise<Portkey | undefined> {
  const folder = join(homedir(), '.cache', 'gradus-bench', `portkey-${portkeyVersion}`);
  const entry = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true });
    const code = await run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefix',
      folder,
      `@portkey-ai/gateway@${portkeyVersion}`,
    ]);
    if (code !== 0 || !existsSync(entry)) {
      console.log(`@portkey-ai/gateway ${portkeyVersion} cannot be installed here; no comparison.`);
      return undefined;
    }
  }
  const port = await freePort();
  const child = spawn(process.execPath, [entry, '--headless', `--port=${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TRUSTED_CUSTOM_HOSTS: `127.0.0.1,localhost,127.0.0.1:${upstreamPort}` },
  });
  await untilListening(port);
  return {
    port,
    cpuSeconds: () => readCpuSeconds(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      child.kill();
    },
  };
}

function run(command: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('exit', resolve);
    child.on('error', () => resolve(1));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await wait(100);
  }
  throw new Error('the gateway to compare with does not listen');
}

/** Linux only: user and system time of another process, in ticks of 10 ms. */
function readCpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
