/** Runs another program to its end, with the end of what it printed, and ends it when asked to. */
import { spawn } from 'node:child_process';
import { isErrorCode } from './disk.ts';

export interface ProcessRun {
  /** Undefined when the command does not exist. */
  readonly exitCode: number | undefined;
  /** The end of what it printed, both streams together. */
  readonly output: string;
}

/** Runs a process to its end; an abort ends it within two seconds. */
export function runProcess(options: {
  readonly command: readonly [string, ...string[]];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}): Promise<ProcessRun> {
  const [program, ...first] = options.command;
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) {
      resolve({ exitCode: 1, output: '' });
      return;
    }
    const child = spawn(program, [...first, ...options.args], {
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-keptOutputChars);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    let force: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      force = setTimeout(() => child.kill('SIGKILL'), 1500);
    };
    options.signal.addEventListener('abort', end, { once: true });
    const cleanUp = (): void => {
      clearTimeout(force);
      options.signal.removeEventListener('abort', end);
    };
    child.on('error', (error) => {
      cleanUp();
      if (isErrorCode(error, 'ENOENT')) resolve({ exitCode: undefined, output });
      else reject(error);
    });
    child.on('close', (code) => {
      cleanUp();
      resolve({ exitCode: code ?? 1, output });
    });
  });
}

const keptOutputChars = 65_536;
