/** The registry joins models and levels to ids, finds near ones, and runs a level on its engine. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createScriptedEngine } from '../engines/scripted/scripted-engine.ts';
import type { ResponseRequest } from '../kernel/request.ts';
import { noUsage } from '../kernel/usage.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createFixedIds } from '../testing/real-clock.ts';
import type { Level } from './level.ts';
import { createRegistry } from './registry.ts';

const clock = createFakeClock();
const request: ResponseRequest = {
  model: 'ignored',
  input: { kind: 'raw', prompt: 'hello' },
  tools: [],
  toolChoice: { kind: 'none' },
  parallelToolCalls: true,
  textFormat: { kind: 'text' },
  sampling: { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map() },
  stop: [],
  choices: 1,
  reasoning: {},
  truncation: 'disabled',
  metadata: {},
};

/** Says which model it was given and what its engine made of the prompt. */
function createEchoLevel(suffix: '' | 'reason'): Level {
  return {
    number: suffix === '' ? 1 : 2,
    suffix,
    summary: `level "${suffix}"`,
    async run(given, context) {
      let text = '';
      await context.generate(
        {
          model: given.model,
          prompt: { kind: 'text', text: 'hello' },
          samples: 1,
          sampling: given.sampling,
          stop: [],
          tools: [],
          toolChoice: given.toolChoice,
          parallelToolCalls: true,
          textFormat: given.textFormat,
        },
        (event) => {
          if (event.kind === 'text-delta') text += event.text;
        },
      );
      return { usage: noUsage, finishReasons: ['stop'], gradus: { text, model: given.model, suffix } };
    },
  };
}

function createTwoEngines() {
  return createRegistry({
    engines: [
      createScriptedEngine({
        clock,
        models: [{ id: 'small' }, { id: 'both' }],
        script: { rules: [{ reply: { text: 'one' } }] },
      }),
      createScriptedEngine({
        clock,
        models: [{ id: 'both' }, { id: 'large' }],
        script: { rules: [{ reply: { text: 'two' } }] },
      }),
    ],
    levels: [createEchoLevel(''), createEchoLevel('reason')],
    clock,
    ids: createFixedIds(),
  });
}

describe('the registry', () => {
  test('lists every model at every level once', () => {
    assert.deepEqual(
      createTwoEngines()
        .list()
        .map((served) => [served.id, served.level.number, served.model.id]),
      [
        ['small', 1, 'small'],
        ['small:reason', 2, 'small'],
        ['both', 1, 'both'],
        ['both:reason', 2, 'both'],
        ['large', 1, 'large'],
        ['large:reason', 2, 'large'],
      ],
    );
  });

  test('names near ids for one that it does not know', () => {
    assert.deepEqual(createTwoEngines().resolve('large:raeson'), {
      kind: 'unknown',
      nearIds: ['large:reason', 'large'],
    });
  });

  test('runs the level that the id names on the first engine that has the model', async () => {
    const registry = createTwoEngines();
    const ask = async (id: string) => {
      const resolution = registry.resolve(id);
      assert.ok(resolution.kind === 'found');
      return (await registry.start(resolution.served, request).result).gradus;
    };
    assert.deepEqual(await ask('both:reason'), { text: 'one', model: 'both', suffix: 'reason' });
    assert.deepEqual(await ask('large'), { text: 'two', model: 'large', suffix: '' });
    assert.deepEqual(
      registry
        .loads()
        .map((load) => load.model)
        .sort(),
      ['both', 'large'],
    );
  });

  test('embeds with the engine that has the model', async () => {
    const registry = createTwoEngines();
    const resolution = registry.resolve('large');
    assert.ok(resolution.kind === 'found');
    const result = await registry.embed(
      resolution.served,
      { inputs: ['a'], dimensions: 4 },
      new AbortController().signal,
    );
    assert.equal(result.vectors[0]?.length, 4);
  });
});
