/** `gradus serve` as its own process with a real model, for tests that are its users. */
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { findTestWeights } from '../../src/testing/weights.ts';

export const mainFile: string = join(import.meta.dirname, '../../src/app/main.ts');

export interface ServedProgram extends AsyncDisposable {
  readonly url: string;
  readonly home: string;
  readonly processId: number;
  /** Asks it to stop as Ctrl-C does; the exit code. */
  stop(): Promise<number | null>;
}

/** A home whose models folder has the weights of the test cache, with their verification records. */
async function prepareHome(home: string, models: readonly string[]): Promise<void> {
  const folder = join(home, 'models');
  mkdirSync(folder, { recursive: true });
  for (const id of models) {
    const path = await findTestWeights(id);
    symlinkSync(path, join(folder, basename(path)));
    symlinkSync(`${path}.json`, join(folder, `${basename(path)}.json`));
  }
}

export async function serveProgram(
  model: string,
  models: readonly string[] = [model],
): Promise<ServedProgram> {
  const folder = openTemporaryFolder();
  await prepareHome(folder.path, models);
  const child = spawn(process.execPath, [mainFile, 'serve', '--port', '0', '--model', model], {
    env: { ...process.env, GRADUS_HOME: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const match = /listens on (http:\/\/\S+)/.exec(output);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', (code) => reject(new Error(`gradus serve ended with ${code}: ${errors}`)));
  });
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT');
    return exited;
  };
  return {
    url,
    home: folder.path,
    processId: child.pid ?? 0,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
