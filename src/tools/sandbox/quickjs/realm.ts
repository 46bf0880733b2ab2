/**
 * One interpreter for one program: a WebAssembly instance of its own with a fresh context in it. Instances
 * share nothing but the compiled module, so a program that corrupts its interpreter harms itself only.
 * Making one costs about a millisecond and is done before the program arrives.
 */
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core';
import type { Report, WorkerRequest } from './frame.ts';
import type { GuestSettings } from './guest.ts';

/** What we use of WebAssembly; TypeScript has it in its browser library only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

export interface RealmParts {
  readonly module: object;
  /** The text of an expression whose value makes a Guest, see `guest.ts`. */
  readonly guestSource: string;
}

export interface Realm {
  readonly memoryBytes: number;
  /** Runs the one program that this realm is for. Never throws for what a program does. */
  run(request: WorkerRequest): { readonly report: Report; readonly printed: string };
}

export function compileInterpreter(wasm: Uint8Array): object {
  return new WebAssembly.Module(wasm);
}

const programFile = 'program.js';
const ownFile = 'gradus.js';
const pageBytes = 65_536;
/** What the module asks for at the start; the interpreter itself fills a small part of it. */
const initialBytes = 16 * 1024 * 1024;
/** Emscripten grows its memory by a twentieth at least, so it gives up before the very last page. */
const fullShare01 = 0.9;
const jobsPerLook = 1_000;

/**
 * `memoryBytes` becomes the ceiling of the instance's memory. The interpreter's own limit would not do:
 * built for WebAssembly it does not know the sizes of its blocks, and checks single ones only.
 */
export async function prepareRealm(parts: RealmParts, memoryBytes: number): Promise<Realm> {
  const maximum = Math.ceil((memoryBytes + initialBytes) / pageBytes);
  const wasmMemory = new WebAssembly.Memory({ initial: initialBytes / pageBytes, maximum });
  // The module prints a last word before it aborts; standard output belongs to the frames.
  const emscriptenModule: object = { print: () => undefined, printErr: () => undefined };
  const quickjs = await newQuickJSWASMModuleFromVariant(
    newVariant(loadedVariant(), { wasmModule: parts.module, wasmMemory, emscriptenModule }),
  );
  const runtime = quickjs.newRuntime();
  const context = runtime.newContext();
  const interrupts: Interrupts = { deadlineMs: Infinity, isStopped: false, isLate: false };
  runtime.setInterruptHandler(() => {
    if (interrupts.isStopped) return true;
    interrupts.isLate ||= performance.now() > interrupts.deadlineMs;
    return interrupts.isLate;
  });
  const stop = context.newFunction('stop', () => {
    interrupts.isStopped = true;
  });
  const makeGuest = context.unwrapResult(context.evalCode(parts.guestSource, ownFile, { type: 'global' }));
  const guest = context.unwrapResult(context.callFunction(makeGuest, context.undefined, stop));
  const isFull = (): boolean => wasmMemory.buffer.byteLength >= maximum * pageBytes * fullShare01;
  return {
    memoryBytes,
    run: (request) => runProgram({ runtime, context, guest, interrupts, isFull, request }),
  };
}

interface Interrupts {
  deadlineMs: number;
  /** The program printed more than it may. */
  isStopped: boolean;
  isLate: boolean;
}

interface Run {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly guest: QuickJSHandle;
  readonly interrupts: Interrupts;
  readonly isFull: () => boolean;
  readonly request: WorkerRequest;
}

/** The package's types describe its CommonJS face, where the variant is one `default` deeper. */
function loadedVariant(): QuickJSSyncVariant {
  const loaded: QuickJSSyncVariant | { readonly default: QuickJSSyncVariant } = variant;
  return 'default' in loaded ? loaded.default : loaded;
}

function runProgram(run: Run): { report: Report; printed: string } {
  const { runtime, interrupts, request } = run;
  const { limits } = request;
  try {
    runtime.setMemoryLimit(limits.memoryBytes);
    runtime.setMaxStackSize(limits.stackBytes);
    const settings: GuestSettings = {
      seed: request.seed,
      nowMs: request.nowMs ?? null,
      valueChars: limits.valueChars,
      printedChars: limits.printedChars,
    };
    callGuest(run, 'begin', run.context.newString(JSON.stringify(settings)));
    if (request.library !== undefined) {
      const library = run.context.evalCode(request.library, ownFile, { type: 'global' });
      callGuest(run, 'offer', run.context.unwrapResult(library));
    }
    interrupts.deadlineMs = performance.now() + limits.timeMs;
    const told = reportOf(run);
    if (told !== undefined) return told;
  } catch (error) {
    // With no byte left the report itself fails.
    if (run.isFull()) return { report: { kind: 'out-of-memory' }, printed: '' };
    if (!interrupts.isStopped && !interrupts.isLate) return { report: reportBreak(error), printed: '' };
  }
  return { report: reportInterrupt(interrupts), printed: printedSoFar(run) };
}

/** Evaluates the program and has its result reported; undefined when an interrupt ended it. */
function reportOf(run: Run): { report: Report; printed: string } | undefined {
  const { context, interrupts, request } = run;
  if (request.source.includes('\0')) {
    return { report: { kind: 'syntax-error', message: 'a NUL character in the source' }, printed: '' };
  }
  const outcome = evaluate(run);
  if (interrupts.isStopped || interrupts.isLate) return undefined;
  if (outcome.kind === 'report') return { report: outcome.report, printed: printedSoFar(run) };
  if (outcome.kind === 'error' && isSyntaxError(run, outcome.handle)) {
    const message = context.getProp(outcome.handle, 'message').consume((handle) => context.getString(handle));
    return { report: { kind: 'syntax-error', message }, printed: '' };
  }
  const method = outcome.kind === 'error' ? 'reportError' : 'reportValue';
  const text = callGuest(run, method, outcome.handle);
  if (interrupts.isStopped || interrupts.isLate) return undefined;
  // The guest is ours and the text was built by it; the sandbox checks it with a schema all the same.
  const told: { report: Report; printed: string } = JSON.parse(text);
  const { report } = told;
  return report.kind === 'threw' ? { ...told, report: { ...report, stack: ownFrames(report.stack) } } : told;
}

type Evaluated =
  | { readonly kind: 'value' | 'error'; readonly handle: QuickJSHandle }
  | { readonly kind: 'report'; readonly report: Report };

function evaluate(run: Run): Evaluated {
  const { context, request } = run;
  const completion = context.evalCode(request.source, programFile, { type: 'global' });
  if (completion.error) return { kind: 'error', handle: completion.error };
  let target = completion.value;
  if (request.entry !== undefined) {
    const found = context.evalCode(request.entry, programFile, { type: 'global' });
    if (found.error) return { kind: 'error', handle: found.error };
    target = found.value;
  }
  const mode =
    request.entry === undefined ? 'value' : request.inputJson === undefined ? 'call' : 'call-with-input';
  const finish = context.getProp(run.guest, 'finish');
  const finished = context.callFunction(
    finish,
    run.guest,
    target,
    context.newString(mode),
    context.newString(request.inputJson ?? 'null'),
  );
  if (finished.error) return { kind: 'error', handle: finished.error };
  return settle(run, finished.value);
}

/** A promise counts as what it settles to, as far as no host is needed for that. */
function settle(run: Run, handle: QuickJSHandle): Evaluated {
  const { context, runtime, interrupts } = run;
  if (context.typeof(handle) !== 'object') return { kind: 'value', handle };
  if (context.getPromiseState(handle).type === 'pending') {
    while (runtime.hasPendingJob() && !interrupts.isLate && !interrupts.isStopped) {
      const ran = runtime.executePendingJobs(jobsPerLook);
      if (ran.error) return { kind: 'error', handle: ran.error };
      interrupts.isLate ||= performance.now() > interrupts.deadlineMs;
    }
  }
  const state = context.getPromiseState(handle);
  switch (state.type) {
    case 'fulfilled':
      return { kind: 'value', handle: state.value };
    case 'rejected':
      return { kind: 'error', handle: state.error };
    case 'pending':
      return { kind: 'report', report: { kind: 'no-value', reason: 'a promise that never settles' } };
  }
}

/** A SyntaxError may also come from running code (`JSON.parse`), so the source is compiled alone to tell. */
function isSyntaxError(run: Run, error: QuickJSHandle): boolean {
  const { context, request } = run;
  if (context.typeof(error) !== 'object') return false;
  const name = context.getProp(error, 'name');
  if (context.typeof(name) !== 'string' || context.getString(name) !== 'SyntaxError') return false;
  return (
    context.evalCode(request.source, programFile, { type: 'global', compileOnly: true }).error !== undefined
  );
}

function callGuest(run: Run, method: string, argument?: QuickJSHandle): string {
  const { context, guest } = run;
  const called = context.callFunction(
    context.getProp(guest, method),
    guest,
    ...(argument === undefined ? [] : [argument]),
  );
  if (called.error) {
    if (run.interrupts.isLate || run.interrupts.isStopped) return '';
    throw new Error(
      `${method}: ${context.getProp(called.error, 'message').consume((h) => context.getString(h))}`,
    );
  }
  return context.typeof(called.value) === 'string' ? context.getString(called.value) : '';
}

function printedSoFar(run: Run): string {
  run.interrupts.deadlineMs = Infinity;
  run.interrupts.isLate = false;
  run.interrupts.isStopped = false;
  try {
    const printed: unknown = JSON.parse(callGuest(run, 'printed'));
    return typeof printed === 'string' ? printed.slice(0, run.request.limits.printedChars) : '';
  } catch {
    return '';
  }
}

function reportInterrupt(interrupts: Interrupts): Report {
  return interrupts.isStopped ? { kind: 'output-too-large', what: 'printed' } : { kind: 'timed-out' };
}

/** What broke the interpreter itself. The realm is thrown away after each program, so nothing has to be mended. */
function reportBreak(error: unknown): Report {
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return { kind: 'threw', name: 'InternalError', message: 'stack overflow', stack: '' };
  }
  return {
    kind: 'crashed',
    reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  };
}

/** Keeps the frames of the program; those of the interpreter's natives and of our own code say nothing to a model. */
function ownFrames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.includes(programFile))
    .map((line) => line.trim())
    .join('\n');
}
