import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findCodeRegions } from './code-region.ts';

test('fenced blocks come out in order, with the prose around them marked as such', () => {
  assert.deepEqual(findCodeRegions('Hello\n```js\n1\n```\nand\n~~~\n2\n~~~'), [
    { code: 'Hello', isFenced: false },
    { code: '1', isFenced: true },
    { code: 'and', isFenced: false },
    { code: '2', isFenced: true },
  ]);
});

test('a fence that is never closed reaches to the end of the text', () => {
  assert.deepEqual(findCodeRegions('```javascript\na\nb'), [{ code: 'a\nb', isFenced: true }]);
});

test('code on the line of its fences is found', () => {
  assert.deepEqual(findCodeRegions('```1 + 1```'), [{ code: '1 + 1', isFenced: true }]);
});

test('a lone closing fence, after a prefill took the opening one, leaves two open regions', () => {
  assert.deepEqual(findCodeRegions('return 5;\n}\n```\nThat is it.'), [
    { code: 'return 5;\n}', isFenced: false },
    { code: 'That is it.', isFenced: false },
  ]);
});

test('every line of a text lands in one region or is blank or a fence', () => {
  const line = fc.constantFrom('```', '```js', '~~~', 'a', 'b c', '', '  x');
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const found = findCodeRegions(lines.join('\n')).flatMap((region) => region.code.split('\n'));
      const isText = (entry: string): boolean => entry.trim() !== '' && !/^(```|~~~)/.test(entry);
      assert.deepEqual(found.filter(isText), lines.filter(isText));
    }),
  );
});
