/** Raw llama.cpp as the peer of the embedded engine: the prebuilt Python wheel `xllamacpp` in a process of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import { execFileSync } from 'node:child_process';

export interface RawAnswer {
  readonly predictedTokens: number;
  readonly predictedMs: number;
  readonly promptTokens: number;
  readonly promptMs: number;
}

export interface RawLlama extends AsyncDisposable {
  complete(options: {
    readonly prompt: string;
    readonly tokens: number;
    readonly samples: number;
  }): Promise<RawAnswer>;
  cpuSeconds(): number;
}

const wheel = 'xllamacpp==2026.10.11549';

/** Installs the wheel once into `cacheFolder`, then loads the model. Ends its process when disposed. */
export async function openRawLlama(options: {
  readonly cacheFolder: string;
  readonly path: string;
  readonly contextTokens: number;
  readonly parallel: number;
  readonly threads: number;
}): Promise<RawLlama> {
  const python = await preparePython(options.cacheFolder);
  const { path: modelPath, contextTokens, parallel, threads } = options;
  const child = spawn(
    python,
    [
      path.join(import.meta.dirname, 'raw-llama.py'),
      JSON.stringify({ path: modelPath, contextTokens, parallel, threads }),
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('raw llama.cpp ended');
    return JSON.parse(line.value);
  };
  await next();
  return {
    async complete({ prompt, tokens, samples }) {
      const request = {
        prompt,
        n_predict: tokens,
        temperature: samples > 1 ? 0.7 : 0,
        ignore_eos: true,
        n: samples,
        cache_prompt: true,
      };
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = (await next()) as {
        timings: { predicted_n: number; predicted_ms: number; prompt_n: number; prompt_ms: number };
      };
      const { timings } = answer;
      return {
        predictedTokens: timings.predicted_n * samples,
        predictedMs: timings.predicted_ms,
        promptTokens: timings.prompt_n,
        promptMs: timings.prompt_ms,
      };
    },
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** User and system seconds of a process, threads included; 0 where there is no /proc. */
export function cpuSecondsOf(processId: number): number {
  try {
    const stat = execFileSync('cat', [`/proc/${processId}/stat`], { encoding: 'utf8' });
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

async function preparePython(cacheFolder: string): Promise<string> {
  const venv = path.join(cacheFolder, 'xllamacpp');
  const python = path.join(venv, 'bin', 'python');
  if (!existsSync(path.join(venv, 'ready'))) {
    await mkdir(cacheFolder, { recursive: true });
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit', timeout: 120_000 });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', wheel], { stdio: 'inherit', timeout: 300_000 });
    execFileSync('touch', [path.join(venv, 'ready')]);
  }
  return python;
}
