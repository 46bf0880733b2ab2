/** Runs commands side by side, each with a time limit, and prints one line for each: its result and its seconds. */
import { spawn } from 'node:child_process';

export interface Step {
  readonly name: string;
  /** The program and its arguments. */
  readonly command: readonly [string, ...(readonly string[])];
  readonly timeLimitMs: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Looks at the output of a command that exited with 0; a returned text is the reason to fail it all the same. */
  readonly review?: (output: string) => string | undefined;
}

export interface StepResult {
  readonly name: string;
  readonly isPassed: boolean;
  readonly output: string;
}

export interface StepOptions {
  /** How many steps run at once. */
  readonly concurrency: number;
  readonly print: (line: string) => void;
}

/** Starts the steps in order. A failed step does not stop the others; its whole output is printed when it ends. */
export async function runSteps(
  steps: readonly Step[],
  { concurrency, print }: StepOptions,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const waiting = [...steps];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startMs = performance.now();
      const result = await runStep(step);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
      print(`${result.isPassed ? 'ok  ' : 'FAIL'} ${step.name.padEnd(10)} ${seconds} s`);
      if (!result.isPassed) print(result.output.trimEnd());
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

function runStep(step: Step): Promise<StepResult> {
  const { name, command, timeLimitMs, env, review } = step;
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    // Not spawn's own timeout: it keeps its timer when the program cannot be started.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeLimitMs);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ name, isPassed: false, output: `${program}: ${error.message}` });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const reason =
        signal !== null
          ? `ended by ${signal}; its limit is ${timeLimitMs / 1000} s`
          : code === 0
            ? review?.(output)
            : `exited with ${code}`;
      resolve({
        name,
        isPassed: reason === undefined,
        output: reason === undefined ? output : `${output}\n${name}: ${reason}`,
      });
    });
  });
}
