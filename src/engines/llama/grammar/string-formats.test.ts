/** Formats as patterns. Against a validator: test/grammar. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCases } from '../../../testing/format-cases.ts';
import { matchesAutomaton, toAutomaton } from './automaton.ts';
import { parsePattern } from './pattern-parser.ts';
import { formatPattern } from './string-formats.ts';

test('usual texts of a format can be written, others cannot', () => {
  for (const [format, { writes, avoids }] of Object.entries(formatCases)) {
    const [condition] = parsePattern(`^(${formatPattern(format, undefined)})$`, assert.fail);
    assert.ok(condition !== undefined);
    const automaton = toAutomaton(condition, { spend: () => undefined });
    for (const text of writes)
      assert.ok(matchesAutomaton(automaton, text), `${format}: cannot write ${text}`);
    for (const text of avoids) assert.ok(!matchesAutomaton(automaton, text), `${format}: can write ${text}`);
  }
});

test('a format that no grammar can hold to is an annotation', () => {
  assert.equal(formatPattern('regex', undefined), undefined);
  assert.equal(formatPattern('toString', undefined), undefined);
});
