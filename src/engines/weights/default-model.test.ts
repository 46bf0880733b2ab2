/** The default model: the estimates against what was measured, and a reason for every candidate. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from '../../kernel/schema.ts';
import { createBuiltInEntries } from './catalog-entries.ts';
import { catalogEntrySchema } from './catalog-schema.ts';
import { createCatalog } from './catalog.ts';
import {
  chooseDefaultModel,
  type CandidateVerdict,
  type ChooseDefaultModelOptions,
  type DefaultModel,
} from './default-model.ts';
import { estimateMemory, estimateTokensPerSecond } from './fit.ts';

const catalog = createCatalog(createBuiltInEntries());
const server = { memoryBytes: 22e9, cores: 2 };

async function choose(options: Partial<ChooseDefaultModelOptions> = {}): Promise<DefaultModel> {
  return await chooseDefaultModel({
    catalog,
    ...server,
    installed: new Set(),
    askSources: async () => ({ answers: true, source: 'hub' }),
    ...options,
  });
}

function stateOf(choice: DefaultModel, id: string): CandidateVerdict['state'] | undefined {
  return choice.verdicts.find((verdict) => verdict.id === id)?.state;
}

describe('estimates', () => {
  test('speed on two cores is within a quarter of what was measured there', () => {
    const measured = {
      'smollm2-135m-instruct': 129,
      'qwen2.5-coder-0.5b-instruct': 42,
      'qwen2.5-coder-1.5b-instruct': 22,
    };
    for (const [id, tokensPerSecond] of Object.entries(measured)) {
      const ratio = (estimateTokensPerSecond(catalog.require(id), server) ?? 0) / tokensPerSecond;
      assert.ok(ratio > 0.75 && ratio < 1.25, `${id}: ${ratio}`);
    }
  });

  test('a mixture of experts is as quick as its active part', () => {
    const speed = (id: string): number => estimateTokensPerSecond(catalog.require(id), server) ?? 0;
    assert.ok(speed('qwen3-30b-a3b') > 2 * speed('qwen3-8b'));
  });

  test('memory is weights, context and overhead, and more context needs more', () => {
    const entry = catalog.require('qwen2.5-coder-1.5b-instruct');
    const need = estimateMemory(entry, 8192);
    assert.ok(need);
    assert.equal(need.contextBytes, 8192 * 28_672);
    assert.equal(need.totalBytes, need.weightsBytes + need.contextBytes + need.overheadBytes);
    assert.equal(estimateMemory(entry, 10_000_000)?.contextBytes, 32_768 * 28_672);
  });

  test('without a known size there is no estimate', () => {
    const entry = parse(catalogEntrySchema, { id: 'a', sources: [{ kind: 'file', path: 'x' }] });
    assert.deepEqual(
      [estimateMemory(entry, 1), estimateTokensPerSecond(entry, server)],
      [undefined, undefined],
    );
  });
});

describe('default model', () => {
  test('is the 1.5B on two cores, with much memory and with 8 GB', async () => {
    for (const memoryBytes of [8e9, 22e9, 200e9]) {
      assert.equal((await choose({ memoryBytes })).chosen?.id, 'qwen2.5-coder-1.5b-instruct');
    }
  });

  test('grows with the machine', async () => {
    assert.equal((await choose({ memoryBytes: 1.6e9, cores: 1 })).chosen?.id, 'qwen2.5-coder-0.5b-instruct');
    assert.equal((await choose({ memoryBytes: 14e9, cores: 8 })).chosen?.id, 'qwen3-4b');
    assert.equal((await choose({ memoryBytes: 60e9, cores: 16 })).chosen?.id, 'qwen3-30b-a3b');
    const card = { memoryBytes: 8e9, gpu: { memoryBytes: 12e9 } };
    assert.equal((await choose(card)).chosen?.id, 'qwen3-8b');
  });

  test('every candidate has its reason', async () => {
    const choice = await choose({ memoryBytes: 16e9 });
    assert.equal(choice.verdicts.length, catalog.entries.length);
    const reasons = Object.fromEntries(choice.verdicts.map(({ id, reason }) => [id, reason]));
    assert.match(reasons['qwen3-30b-a3b'] ?? '', /^needs 21\.\d GB, 12\.8 GB can be used$/);
    assert.match(reasons['qwen3-4b'] ?? '', /makes about 8\.\d tokens\/s on 2 cores, fewer than 12$/);
    assert.match(reasons['qwen2.5-coder-1.5b-instruct'] ?? '', /the most capable that can be had \(hub\)$/);
    assert.match(
      reasons['smollm2-135m-instruct'] ?? '',
      /but qwen2\.5-coder-1\.5b-instruct is more capable$/,
    );
  });

  test('passes over models whose sources do not answer, and asks no more than it must', async () => {
    const asked: string[] = [];
    const choice = await choose({
      async askSources({ id }) {
        asked.push(id);
        return id === 'qwen2.5-coder-0.5b-instruct'
          ? { answers: true, source: 'pip 26' }
          : { answers: false, reason: 'offline' };
      },
    });
    assert.equal(choice.chosen?.id, 'qwen2.5-coder-0.5b-instruct');
    assert.equal(stateOf(choice, 'qwen2.5-coder-1.5b-instruct'), 'no-source');
    assert.deepEqual(asked, ['qwen2.5-coder-1.5b-instruct', 'qwen2.5-coder-0.5b-instruct']);
  });

  test('an installed model needs no source, and no room on the disk', async () => {
    const choice = await choose({
      installed: new Set(['qwen2.5-coder-1.5b-instruct']),
      askSources: async () => ({ answers: false, reason: 'offline' }),
      freeDiskBytes: 1e6,
    });
    assert.equal(choice.chosen?.id, 'qwen2.5-coder-1.5b-instruct');
  });

  test('a model that the disk cannot hold is too large', async () => {
    const choice = await choose({ freeDiskBytes: 600e6 });
    assert.equal(choice.chosen?.id, 'qwen2.5-coder-0.5b-instruct');
    assert.equal(stateOf(choice, 'qwen2.5-coder-1.5b-instruct'), 'too-large');
  });

  test('when all are slow, the fastest that fits is taken and said so', async () => {
    const choice = await choose({ weightBytesPerSecond: 5e8 });
    assert.equal(choice.chosen?.id, 'smollm2-135m-instruct');
    assert.match(choice.verdicts.at(-1)?.reason ?? '', /fewer than 12; the fastest that fits/);
  });

  test('there is none when nothing fits', async () => {
    const choice = await choose({ memoryBytes: 1e8 });
    assert.equal(choice.chosen, undefined);
    assert.ok(choice.verdicts.every(({ state }) => state === 'too-large'));
  });

  test('more memory and cores never give a less capable model', async () => {
    const machine = fc.record({
      memoryBytes: fc.integer({ min: 1e8, max: 1e11 }),
      cores: fc.integer({ min: 1, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(machine, machine, async (a, b) => {
        const small = await choose(a);
        const large = await choose({
          memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
          cores: Math.max(a.cores, b.cores),
        });
        assert.ok((large.chosen?.rank ?? 0) >= (small.chosen?.rank ?? 0));
      }),
      { numRuns: 100 },
    );
  });
});
