// Every built-in family against its contract and a second solver. Needs nothing; about 60 s.
// GRADUS_EXAM_ITEMS=10000 checks that many items a family (about 15 minutes).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFamily } from '../../src/exams/check-family.ts';
import { builtInFamilies } from '../../src/exams/registry.ts';
import { secondSolvers } from './second-solvers.ts';

const wanted = Number(process.env['GRADUS_EXAM_ITEMS'] ?? '0');

// Proofs of uniqueness make these two slow; in the short run they get fewer items.
const shortRun: Readonly<Record<string, number>> = { zebra: 210, induction: 150 };

for (const family of builtInFamilies) {
  test(`${family.name} keeps the contract of a family`, (t) => {
    const items = wanted > 0 ? wanted : (shortRun[family.name] ?? 2100);
    const check = checkFamily(family, {
      itemsPerRung: Math.ceil(items / family.rungs.length),
      seed: 'contract',
      ...(secondSolvers[family.name] === undefined ? {} : { solve: secondSolvers[family.name] }),
    });
    const best = check.best.map(
      ({ successes, n, declared01 }) => `${(successes / n).toFixed(3)} of ${declared01.toFixed(3)}`,
    );
    t.diagnostic(
      `${check.items} items, ${check.solved} by the second solver; best null agent by rung: ${best.join(', ')}`,
    );
    assert.deepEqual(check.faults, []);
    const isUnsolved = family.name === 'instruction';
    assert.ok(isUnsolved || check.solved > 0, 'the second solver was never asked');
  });
}
