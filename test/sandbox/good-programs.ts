/** What a sandbox promises to programs that mean well. */
import assert from 'node:assert/strict';
import { GradusError } from '../../src/kernel/errors.ts';
import type { Sandbox, SandboxOutcome, SandboxRequest } from '../../src/tools/sandbox/sandbox.ts';

type Case = (sandbox: Sandbox) => Promise<void>;
type Extras = Omit<SandboxRequest, 'language' | 'source'>;

const run = (sandbox: Sandbox, source: string, extras: Extras = {}): Promise<SandboxOutcome> =>
  sandbox.run({ language: 'javascript', source, ...extras });

/** The outcome without what differs from run to run. */
const end = async (sandbox: Sandbox, source: string, extras: Extras = {}): Promise<unknown> => {
  const { elapsedMs, ...rest } = await run(sandbox, source, extras);
  assert.ok(elapsedMs >= 0);
  return rest;
};

const value = (json: string, printed = ''): unknown => ({ kind: 'value', json, printed });

export const goodCases: Readonly<Record<string, Case>> = {
  'the value of the last statement is the answer': async (sandbox) => {
    assert.deepEqual(await end(sandbox, 'const a = 6; a * 7'), value('42'));
  },
  'an entry is called, with the input when there is one': async (sandbox) => {
    const source = 'function f(x) { return x === undefined ? "none" : x.a[1] + 1; }';
    assert.deepEqual(await end(sandbox, source, { entry: 'f' }), value('"none"'));
    assert.deepEqual(await end(sandbox, source, { entry: 'f', input: { a: [1, 41] } }), value('42'));
    assert.deepEqual(await end(sandbox, 'const g = (x) => x;', { entry: 'g', input: null }), value('null'));
  },
  'values come as canonical JSON': async (sandbox) => {
    const source =
      '({ b: 2, a: [1n, 1e21, -0, null, undefined, NaN], c: undefined, d: new Set([1]), e: new Map([["k", 1]]) })';
    assert.deepEqual(
      await end(sandbox, source),
      value('{"a":[1,1e+21,0,null,null,null],"b":2,"d":[1],"e":[["k",1]]}'),
    );
    assert.deepEqual(
      await end(sandbox, '[2n ** 53n - 1n, 2n ** 53n]'),
      value('[9007199254740991,"9007199254740992"]'),
    );
    assert.deepEqual(
      await end(sandbox, '[new Uint8Array([1, 2]), new Date(0), new String("s")]'),
      value('[[1,2],"1970-01-01T00:00:00.000Z","s"]'),
    );
  },
  'output is captured, in order and as text': async (sandbox) => {
    const source = 'console.log("a", 1, [2, { b: 3n }]); console.error(null, undefined); console.log(); 7';
    assert.deepEqual(await end(sandbox, source), value('7', 'a 1 [2,{"b":3}]\nnull undefined\n\n'));
  },
  'a thrown error comes with the frames of the program alone': async (sandbox) => {
    const source =
      'function inner() {\n  throw new TypeError("no");\n}\nfunction answer() {\n  return inner();\n}';
    const outcome = await run(sandbox, source, { entry: 'answer' });
    assert.equal(outcome.kind, 'threw');
    if (outcome.kind !== 'threw') return;
    assert.deepEqual([outcome.name, outcome.message], ['TypeError', 'no']);
    assert.match(outcome.stack, /^at inner \(program\.js:2:\d+\)\nat answer \(program\.js:5:\d+\)$/);
  },
  'what was printed before an error is kept': async (sandbox) => {
    const outcome = await run(sandbox, 'console.log("so far"); x.y');
    assert.deepEqual([outcome.kind, outcome.printed], ['threw', 'so far\n']);
  },
  'what was printed before the time was over is kept, unless the program had to be killed': async (
    sandbox,
  ) => {
    const printed: string[] = [];
    // On a busy machine the kill may come before the program's own report, so one of several must arrive.
    for (let i = 0; i < 6; i++) {
      const outcome = await run(sandbox, 'console.log("so far"); for (;;);', { limits: { timeMs: 60 } });
      assert.equal(outcome.kind, 'timed-out');
      printed.push(outcome.printed);
    }
    assert.deepEqual(
      [...new Set(printed)].filter((text) => text !== ''),
      ['so far\n'],
    );
  },
  'broken source and a broken text at run time are told apart': async (sandbox) => {
    assert.equal((await run(sandbox, 'let x = ;')).kind, 'syntax-error');
    assert.equal((await run(sandbox, 'JSON.parse("{")')).kind, 'threw');
    assert.equal((await run(sandbox, 'eval("let x = ;")')).kind, 'threw');
  },
  'no value is no answer': async (sandbox) => {
    assert.deepEqual(await end(sandbox, 'undefined'), { kind: 'no-value', reason: 'undefined', printed: '' });
    assert.deepEqual(await end(sandbox, '1 / 0'), { kind: 'no-value', reason: 'Infinity', printed: '' });
    assert.equal((await run(sandbox, 'function f() {}', { entry: 'f' })).kind, 'no-value');
    assert.equal((await run(sandbox, '1', { entry: 'missing' })).kind, 'threw');
    assert.equal((await run(sandbox, 'const five = 5;', { entry: 'five' })).kind, 'threw');
  },
  'a promise counts as what it settles to': async (sandbox) => {
    const source = 'async function f() { const x = await 40; return x + (await Promise.resolve(2)); }';
    assert.deepEqual(await end(sandbox, source, { entry: 'f' }), value('42'));
    assert.equal((await run(sandbox, 'Promise.reject(new Error("no"))')).kind, 'threw');
  },
  'chance is seeded: same seed, same numbers, and other numbers for another seed': async (sandbox) => {
    const source = '[Math.random(), Math.random(), Math.random()]';
    const [first, again, other, unseeded, zero] = await Promise.all(
      [{ seed: 7 }, { seed: 7 }, { seed: 8 }, {}, { seed: 0 }].map((extras) => end(sandbox, source, extras)),
    );
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
    assert.deepEqual(unseeded, zero);
  },
  'the time is what the request says, or refused': async (sandbox) => {
    const source = '[Date.now(), new Date().toISOString(), new Date(2024, 1, 29).getTimezoneOffset()]';
    assert.deepEqual(
      await end(sandbox, source, { nowMs: 86_400_000 }),
      value('[86400000,"1970-01-02T00:00:00.000Z",0]'),
    );
    assert.equal((await run(sandbox, source)).kind, 'threw');
    assert.deepEqual(
      await end(sandbox, 'new Date("2024-02-29") instanceof Date && new Date(Date.UTC(2024, 0, 1)).getDay()'),
      value('1'),
    );
  },
  'programs do not see each other': async (sandbox) => {
    await run(
      sandbox,
      'globalThis.left = 1; Array.prototype.left = 2; Math.random = () => 3; Object.freeze(Math);',
    );
    const source = '[typeof left, [].left === undefined, Math.random() < 1, Object.isFrozen(Math)]';
    assert.deepEqual(await end(sandbox, source), value('["undefined",true,true,false]'));
  },
  'the library is in reach, gives way to the program, and can be left out': async (sandbox) => {
    assert.deepEqual(await end(sandbox, 'fraction(1, 3).add("1/6")'), value('"1/2"'));
    assert.deepEqual(await end(sandbox, 'factorize(2n ** 64n + 1n)'), value('[274177,67280421310721]'));
    assert.deepEqual(await end(sandbox, 'const gcd = (a) => a; gcd(5, 15) + lcm(4, 6)'), value('17'));
    assert.deepEqual(await end(sandbox, 'function product() { return 3; } product()'), value('3'));
    assert.equal((await run(sandbox, 'isPrime(7)', { withLibrary: false })).kind, 'threw');
  },
  'ten thousand nested calls are possible': async (sandbox) => {
    assert.deepEqual(
      await end(sandbox, '(function f(n) { return n === 0 ? 0 : 1 + f(n - 1); })(10000)'),
      value('10000'),
    );
  },
  'more programs than places all get their turn': async (sandbox) => {
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, i) => end(sandbox, `${i} * 2`)));
    assert.deepEqual(
      outcomes,
      Array.from({ length: 30 }, (_, i) => value(String(i * 2))),
    );
  },
  'a request that no sandbox could run is refused with the field that is wrong': async (sandbox) => {
    const wrong: readonly (readonly [Extras, string])[] = [
      [{ entry: 'f(); process' }, 'entry'],
      [{ input: 1 }, 'input'],
      [{ seed: 1.5 }, 'seed'],
      [{ limits: { timeMs: 0 } }, 'limits.timeMs'],
      [{ limits: { memoryBytes: 1e12 } }, 'limits.memoryBytes'],
    ];
    for (const [extras, param] of wrong) {
      await assert.rejects(run(sandbox, '1', extras), (error) => {
        assert.ok(error instanceof GradusError);
        return error.code === 'invalid-request' && error.details.param === param;
      });
    }
  },
  'an abort ends the running program, the waiting one, and neither place is lost': async (sandbox) => {
    const isCancelled = (error: unknown): boolean =>
      error instanceof GradusError && error.code === 'cancelled';
    const startMs = performance.now();
    const runs = Array.from({ length: 6 }, () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 50);
      return assert.rejects(
        sandbox.run({ language: 'javascript', source: 'for (;;);' }, abort.signal),
        isCancelled,
      );
    });
    await Promise.all(runs);
    assert.ok(performance.now() - startMs < 1000);
    await assert.rejects(
      sandbox.run({ language: 'javascript', source: '1' }, AbortSignal.abort()),
      isCancelled,
    );
    assert.deepEqual(await end(sandbox, '6 * 7'), value('42'));
  },
};
