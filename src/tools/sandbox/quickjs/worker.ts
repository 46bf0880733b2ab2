/**
 * The worker process: reads a request, runs one program, writes what came of it, and prepares the next
 * realm while nobody waits. It runs with an empty environment, without the right to open files, and is
 * killed from outside when a program does not come back.
 */
import { readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FrameReader, toFrame, type WorkerReply, type WorkerRequest } from './frame.ts';
import { guestSource } from './guest.ts';
import { compileInterpreter, prepareRealm, type RealmParts } from './realm.ts';

/** The first program of a process meets cold code everywhere; let it be one of ours. */
const warmUp: WorkerRequest = {
  source:
    'function answer() { let sum = 0; for (let i = 0; i < 1000; i++) sum += i; return { sum, text: `${sum}` }; }',
  entry: 'answer',
  inputJson: undefined,
  seed: 0,
  nowMs: undefined,
  library: '({ one: () => 1 })',
  limits: {
    timeMs: 10_000,
    memoryBytes: 8_000_000,
    stackBytes: 200_000,
    valueChars: 1000,
    printedChars: 1000,
  },
};

const wasmFile = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');

const parts: RealmParts = {
  module: compileInterpreter(readFileSync(wasmFile)),
  guestSource: guestSource(),
};
await serve(parts, Number(process.argv[2]));

/** `memoryBytes` is what most programs may use; realms for it are made ahead. */
async function serve(parts: RealmParts, memoryBytes: number): Promise<void> {
  const frames = new FrameReader();
  (await prepareRealm(parts, memoryBytes)).run(warmUp);
  let realm = await prepareRealm(parts, memoryBytes);
  reply({ kind: 'ready' });
  for (;;) {
    const request = read(frames);
    if (request === undefined) return;
    if (request.limits.memoryBytes !== realm.memoryBytes) {
      realm = await prepareRealm(parts, request.limits.memoryBytes);
    }
    const { report, printed } = realm.run(request);
    const { user, system } = process.cpuUsage();
    reply({
      kind: 'ran',
      report,
      printed,
      rssBytes: process.memoryUsage.rss(),
      cpuMs: (user + system) / 1000,
    });
    realm = await prepareRealm(parts, memoryBytes);
  }
}

/** Blocks until a whole frame is there: this process has nothing else to do. Undefined when the sandbox is gone. */
function read(frames: FrameReader): WorkerRequest | undefined {
  const chunk = Buffer.allocUnsafe(65_536);
  for (;;) {
    const frame = frames.next();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sandbox built it from a checked request
    if (frame.kind === 'frame') return frame.body as WorkerRequest;
    if (frame.kind === 'broken') throw new Error(frame.reason);
    const length = readSync(0, chunk);
    if (length === 0) return undefined;
    frames.push(Buffer.from(chunk.subarray(0, length)));
  }
}

function reply(message: WorkerReply): void {
  const frame = toFrame(message);
  for (let offset = 0; offset < frame.length;) offset += writeSync(1, frame, offset);
}
