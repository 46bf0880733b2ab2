import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countLetter, reverse } from './text.ts';

test('letters are counted in either case, and several letters without overlap', () => {
  assert.equal(countLetter('Strawberry', 'r'), 3);
  assert.equal(countLetter('Mississippi', 'SS'), 2);
  assert.equal(countLetter('', 'a'), 0);
  assert.throws(() => countLetter('a', ''), RangeError);
});

test('text is reversed by characters, and lists are left as they were', () => {
  const list = [1, 2, 3];
  assert.equal(reverse('añ😀b'), 'b😀ña');
  assert.deepEqual(reverse(list), [3, 2, 1]);
  assert.deepEqual(list, [1, 2, 3]);
});
