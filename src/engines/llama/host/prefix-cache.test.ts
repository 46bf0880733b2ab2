import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PrefixCache, type Sequence, type SequenceMemory } from './prefix-cache.ts';

/** A memory that remembers what each sequence really holds, as the native cache would. */
class FakeMemory implements SequenceMemory {
  readonly held = new Map<number, number[]>();

  share(from: number, to: number, length: number): void {
    assert.deepEqual(this.held.get(to) ?? [], [], 'a shared prefix must land in an empty sequence');
    this.held.set(to, (this.held.get(from) ?? []).slice(0, length));
  }

  forget(sequence: number, from: number): boolean {
    this.held.set(sequence, (this.held.get(sequence) ?? []).slice(0, from));
    return true;
  }

  compute(sequence: Sequence, tokens: readonly number[]): void {
    this.held.set(sequence.id, [...(this.held.get(sequence.id) ?? []), ...tokens]);
    sequence.tokens.push(...tokens);
  }
}

test('the second turn of a conversation finds the first', () => {
  const memory = new FakeMemory();
  const cache = new PrefixCache(memory, { maxSequences: 2, canTrim: true });
  const first = cache.acquire(Int32Array.of(1, 2, 3));
  assert.ok(first);
  memory.compute(first, [1, 2, 3, 4, 5]);
  cache.release(first, { keep: true });
  const second = cache.acquire(Int32Array.of(1, 2, 3, 4, 5, 6, 7));
  assert.deepEqual(second?.tokens, [1, 2, 3, 4, 5]);
});

test('the last token of a prompt is never taken from the cache, because its logits are needed', () => {
  const memory = new FakeMemory();
  const cache = new PrefixCache(memory, { maxSequences: 2, canTrim: true });
  const first = cache.acquire(Int32Array.of(1, 2, 3));
  assert.ok(first);
  memory.compute(first, [1, 2, 3]);
  cache.release(first, { keep: true });
  assert.deepEqual(cache.acquire(Int32Array.of(1, 2, 3))?.tokens, [1, 2]);
});

test('a model that cannot forget single tokens reuses a prefix whole or not at all', () => {
  const memory = new FakeMemory();
  const cache = new PrefixCache(memory, { maxSequences: 3, canTrim: false });
  const first = cache.acquire(Int32Array.of(1, 2, 3));
  assert.ok(first);
  memory.compute(first, [1, 2, 3]);
  cache.release(first, { keep: true });
  assert.deepEqual(cache.acquire(Int32Array.of(1, 2, 9, 9))?.tokens, []);
  assert.deepEqual(cache.acquire(Int32Array.of(1, 2, 3, 9))?.tokens, [1, 2, 3]);
});

test('when every sequence is busy there is none to have', () => {
  const cache = new PrefixCache(new FakeMemory(), { maxSequences: 1, canTrim: true });
  assert.ok(cache.acquire(Int32Array.of(1, 2)));
  assert.equal(cache.acquire(Int32Array.of(3, 4)), undefined);
});

test('whatever comes in whatever order, books and memory agree and no sequence is lost', () => {
  const step = fc.record({
    kind: fc.constantFrom('acquire', 'compute', 'fork', 'release', 'drop', 'evict'),
    pick: fc.nat(),
    tokens: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, canTrim) => {
      const memory = new FakeMemory();
      const maxSequences = 4;
      const cache = new PrefixCache(memory, { maxSequences, canTrim });
      const busy: Sequence[] = [];
      for (const { kind, pick, tokens } of steps) {
        const chosen = busy[pick % Math.max(1, busy.length)];
        if (kind === 'acquire') {
          const prompt = Int32Array.from(tokens);
          const sequence = cache.acquire(prompt);
          assert.equal(sequence === undefined, busy.length === maxSequences);
          if (sequence === undefined) continue;
          assert.ok(sequence.tokens.length < prompt.length || !canTrim || sequence.tokens.length === 0);
          assert.deepEqual(sequence.tokens, tokens.slice(0, sequence.tokens.length));
          busy.push(sequence);
        } else if (kind === 'evict') {
          const before = cache.idleCount;
          assert.equal(cache.evict(), before > 0);
        } else if (chosen !== undefined) {
          if (kind === 'compute') memory.compute(chosen, tokens);
          else if (kind === 'fork') {
            const length = pick % (chosen.tokens.length + 1);
            const fork = cache.fork(chosen, canTrim ? length : chosen.tokens.length);
            if (fork !== undefined) busy.push(fork);
          } else {
            cache.release(chosen, { keep: kind === 'release' });
            busy.splice(busy.indexOf(chosen), 1);
          }
        }
        for (const sequence of busy) assert.deepEqual(memory.held.get(sequence.id) ?? [], sequence.tokens);
        assert.equal(new Set(busy.map((sequence) => sequence.id)).size, busy.length);
        assert.ok(busy.length + cache.idleCount <= maxSequences);
      }
    }),
  );
});
