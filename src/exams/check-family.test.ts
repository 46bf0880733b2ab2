// The contract finds planted faults: a family that breaks one promise is named with that promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFamily } from './check-family.ts';
import type { Family, Task } from './family.ts';
import { letterCount } from './families/letter-count.ts';
import { builtInFamilies, heldOutFamilies, tuningFamilies } from './registry.ts';

const options = { itemsPerRung: 24, seed: 'planted' };

/** A good family with one thing changed. */
function plant(change: (task: Task) => Partial<Task>, family: Partial<Family> = {}): Family {
  return {
    ...letterCount,
    rungs: letterCount.rungs.slice(0, 2),
    ...family,
    createTask(request) {
      const task = letterCount.createTask(request);
      return { ...task, ...change(task) };
    },
  };
}

test('a good family has no faults', () => {
  assert.deepEqual(
    checkFamily(
      plant(() => ({})),
      options,
    ).faults,
    [],
  );
});

test('each broken promise is found', () => {
  let calls = 0;
  const planted: readonly (readonly [RegExp, Family])[] = [
    [/the witness fails/u, plant((task) => ({ witness: task.nearMisses[0] ?? '' }))],
    [
      /a wrong answer passes/u,
      plant(() => ({ grade: () => ({ correct: true, reading: 'x', reason: 'right' }) })),
    ],
    [/the same seed gives another item/u, plant(() => ({ puzzle: { calls: calls++ } }))],
    [/null agent/u, plant((task) => ({ guess: () => task.witness }))],
    [/null agent always-2/u, plant((task) => task, { rungs: [{ size: 1, chance01: 0.001 }] })],
    [
      /is not larger/u,
      plant((task) => task, {
        rungs: [
          { size: 2, chance01: 0.3 },
          { size: 2, chance01: 0.3 },
        ],
      }),
    ],
    [/repeats itself/u, plant(() => ({ messages: [{ role: 'user', content: 'always the same' }] }))],
  ];
  for (const [pattern, family] of planted) {
    const { faults } = checkFamily(family, { ...options, itemsPerRung: 30 });
    assert.ok(
      faults.some((fault) => pattern.test(fault)),
      `${pattern.source} in ${JSON.stringify(faults.slice(0, 3))}`,
    );
  }
  const { faults } = checkFamily(
    plant(() => ({})),
    { ...options, solve: () => 'Answer: 0' },
  );
  assert.match(faults[0] ?? '', /second solver disagrees/u);
});

test('held-out families exist, are of level 2, make a third of it, and are left out of tuning', () => {
  const names = builtInFamilies.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const second = builtInFamilies.filter(({ level }) => level === 2);
  assert.ok(heldOutFamilies.every((name) => second.some((family) => family.name === name)));
  assert.ok(heldOutFamilies.length >= second.length / 3);
  assert.ok(tuningFamilies(builtInFamilies).every(({ name }) => !heldOutFamilies.includes(name)));
});
