/**
 * One worker process seen from the sandbox: started with next to nothing, given one program at a time,
 * and killed the moment it is late. The process is reused while it behaves.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { GradusError } from '../../../kernel/errors.ts';
import { FrameReader, toFrame, type WorkerReply, type WorkerRequest } from './frame.ts';

export interface WorkerOptions {
  /** An empty folder that the process stands in. */
  readonly folder: string;
  /** What most programs may use; realms for it are made ahead. */
  readonly memoryBytes: number;
  /** Another program than our worker, by which a test shows what a worker gone bad can do. */
  readonly file?: string;
}

export type WorkerEnd =
  | { readonly kind: 'ran'; readonly reply: Extract<WorkerReply, { kind: 'ran' }> }
  | { readonly kind: 'killed' }
  | { readonly kind: 'died'; readonly reason: string };

/** Bounds a worker that nobody is left to kill. Workers are replaced long before they have used so much. */
const cpuLimitSeconds = 300;
const readyWithinMs = 30_000;
const stderrChars = 2_000;

export class WorkerProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #frames = new FrameReader();
  #awaited: ((end: WorkerEnd | { readonly kind: 'ready' }) => void) | undefined;
  #death: string | undefined;
  #stderr = '';
  #isReady = false;
  /** Resolves when the process is gone, whatever ended it. */
  readonly exited: Promise<void>;

  /** Resolves when the process can take a program; rejects with `sandbox-failed` when it cannot be had. */
  static async start(options: WorkerOptions): Promise<WorkerProcess> {
    const worker = new WorkerProcess(options);
    const timer = setTimeout(() => worker.kill('it was not ready in time'), readyWithinMs);
    const end = await worker.#wait();
    clearTimeout(timer);
    if (end.kind === 'ready') return worker;
    worker.kill('it did not start');
    const reason = end.kind === 'died' ? end.reason : `it said "${end.kind}" first`;
    throw new GradusError('sandbox-failed', {
      message: `The sandbox's worker process did not start: ${reason}.`,
    });
  }

  private constructor(options: WorkerOptions) {
    this.#child = spawnWorker(options);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#die(error.message);
        if (this.#child.pid === undefined) resolve();
      });
      this.#child.once('exit', (code, signal) => {
        this.#die(`the worker process ended with ${signal ?? `code ${code}`} ${this.#stderr.trim()}`.trim());
        resolve();
      });
    });
    this.#child.stdin.on('error', () => this.kill('its pipe broke'));
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-stderrChars);
    });
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /** Runs one program; kills the process when no answer came within `killAfterMs` or when `signal` aborts. */
  async run(request: WorkerRequest, killAfterMs: number, signal?: AbortSignal): Promise<WorkerEnd> {
    const waiting = this.#wait();
    let isKilled = false;
    const stop = (): void => {
      isKilled = true;
      this.kill('it was stopped');
    };
    const timer = setTimeout(stop, killAfterMs);
    signal?.addEventListener('abort', stop, { once: true });
    this.#child.stdin.write(toFrame(request));
    const end = await waiting;
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    if (isKilled) return { kind: 'killed' };
    return end.kind === 'ready' ? { kind: 'died', reason: 'it began again' } : end;
  }

  kill(reason: string): void {
    this.#die(reason);
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    try {
      // The worker leads a process group of its own, so this ends whatever might have joined it.
      if (process.platform === 'win32') this.#child.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL');
    }
  }

  #wait(): Promise<WorkerEnd | { readonly kind: 'ready' }> {
    return new Promise((resolve) => {
      if (this.#death === undefined) this.#awaited = resolve;
      else resolve({ kind: 'died', reason: this.#death });
    });
  }

  #settle(end: WorkerEnd | { readonly kind: 'ready' }): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.(end);
  }

  #die(reason: string): void {
    this.#death ??= reason;
    this.#settle({ kind: 'died', reason: this.#death });
  }

  #read(chunk: Buffer): void {
    // Nobody asked: whoever wrote this is not our worker any more.
    if (this.#awaited === undefined) return this.kill('it spoke unasked');
    this.#frames.push(chunk);
    const frame = this.#frames.next();
    if (frame.kind === 'incomplete') return;
    const reply = frame.kind === 'frame' ? replySchema.safeParse(frame.body) : undefined;
    const isInOrder = reply?.success === true && (reply.data.kind === 'ready') !== this.#isReady;
    if (!isInOrder || !this.#frames.isEmpty) {
      this.kill(frame.kind === 'broken' ? `it sent ${frame.reason}` : 'it sent what is not one answer');
      return;
    }
    this.#isReady = true;
    this.#settle(reply.data.kind === 'ready' ? reply.data : { kind: 'ran', reply: reply.data });
  }
}

const reportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('value'), json: z.string() }),
  z.strictObject({ kind: z.literal('no-value'), reason: z.string() }),
  z.strictObject({ kind: z.literal('threw'), name: z.string(), message: z.string(), stack: z.string() }),
  z.strictObject({ kind: z.literal('syntax-error'), message: z.string() }),
  z.strictObject({ kind: z.literal('timed-out') }),
  z.strictObject({ kind: z.literal('out-of-memory') }),
  z.strictObject({ kind: z.literal('output-too-large'), what: z.enum(['value', 'printed']) }),
  z.strictObject({ kind: z.literal('crashed'), reason: z.string() }),
]);

const replySchema: z.ZodType<WorkerReply> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({
    kind: z.literal('ran'),
    report: reportSchema,
    printed: z.string(),
    rssBytes: z.number().nonnegative(),
    cpuMs: z.number().nonnegative(),
  }),
]);

/**
 * First in line when memory runs out, no core file, no file writing, an end to its processor time should
 * nobody be left to kill it, and a deep stack where the system grants one, so that the interpreter meets
 * its own limit before it meets V8's. Where the system lets us, the process also gets a network of its own
 * with nothing in it, and loses whatever rights our user has over others.
 */
const frugalStart = `
{ echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null
ulimit -c 0 2>/dev/null
ulimit -t ${cpuLimitSeconds} 2>/dev/null
ulimit -f 0 2>/dev/null
if ulimit -s 32768 2>/dev/null; then stack=30000; else stack=984; fi
alone='unshare --user --map-root-user --net'
$alone true 2>/dev/null || alone=
exec $alone "$0" --stack-size=$stack "$@"
`;

function spawnWorker(options: WorkerOptions): ChildProcessByStdio<Writable, Readable, Readable> {
  const nodeArguments = [
    '--permission',
    ...readableFolders().map((folder) => `--allow-fs-read=${join(folder, '*')}`),
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    options.file ?? workerFile(),
    String(options.memoryBytes),
  ];
  const isWindows = process.platform === 'win32';
  const [command, commandArguments] = isWindows
    ? [process.execPath, nodeArguments]
    : ['/bin/sh', ['-c', frugalStart, process.execPath, ...nodeArguments]];
  return spawn(command, commandArguments, {
    cwd: options.folder,
    env: { TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: !isWindows,
    windowsHide: true,
  });
}

function workerFile(): string {
  return fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
  );
}

/** The worker's own code and the packages it is made of; it reads them at its start and nothing afterwards. */
function readableFolders(): string[] {
  const require = createRequire(import.meta.url);
  const core = require.resolve('quickjs-emscripten-core');
  const files = [
    require.resolve('@jitl/quickjs-wasmfile-release-sync/package.json'),
    join(dirname(core), '..', 'package.json'),
    createRequire(core).resolve('@jitl/quickjs-ffi-types/package.json'),
  ];
  return [dirname(dirname(fileURLToPath(import.meta.url))), ...files.map((file) => dirname(file))];
}
