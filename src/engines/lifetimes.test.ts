/** Work ends with its caller, from inside, or with its engine, and leaves no listener behind. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Lifetimes } from './lifetimes.ts';

test('work follows its caller with its reason', () => {
  const lifetimes = new Lifetimes();
  const outer = new AbortController();
  using work = lifetimes.open(outer.signal);
  using other = lifetimes.open(new AbortController().signal);
  outer.abort(new Error('left'));
  assert.deepEqual([work.signal.aborted, other.signal.aborted], [true, false]);
  assert.match(String(work.signal.reason), /left/);
  using late = lifetimes.open(outer.signal);
  assert.equal(late.signal.aborted, true);
});

test('work ends from inside without its caller, and all of it with the engine', () => {
  const lifetimes = new Lifetimes();
  const outer = new AbortController();
  using a = lifetimes.open(outer.signal);
  using b = lifetimes.open(outer.signal);
  a.end();
  assert.deepEqual([a.signal.aborted, b.signal.aborted, outer.signal.aborted], [true, false, false]);
  lifetimes.close();
  assert.equal(b.signal.aborted, true);
  using late = lifetimes.open(outer.signal);
  assert.equal(late.signal.aborted, true);
});

test('work that is over is not aborted and leaves no listener behind', () => {
  const lifetimes = new Lifetimes();
  const outer = new AbortController();
  const work = lifetimes.open(outer.signal);
  assert.equal(getEventListeners(outer.signal, 'abort').length, 1);
  work[Symbol.dispose]();
  assert.equal(getEventListeners(outer.signal, 'abort').length, 0);
  lifetimes.close();
  outer.abort();
  assert.equal(work.signal.aborted, false);
});
