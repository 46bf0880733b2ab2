/** Stop texts never leak, however the text is cut into deltas. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createStopFilter } from './stop-filter.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '😀'), maxLength: 30 });
const stops = fc.array(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '😀'), minLength: 1, maxLength: 4 }),
  {
    maxLength: 3,
  },
);

test('what is shown is the text before the first stop text, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 8 }), stops, (parts, texts) => {
      const filter = createStopFilter(texts);
      let shown = '';
      for (const part of parts) {
        shown += filter.push(part);
        // Nothing shown may have to be taken back.
        for (const stop of texts) assert.ok(!shown.includes(stop));
      }
      shown += filter.flush();
      const whole = parts.join('');
      const cuts = texts.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
      if (!filter.isStopped) assert.equal(shown, whole);
      else assert.ok(cuts.length > 0 && whole.startsWith(shown));
      if (cuts.length === 0) assert.equal(shown, whole);
    }),
  );
});

test('text that cannot become a stop text is shown at once', () => {
  const filter = createStopFilter(['END']);
  assert.deepEqual(
    ['Hello E', 'N', 'vy E', 'ND more'].map((part) => filter.push(part)),
    ['Hello ', '', 'ENvy ', ''],
  );
  assert.equal(filter.isStopped, true);
  assert.equal(filter.push('after'), '');
});

test('of two stop texts the one that comes first in the text wins', () => {
  const filter = createStopFilter(['yy', 'x']);
  assert.equal(filter.push('abxyy'), 'ab');
});

test('an empty stop text stops nothing', () => {
  const filter = createStopFilter(['']);
  assert.equal(filter.push('text'), 'text');
  assert.equal(filter.isStopped, false);
});
