/**
 * Programs that try to get out of a sandbox, to outlive their limits, or to lie about their result. Each
 * names the ends that are allowed; an end with a value also names the value, so that a program which got
 * hold of something gives itself away.
 */
import type { SandboxOutcome } from '../../src/tools/sandbox/sandbox.ts';

export interface HostileProgram {
  readonly name: string;
  readonly source: string;
  /** Called as the entry when given; most programs are their last expression. */
  readonly entry?: string;
  readonly ends: readonly SandboxOutcome['kind'][];
  /** The only value that is harmless, as JSON. */
  readonly value?: string;
}

/** What the surroundings of the test hold, and no program may learn or reach. */
export interface Bait {
  readonly secretFile: string;
  readonly port: number;
}

type Line = readonly [name: string, source: string, ends: string, value?: string];

function toPrograms(lines: readonly Line[]): HostileProgram[] {
  return lines.map(([name, source, ends, value]) => ({
    name,
    source,
    ends: ends.split(' ') as SandboxOutcome['kind'][],
    ...(value === undefined ? {} : { value }),
  }));
}

/** Ways to the host: its objects, modules, network, files, processes. */
export function escapePrograms(bait: Bait): HostileProgram[] {
  const file = JSON.stringify(bait.secretFile);
  return toPrograms([
    ['process', 'typeof process + typeof globalThis.process', 'value', '"undefinedundefined"'],
    ['require', `require("fs").readFileSync(${file}, "utf8")`, 'threw'],
    ['import()', `import("node:fs").then((fs) => fs.readFileSync(${file}, "utf8"))`, 'threw'],
    ['import of a file', `import(${file}).then((m) => Object.keys(m))`, 'threw'],
    ['import of data', 'import("data:text/javascript,export default 1").then((m) => m.default)', 'threw'],
    ['import declaration', `import fs from "fs"; fs.readFileSync(${file})`, 'syntax-error'],
    ['import.meta', 'import.meta.url', 'syntax-error'],
    ['fetch', `fetch("http://127.0.0.1:${bait.port}/").then((r) => r.text())`, 'threw'],
    ['sockets', `new WebSocket("ws://127.0.0.1:${bait.port}/")`, 'threw'],
    [
      'XMLHttpRequest',
      `const x = new XMLHttpRequest(); x.open("GET", "http://127.0.0.1:${bait.port}/", false); x.send()`,
      'threw',
    ],
    [
      'std and os of the interpreter',
      'typeof std + typeof os + typeof scriptArgs + typeof bjson',
      'value',
      '"undefinedundefinedundefinedundefined"',
    ],
    ['WebAssembly', 'new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))', 'threw'],
    [
      'Function constructor',
      'Function("return typeof process + typeof require")()',
      'value',
      '"undefinedundefined"',
    ],
    [
      'eval',
      '(0, eval)("typeof process + typeof require + typeof module")',
      'value',
      '"undefinedundefinedundefined"',
    ],
    ['constructor chain', '[].constructor.constructor("return this")() === globalThis', 'value', 'true'],
    [
      'constructor chain of the console',
      'console.log.constructor("return typeof process")()',
      'value',
      '"undefined"',
    ],
    [
      'constructor chain of an error',
      'try { null.x } catch (e) { e.constructor.constructor("return typeof process")() }',
      'value',
      '"undefined"',
    ],
    [
      'constructor chain of a library function',
      'gcd.constructor("return typeof require")() + typeof gcd.caller',
      'value threw',
    ],
    [
      'constructor of the generator function',
      '(function* () {}).constructor("yield typeof process")().next().value',
      'value',
      '"undefined"',
    ],
    [
      'constructor of the async function',
      '(async () => {}).constructor("return typeof process")()',
      'value',
      '"undefined"',
    ],
    [
      'arguments.callee.caller',
      '(function () { return typeof arguments.callee.caller?.apply })()',
      'value threw',
      '"undefined"',
    ],
    ['the stack of an error', 'new Error("x").stack.includes("node_modules")', 'value', 'false'],
    [
      'Error.prepareStackTrace',
      'Error.prepareStackTrace = (e, frames) => frames.map((f) => typeof f.getThis?.()); try { null.x } catch (e) { JSON.stringify(e.stack).includes("process") }',
      'value',
      'false',
    ],
    [
      'the prelude by name',
      'typeof createGuest + typeof stop + typeof stopHost + typeof guest',
      'value',
      '"undefinedundefinedundefinedundefined"',
    ],
    ['fork', 'require("child_process").fork("x.js")', 'threw'],
    [
      'spawn by process.binding',
      'globalThis.process.binding("spawn_sync").spawn({ file: "/bin/sh" })',
      'threw',
    ],
    ['worker threads', 'new Worker("data:,postMessage(1)")', 'threw'],
    ['Deno and Bun', 'typeof Deno + typeof Bun', 'value', '"undefinedundefined"'],
    ['timers', 'setTimeout(() => {}, 0)', 'threw'],
    ['environment', 'JSON.stringify(globalThis).includes("canary")', 'value threw', 'false'],
    ['the time', 'Date.now()', 'threw'],
    ['the time of a date made from a date', 'new (new Date(0).constructor)().getTime()', 'threw'],
    ['the time of Date called as a function', 'Date()', 'threw'],
    ['the time of a subclass', 'new (class extends Date {})().getTime()', 'threw'],
    ['a high resolution clock', 'performance.now()', 'threw'],
    [
      'shared memory as a clock',
      'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e6)',
      'value threw timed-out',
      '"timed-out"',
    ],
  ]);
}

/**
 * Ways to use up time, memory, stack and output. Each may also run out of time first: on a busy machine the
 * clock can win against any other limit.
 */
export const greedyPrograms: readonly HostileProgram[] = toPrograms([
  ['an endless loop', 'for (;;);', 'timed-out'],
  ['an endless loop in finally', 'try { for (;;); } finally { for (;;); }', 'timed-out'],
  ['a loop that catches everything', 'for (;;) { try { for (;;); } catch {} }', 'timed-out'],
  ['an endless loop in a getter of the value', '({ get a() { for (;;); } })', 'timed-out'],
  ['an endless loop in toJSON', '({ toJSON() { for (;;); } })', 'timed-out'],
  ['an endless loop in a proxy', 'new Proxy({}, { ownKeys() { for (;;); } })', 'timed-out'],
  ['an endless loop in the message of an error', 'throw { get message() { for (;;); } }', 'timed-out'],
  ['an endless loop in a sort comparator', '[3, 1, 2].sort(() => { for (;;); })', 'timed-out'],
  [
    'a comparator that lies',
    'Array.from({ length: 1e5 }, (_, i) => i).sort(() => Math.random() - 0.5).length',
    'value timed-out',
    '100000',
  ],
  ['an endless generator', 'function* f() { for (;;) yield 1; } [...f()]', 'timed-out out-of-memory'],
  [
    'an endless iterator',
    'Array.from({ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) })',
    'timed-out out-of-memory',
  ],
  ['endless microtasks', 'const f = () => Promise.resolve().then(f); f()', 'timed-out out-of-memory'],
  ['endless asynchronous code', '(async () => { for (;;) await 0; })()', 'timed-out'],
  ['a promise that never settles', 'new Promise(() => {})', 'no-value timed-out'],
  ['a thenable that never settles', '({ then() { for (;;); } })', 'value timed-out', '{}'],
  ['a long string of holes', 'new Array(1e9) + ""', 'timed-out out-of-memory threw'],
  ['a search through holes', 'new Array(1e9).indexOf(5)', 'timed-out'],
  ['a join of holes', 'new Array(4e8).join("x")', 'timed-out out-of-memory threw'],
  ['holes as the value', 'new Array(1e9)', 'output-too-large timed-out'],
  ['a sparse array as the value', 'const a = []; a[4294967290] = 1; a', 'output-too-large timed-out'],
  ['a regular expression bomb', '/^(a+)+$/.test("a".repeat(40) + "b")', 'timed-out'],
  ['a nested regular expression bomb', '/^((a|aa)+)+$/.test("a".repeat(60) + "!")', 'timed-out'],
  [
    'a regular expression with a look-behind',
    '/(?<=(a+)+)b$/.test("a".repeat(5000) + "c")',
    'timed-out value',
    'false',
  ],
  ['a long replacement', '"a".repeat(1e6).replace(/(a)(?=(a*))/g, "x").length', 'timed-out out-of-memory'],
  ['string doubling', 'let s = "x"; for (;;) s += s;', 'threw out-of-memory timed-out'],
  ['repeat', '"x".repeat(2 ** 29).length', 'out-of-memory threw timed-out'],
  ['padding', '"".padEnd(2 ** 30 - 1).length', 'out-of-memory threw timed-out'],
  ['an array that grows', 'const a = []; for (;;) a.push(a.length, {});', 'out-of-memory timed-out'],
  [
    'objects that grow in the global scope',
    'var a = ""; for (;;) a = [a, a, "y"];',
    'out-of-memory timed-out',
  ],
  [
    'strings that are kept',
    'const a = []; for (;;) a.push("x".repeat(1e5) + a.length);',
    'out-of-memory timed-out',
  ],
  ['fill', 'new Array(1e8).fill(0).length', 'out-of-memory timed-out'],
  ['a typed array', 'new Float64Array(2e9)', 'out-of-memory threw timed-out'],
  ['many typed arrays', 'const a = []; for (;;) a.push(new Uint8Array(1e6));', 'out-of-memory timed-out'],
  [
    'a growing buffer',
    'new ArrayBuffer(8, { maxByteLength: 2 ** 40 }).resize(2 ** 39)',
    'out-of-memory threw timed-out',
  ],
  ['BigInt by powers', '2n ** (2n ** 40n)', 'threw timed-out'],
  ['BigInt by squares', 'let a = 3n; for (;;) a *= a;', 'threw timed-out'],
  ['BigInt as text', 'String(7n ** 300000n).length', 'value timed-out', '253530'],
  ['BigInt by shifting', '1n << 2n ** 62n', 'threw timed-out'],
  ['deep recursion', '(function f() { return f() + 1; })()', 'threw timed-out'],
  [
    'mutual recursion that catches',
    'let n = 0; const f = () => { try { f(); } catch { n++; f(); } }; f()',
    'threw timed-out',
  ],
  ['recursion through toString', 'const o = { toString() { return "" + this; } }; "" + o', 'threw timed-out'],
  [
    'recursion through a proxy',
    'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x',
    'threw timed-out',
  ],
  [
    'recursion through join',
    'let a = [1]; for (let i = 0; i < 1e5; i++) a = [a]; a.join().length',
    'threw timed-out',
  ],
  [
    'recursion through JSON',
    'let a = [1]; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a).length',
    'threw timed-out',
  ],
  ['recursion in the parser', 'eval("[".repeat(1e5))', 'threw timed-out'],
  [
    'recursion in the parser of expressions',
    'eval("(".repeat(1e5) + "1" + ")".repeat(1e5))',
    'threw timed-out',
  ],
  [
    'recursion in regular expressions',
    'new RegExp("(?:".repeat(1e5) + ")".repeat(1e5)).test("a")',
    'threw timed-out',
  ],
  [
    'recursion through flat',
    'let a = [1]; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity).length',
    'threw timed-out',
  ],
  ['an output flood', 'for (;;) console.log("x".repeat(100));', 'output-too-large timed-out'],
  [
    'an output flood that catches',
    'for (;;) { try { console.log("y".repeat(1000)); } catch {} }',
    'output-too-large timed-out',
  ],
  ['one huge line', 'console.log("x".repeat(1e7)); 1', 'output-too-large timed-out'],
  ['a huge value', '"x".repeat(1e6)', 'output-too-large timed-out'],
  ['a huge value of escapes', '"\\u0001".repeat(60000)', 'output-too-large timed-out'],
  [
    'a wide value that refers to itself',
    'const a = []; a.push(a, a, a); a',
    'no-value output-too-large timed-out',
  ],
  [
    'a value nested beyond any stack',
    'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a',
    'no-value timed-out',
  ],
]);

/** Ways to lie to the host about the value, or to break what carries it. */
export const lyingPrograms: readonly HostileProgram[] = toPrograms([
  [
    'a frame in the value',
    '"\\u0010\\u0000\\u0000\\u0000{\\"kind\\":\\"ready\\"}"',
    'value',
    JSON.stringify('\u0010\u0000\u0000\u0000{"kind":"ready"}'),
  ],
  [
    'line ends and separators',
    '"\\r\\n\\u2028\\u2029\\u0000\\ufeff"',
    'value',
    JSON.stringify('\r\n\u2028\u2029\u0000\ufeff'),
  ],
  ['half a surrogate', '"\\ud800x" + "\\udfff".repeat(2)', 'value', '"\\ud800x\\udfff\\udfff"'],
  ['JSON.stringify replaced', 'JSON.stringify = () => "{}}"; ({ a: 1 })', 'value', '{"a":1}'],
  ['JSON.parse replaced', 'JSON.parse = () => ({ valueChars: 1e9 }); 1', 'value', '1'],
  [
    'String, Number, Object and Reflect replaced',
    'String = Number = Object = Reflect = Array = undefined; ({ a: [1, "x", 2n] })',
    'value',
    '{"a":[1,"x",2]}',
  ],
  [
    'Array.prototype polluted',
    'Object.defineProperty(Array.prototype, 0, { set() { throw 1 }, get() { return 7 } }); [1]',
    'value',
    '[1]',
  ],
  [
    'Object.prototype polluted',
    'Object.prototype.toJSON = () => "gone"; Object.prototype.kind = "value"; ({ a: 1 })',
    'value',
    '"gone"',
  ],
  [
    'String.prototype replaced',
    'String.prototype.slice = () => "z".repeat(1e9); console.log("q"); "a"',
    'value',
    '"a"',
  ],
  [
    'iterators replaced',
    'Array.prototype[Symbol.iterator] = function* () { for (;;) yield 1; }; [1, 2]',
    'value',
    '[1,2]',
  ],
  ['Set and Map lied about', 'Set.prototype.forEach = () => 0; Map = Set = function () {}; 1', 'value', '1'],
  ['a toJSON that throws', '({ toJSON() { throw new Error("no") } })', 'threw'],
  ['a toJSON without end', 'const o = { toJSON() { return { o } } }; o', 'no-value'],
  ['a getter that throws', '({ get a() { throw new TypeError("no") } })', 'threw'],
  ['a revoked proxy', 'const r = Proxy.revocable({}, {}); r.revoke(); r.proxy', 'threw'],
  [
    'a proxy of an array that lies about its length',
    'new Proxy([], { get: (t, k) => (k === "length" ? 2 ** 53 : t[k]) })',
    'output-too-large timed-out',
  ],
  ['a thrown proxy', 'throw new Proxy({}, { get() { throw 1 } })', 'threw'],
  ['a thrown revoked proxy', 'const r = Proxy.revocable({}, {}); r.revoke(); throw r.proxy', 'threw'],
  ['a thrown nothing', 'throw undefined', 'threw'],
  ['a thrown symbol', 'throw Symbol("s")', 'threw'],
  ['an error with a huge message', 'throw new Error("x".repeat(1e6))', 'threw'],
  [
    'a forged failure',
    'const e = new Error("out of memory"); e.name = "InternalError"; throw e',
    'out-of-memory',
  ],
  [
    'a boxed value that lies',
    'const n = new Number(1); n.valueOf = () => { throw new Error("no") }; n',
    'threw value',
    '1',
  ],
  [
    '__proto__ as a key',
    'JSON.parse(\'{"__proto__": {"polluted": 1}}\')',
    'value',
    '{"__proto__":{"polluted":1}}',
  ],
  ['globalThis as the value', 'globalThis', 'value no-value', '{}'],
  ['a function', '() => 1', 'no-value'],
  ['a symbol', 'Symbol.iterator', 'no-value'],
  ['not a number', '0 / 0', 'no-value'],
  ['negative zero', '-0', 'value', '0'],
  ['a NUL in the source', '1 + "\0"', 'syntax-error'],
  ['the console replaced', 'console = { log() { throw 1 } }; 1', 'value', '1'],
  ['the globals frozen', 'Object.freeze(globalThis); Object.freeze(Object.prototype); 5', 'value', '5'],
  ['a debugger statement', 'debugger; 5', 'value', '5'],
  ['code that is not JavaScript', 'def answer():\n  return 1', 'syntax-error'],
  ['HTML comments', '1 <!-- 2\n--> 3\n', 'value syntax-error', '1'],
  ['with', 'with (globalThis) { typeof process }', 'value', '"undefined"'],
]);
