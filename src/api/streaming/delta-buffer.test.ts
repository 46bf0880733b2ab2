/** Whatever order deltas come in and whenever they are taken, each choice says the same in the same order. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DeltaBuffer, type ChunkForm } from './delta-buffer.ts';

const kinds = ['text', 'thought', 'call'] as const;

function createForms(choices: number): ChunkForm[][] {
  return Array.from({ length: choices }, (_, choice) =>
    kinds.map((kind) => (text, logprobs) => `${choice}/${kind}/${text}/${logprobs.length}\n`),
  );
}

const logprob = { token: 'x', logprob: -1, bytes: [], top_logprobs: [] };

describe('the buffer of deltas', () => {
  test('grows deltas of one kind together until they are taken', () => {
    const [[text, thought] = []] = createForms(1);
    assert.ok(text !== undefined && thought !== undefined);
    const buffer = new DeltaBuffer();
    buffer.append(0, text, 'a', [logprob]);
    buffer.append(0, text, 'b', [logprob, logprob]);
    buffer.append(0, thought, 'c');
    buffer.append(0, text, 'd');
    assert.equal(buffer.take(), '0/text/ab/3\n0/thought/c/0\n0/text/d/0\n');
    assert.equal(buffer.take(), '');
    assert.equal(buffer.pendingCharacters, 0);
  });

  test('keeps whole events behind what their choice said before, and last events behind everything', () => {
    const [[first] = [], [second] = []] = createForms(2);
    assert.ok(first !== undefined && second !== undefined);
    const buffer = new DeltaBuffer();
    buffer.append(0, first, 'a');
    buffer.append(1, second, 'b');
    buffer.write(0, 'end 0\n');
    buffer.writeLast('all\n');
    assert.equal(buffer.take(), '0/text/a/0\nend 0\n1/text/b/0\nall\n');
  });

  test('loses and reorders nothing within a choice', () => {
    const step = fc.oneof(
      fc.record({ choice: fc.nat(2), kind: fc.nat(2), text: fc.stringMatching(/^[a-z]{1,3}$/) }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const forms = createForms(3);
        const buffer = new DeltaBuffer();
        const expected = ['', '', ''];
        let taken = '';
        for (const each of steps) {
          if (each === 'take') {
            taken += buffer.take();
            continue;
          }
          const form = forms[each.choice]?.[each.kind];
          assert.ok(form !== undefined);
          buffer.append(each.choice, form, each.text);
          expected[each.choice] += Array.from(each.text)
            .map((letter) => `${kinds[each.kind]}:${letter} `)
            .join('');
        }
        taken += buffer.take();
        const found = ['', '', ''];
        for (const line of taken.split('\n')) {
          const [choice, kind, text] = line.split('/');
          if (text !== undefined)
            found[Number(choice)] += Array.from(text)
              .map((letter) => `${kind}:${letter} `)
              .join('');
        }
        assert.deepEqual(found, expected);
      }),
      { numRuns: 50 },
    );
  });

  test('counts what waits, so that a reader that is too slow is noticed', () => {
    const [[text] = []] = createForms(1);
    assert.ok(text !== undefined);
    const buffer = new DeltaBuffer();
    for (let i = 0; i < 100; i++) buffer.append(0, text, 'x'.repeat(10));
    assert.ok(buffer.pendingCharacters >= 1000);
  });
});
