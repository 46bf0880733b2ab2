import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GenerateRequest, GenerationEvent } from '../../engine.ts';
import { createAnswerParser } from '../chat/answer-parser.ts';
import { SampleRun } from './sample-run.ts';
import { Scheduler, type DecodePort } from './scheduler.ts';

const vocabulary = 8;
const endToken = 0;

interface Cell {
  readonly token: number;
}

/**
 * A model of eight tokens whose next token is a fixed function of everything before it, and which checks
 * that the scheduler computes every position of every sequence once and in order.
 */
class FakeModel implements DecodePort {
  readonly contextTokens: number;
  readonly canTrim = true;
  readonly abort = {
    set: (): void => void (this.isAborted = true),
    clear: (): void => void (this.isAborted = false),
  };
  computed = 0;
  isAborted = false;
  onDecode: () => void = () => undefined;
  /** Cells by sequence; a shared prefix is the same cells. */
  readonly #held = new Map<number, Cell[]>();
  #rows: { token: number; position: number; sequence: number; wantsLogits: boolean }[] = [];
  #outputs = new Map<number, number>();

  constructor(contextTokens: number) {
    this.contextTokens = contextTokens;
  }

  get batch(): DecodePort['batch'] {
    const countRows = (): number => this.#rows.length;
    return {
      capacity: 16,
      get size() {
        return countRows();
      },
      clear: () => void (this.#rows = []),
      add: (token, position, sequence, wantsLogits) =>
        this.#rows.push({ token, position, sequence, wantsLogits }) - 1,
    };
  }

  async decode(): Promise<0 | 1 | 2> {
    this.onDecode();
    await Promise.resolve();
    if (this.isAborted) return 2;
    const cells = new Set([...this.#held.values()].flat());
    if (cells.size + this.#rows.length > this.contextTokens) return 1;
    this.#outputs = new Map();
    for (const [row, { token, position, sequence, wantsLogits }] of this.#rows.entries()) {
      const held = this.#held.get(sequence) ?? [];
      assert.equal(held.length, position, 'a position was skipped or computed twice');
      held.push({ token });
      this.#held.set(sequence, held);
      if (wantsLogits) this.#outputs.set(row, nextToken(held.map((cell) => cell.token)));
    }
    this.computed += this.#rows.length;
    return 0;
  }

  logits(row: number): Float32Array {
    const next = this.#outputs.get(row);
    assert.ok(next !== undefined, 'logits were read where none were asked for');
    const logits = new Float32Array(vocabulary);
    logits[next] = 10;
    return logits;
  }

  share(from: number, to: number, length: number): void {
    this.#held.set(to, (this.#held.get(from) ?? []).slice(0, length));
  }

  forget(sequence: number, from: number): boolean {
    this.#held.set(sequence, (this.#held.get(sequence) ?? []).slice(0, from));
    return true;
  }
}

function nextToken(held: readonly number[]): number {
  let hash = 17;
  for (const token of held) hash = (hash * 31 + token + 1) % 1009;
  return hash % vocabulary;
}

/** What the model says after `prompt`, by definition. */
function expectedAnswer(prompt: readonly number[], maxTokens: number): readonly number[] {
  const held = [...prompt];
  const answer: number[] = [];
  while (answer.length < maxTokens) {
    const token = nextToken(held);
    answer.push(token);
    if (token === endToken) break;
    held.push(token);
  }
  return answer;
}

const request: GenerateRequest = {
  model: 'm',
  prompt: { kind: 'text', text: '' },
  samples: 1,
  sampling: { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map() },
  stop: [],
  tools: [],
  toolChoice: { kind: 'none' },
  parallelToolCalls: false,
  textFormat: { kind: 'text' },
};

function createRuns(samples: number, maxTokens: number): SampleRun[] {
  return Array.from(
    { length: samples },
    (_, index) =>
      new SampleRun({
        request,
        index,
        seed: 1,
        startPosition: 0,
        maxTokens,
        texts: { piece: (token) => Buffer.from(String(token)), isEnd: (token) => token === endToken },
        parser: createAnswerParser({ tools: undefined, startsThinking: false, readsThought: false }),
        constraint: undefined,
      }),
  );
}

interface Work {
  readonly prompt: readonly number[];
  readonly samples: number;
  readonly maxTokens: number;
}

async function runAll(
  works: readonly Work[],
  options: { readonly contextTokens: number; readonly maxRunning: number },
): Promise<{
  readonly answers: SampleRun[][];
  readonly events: GenerationEvent[][];
  readonly model: FakeModel;
}> {
  const model = new FakeModel(options.contextTokens);
  const events: GenerationEvent[][] = works.map(() => []);
  const failures: unknown[] = [];
  let open = works.length;
  const scheduler = new Scheduler({
    port: model,
    maxSequences: 12,
    maxRunning: options.maxRunning,
    nowMs: () => 0,
    send(batch) {
      for (const [id, event] of batch) {
        events[id]?.push(event);
        if (event.kind === 'finished' && --open === 0) scheduler.stop();
      }
    },
    fail(_id, error) {
      failures.push(error);
      if (--open === 0) scheduler.stop();
    },
  });
  const answers = works.map((work) => createRuns(work.samples, work.maxTokens));
  works.forEach((work, id) =>
    scheduler.submit({
      id,
      prompt: Int32Array.from(work.prompt),
      samples: answers[id] ?? [],
      seed: 1,
      queuedAtMs: 0,
      maxTokens: work.maxTokens,
      resumedTokens: work.prompt.length >> 2,
      dispose: () => undefined,
    }),
  );
  await scheduler.run();
  assert.deepEqual(failures, []);
  return { answers, events, model };
}

test('every answer is what the model alone would have said, however requests are mixed', async () => {
  const work = fc.record({
    prompt: fc.array(fc.nat(2), { minLength: 1, maxLength: 40 }),
    samples: fc.integer({ min: 1, max: 5 }),
    maxTokens: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(work, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom(60, 400),
      async (works, maxRunning, contextTokens) => {
        const { answers, events } = await runAll(works, { contextTokens, maxRunning });
        works.forEach(({ prompt, maxTokens, samples }, i) => {
          const expected = expectedAnswer(prompt, maxTokens);
          for (const run of answers[i] ?? []) assert.deepEqual(run.tokens, expected);
          const kinds = events[i] ?? [];
          assert.equal(kinds[0]?.kind, 'started');
          assert.equal(kinds.filter((event) => event.kind === 'sample-finished').length, samples);
          const last = kinds.at(-1);
          assert.equal(last?.kind === 'finished' ? last.usage.outputTokens : -1, expected.length * samples);
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('eight samples of one prompt compute the prompt once', async () => {
  const prompt = Array.from({ length: 40 }, (_, i) => i % 3);
  const { model, answers } = await runAll([{ prompt, samples: 8, maxTokens: 6 }], {
    contextTokens: 400,
    maxRunning: 8,
  });
  const sampled = (answers[0] ?? []).reduce((sum, run) => sum + run.tokens.length, 0);
  // The last token of each answer is drawn and never computed.
  assert.equal(model.computed, prompt.length + sampled - 8);
});

test('prompts that arrive together wait for the one that computes what they share', async () => {
  const shared = Array.from({ length: 48 }, (_, i) => (i * i) % 3);
  const works = [1, 2, 3, 4].map((tail) => ({ prompt: [...shared, tail], samples: 1, maxTokens: 1 }));
  const { model } = await runAll(works, { contextTokens: 400, maxRunning: 8 });
  assert.equal(model.computed, shared.length + works.length);
});

test('a cancelled job ends with cancelled answers, and the others go on untouched', async () => {
  const model = new FakeModel(400);
  const ended: Record<number, string[]> = { 0: [], 1: [] };
  let open = 2;
  const scheduler = new Scheduler({
    port: model,
    maxSequences: 12,
    maxRunning: 8,
    nowMs: () => 0,
    send(batch) {
      for (const [id, event] of batch) {
        if (event.kind === 'sample-finished') ended[id]?.push(event.reason);
        if (event.kind === 'finished' && --open === 0) scheduler.stop();
      }
    },
    fail: () => assert.fail('nothing fails here'),
  });
  const long = Array.from({ length: 200 }, (_, i) => i % 5);
  const answers = [createRuns(1, 5), createRuns(1, 5)];
  [long, [1, 2]].forEach((prompt, id) =>
    scheduler.submit({
      id,
      prompt: Int32Array.from(prompt),
      samples: answers[id] ?? [],
      seed: 1,
      queuedAtMs: 0,
      maxTokens: 5,
      resumedTokens: 0,
      dispose: () => undefined,
    }),
  );
  let steps = 0;
  model.onDecode = () => {
    if (++steps === 3) scheduler.cancel(0);
  };
  await scheduler.run();
  assert.deepEqual(ended[0], ['cancelled']);
  assert.deepEqual(answers[1]?.[0]?.tokens, expectedAnswer([1, 2], 5));
  assert.ok(model.computed < 200, `the cancelled prompt was computed on to ${model.computed} tokens`);
});
