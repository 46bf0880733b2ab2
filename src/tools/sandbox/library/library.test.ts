import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'acorn';
import { describeLibrary, libraryEntries, LibrarySource } from './library.ts';

const source = new LibrarySource();

test('a program that mentions no function gets none', () => {
  assert.equal(source.forProgram('function answer() { return 6 * 7; }'), undefined);
  assert.equal(source.forProgram('gcdx + isPrimed'), undefined);
});

test('a program gets what it mentions, with what that needs and no more', () => {
  const text = source.forProgram('return isPrime(gcd(a, b))') ?? '';
  assert.match(text, /return \{ gcd, isPrime \};/);
  assert.match(text, /function modPowOf\(/);
  assert.doesNotMatch(text, /Fraction|shortestPath|factorial/);
});

test('the text of every function is plain JavaScript that stands alone', () => {
  for (const { name } of libraryEntries) {
    const text = source.forProgram(name) ?? '';
    parse(text, { ecmaVersion: 'latest' });
    // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call
    const made: unknown = new Function(`return ${text}`)();
    assert.equal(typeof Object.entries(made ?? {})[0]?.[1], 'function', name);
  }
});

test('each function has one line for a prompt', () => {
  const lines = describeLibrary().split('\n');
  assert.equal(lines.length, libraryEntries.length);
  assert.equal(describeLibrary(['gcd']), 'gcd(a, b, ...): greatest common divisor');
});
