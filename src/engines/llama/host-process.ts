/** The server's end of one model's host process: starts it, speaks with it, and tells what happened when it ends. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GradusError } from '../../kernel/errors.ts';
import type { GenerationEvent } from '../engine.ts';
import type { FromHost, HostLoadOptions, HostModelFacts, ToHost } from './messages.ts';

export type HostAnswer = Exclude<FromHost, { kind: 'loaded' | 'load-failed' | 'events' }>;
export type HostEvent = GenerationEvent | HostAnswer | { readonly kind: 'lost'; readonly error: GradusError };

export interface HostProcessOptions {
  readonly load: HostLoadOptions;
  readonly model: string;
  /** Environment of the host; nothing of ours is secret to it, but it needs little. */
  readonly environment: Readonly<Record<string, string>>;
}

const stderrKeptBytes = 4096;

export class HostProcess implements AsyncDisposable {
  readonly facts: HostModelFacts;
  readonly #child: ChildProcess;
  readonly #listeners = new Map<number, (event: HostEvent) => void>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #hasExited = false;

  private constructor(child: ChildProcess, facts: HostModelFacts, model: string, stderr: () => string) {
    this.#child = child;
    this.facts = facts;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#hasExited = true;
        this.#failAll(
          new GradusError('engine-failed', {
            message:
              `The process of model ${model} ended (${signal ?? `code ${code ?? 'unknown'}`}). ${stderr()}`.trim(),
          }),
        );
        resolve();
      });
    });
    child.on('message', (message: FromHost) => this.#receive(message));
  }

  /** Starts a host and loads the model in it. Throws `model-load-failed` or `not-enough-memory`; an abort ends the process. */
  static async start(options: HostProcessOptions, signal: AbortSignal): Promise<HostProcess> {
    signal.throwIfAborted();
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const child = fork(fileURLToPath(new URL(`./host/main.${extension}`, import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env: {
        ...options.environment,
        // One thread of libuv's pool carries all native calls, so that llama.cpp sees one caller.
        UV_THREADPOOL_SIZE: '1',
      },
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-stderrKeptBytes);
    });
    const abort = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', abort);
    try {
      const facts = await new Promise<HostModelFacts>((resolve, reject) => {
        child.once('message', (message: FromHost) => {
          if (message.kind === 'loaded') resolve(message.facts);
          else if (message.kind === 'load-failed') {
            const { code, details } = message.error;
            reject(
              new GradusError(code, {
                ...details,
                message: `${details.message} ${lastLines(stderr)}`.trim(),
              }),
            );
          }
        });
        child.once('exit', (code, killedBy) => {
          if (signal.aborted)
            reject(new GradusError('cancelled', { message: 'Loading the model was cancelled.' }));
          else {
            reject(
              new GradusError('model-load-failed', {
                message: `The process that loads ${options.model} ended (${killedBy ?? `code ${code ?? 'unknown'}`}). ${lastLines(stderr)}`,
              }),
            );
          }
        });
        child.once('error', reject);
        const message: ToHost = { kind: 'load', options: options.load };
        child.send(message);
      });
      return new HostProcess(child, facts, options.model, () => lastLines(stderr));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return !this.#hasExited;
  }

  /** Sends a request of its own id; `onEvent` sees everything that comes back, until `forget`. */
  ask(
    build: (id: number) => ToHost,
    onEvent: (event: HostEvent) => void,
  ): { readonly id: number; forget(): void } {
    const id = this.#nextId++;
    this.#listeners.set(id, onEvent);
    if (this.#hasExited) {
      this.#failAll(new GradusError('engine-failed', { message: 'The model was unloaded.' }));
    } else {
      this.#child.send(build(id), (error) => {
        // A channel that closed is reported by the exit handler, to every listener.
        void error;
      });
    }
    return { id, forget: () => void this.#listeners.delete(id) };
  }

  cancel(id: number): void {
    if (this.#hasExited) return;
    const message: ToHost = { kind: 'cancel', id };
    this.#child.send(message, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasExited) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #receive(message: FromHost): void {
    switch (message.kind) {
      case 'events':
        for (const [id, event] of message.events) this.#listeners.get(id)?.(event);
        return;
      case 'failed':
      case 'embedded':
      case 'counted':
        this.#listeners.get(message.id)?.(message);
        return;
      case 'loaded':
        return;
      case 'load-failed':
        // After loading: the scheduler's loop itself failed. The process has no use any more.
        this.#child.kill('SIGKILL');
    }
  }

  #failAll(error: GradusError): void {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener({ kind: 'lost', error });
  }
}

/** What llama.cpp printed last that reads like a reason. */
function lastLines(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => /error|fail|invalid|abort|assert|memory|unknown/i.test(line))
    .slice(-3)
    .join(' ')
    .trim();
}
