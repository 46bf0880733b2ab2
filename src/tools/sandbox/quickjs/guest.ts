/**
 * The one piece of ours that runs inside the interpreter, before and after the model's program. It is
 * sent there as text, so it may use nothing from this module. It gives the program a console, seeded
 * chance and a fixed clock, and turns whatever the program left behind into one string. It keeps its own
 * references to the built-ins, because a program may replace them; the host trusts its string no more
 * than any other input.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion, typescript/unbound-method --
   this file meets values of every kind that a program can make, and calls methods by Reflect.apply on purpose */

/** What the host gets back: functions that it calls by handle and that the program cannot name. */
export interface Guest {
  /** Sets what depends on the request. Called once, before the program. */
  begin(settingsJson: string): void;
  /** Puts library functions within the program's reach; it may declare its own over them. */
  offer(library: Record<string, unknown>): void;
  /** Calls `target` when it is to be called, and reports the result as JSON. */
  finish(target: unknown, mode: 'value' | 'call' | 'call-with-input', inputJson: string): unknown;
  /** Reports a result as JSON text of `{report, printed}`. */
  reportValue(value: unknown): string;
  reportError(error: unknown): string;
  /** What was printed so far, as JSON text. */
  printed(): string;
}

export interface GuestSettings {
  readonly seed: number;
  readonly nowMs: number | null;
  readonly valueChars: number;
  readonly printedChars: number;
}

/** The text of an expression whose value makes a Guest from the host's function to stop the program. */
export function guestSource(): string {
  return `"use strict"; (${createGuest.toString()})(globalThis)`;
}

function createGuest(global: Record<string, unknown>): (stop: () => void) => Guest {
  const { stringify, parse } = JSON;
  const { keys, defineProperty } = Object;
  const { isArray } = Array;
  const { isFinite, isSafeInteger } = Number;
  const { isView } = ArrayBuffer;
  const { apply, construct } = Reflect;
  const toText = String;
  const toBigInt = BigInt;
  const setForEach = Set.prototype.forEach;
  const mapForEach = Map.prototype.forEach;
  const sliceText = String.prototype.slice;
  const [MapType, SetType, NumberType, StringType, BooleanType, ErrorType] = [
    Map,
    Set,
    Number,
    String,
    Boolean,
    Error,
  ];
  const slice = (text: string, length: number): string => apply(sliceText, text, [0, length]);
  const maxDepth = 100;

  const settings = { seed: 0, nowMs: 0, hasClock: false, valueChars: 0, printedChars: 0 };
  let printedText = '';
  let stopHost: () => void = () => undefined;

  const tooLarge = {};
  const tooDeep = {};

  /** A number of clearly more than `length` digits, or the largest that the interpreter handles in good time. */
  const longestBigInt = (length: number): bigint =>
    1n << toBigInt(length * 4 < 900_000 ? length * 4 : 900_000);

  /** JSON of a value within `limit` characters, or undefined where JSON has none. */
  const toJson = (root: unknown, limit: number): string | undefined => {
    let size = 0;
    const add = (text: string): string => {
      size += text.length;
      if (size > limit) throw tooLarge;
      return text;
    };
    const visit = (input: unknown, depth: number): string | undefined => {
      if (depth > maxDepth) throw tooDeep;
      let value = input;
      if (typeof value === 'object' && value !== null) {
        const own = (value as { toJSON?: unknown }).toJSON;
        if (typeof own === 'function') value = apply(own as () => unknown, value, ['']);
      }
      if (value instanceof NumberType) value = +value;
      else if (value instanceof StringType) value = toText(value);
      else if (value instanceof BooleanType) value = toText(value) === 'true';
      switch (typeof value) {
        case 'boolean':
          return add(value ? 'true' : 'false');
        case 'number':
          return add(isFinite(value) ? stringify(value) : 'null');
        case 'bigint': {
          if (value >= longestBigInt(limit) || value <= -longestBigInt(limit)) throw tooLarge;
          const digits = toText(value);
          return add(isSafeInteger(+digits) ? digits : `"${digits}"`);
        }
        case 'string':
          if (value.length > limit) throw tooLarge;
          return add(stringify(value));
        case 'object':
          return value === null ? add('null') : visitObject(value, depth);
        default:
          return undefined;
      }
    };
    const visitObject = (value: object, depth: number): string => {
      let text = '';
      const item = (entry: unknown): void => {
        text += (text === '' ? add('[') : add(',')) + (visit(entry, depth + 1) ?? add('null'));
      };
      if (isArray(value) || (isView(value) && 'length' in value)) {
        const list = value as ArrayLike<unknown>;
        for (let i = 0; i < list.length; i++) item(list[i]);
      } else if (value instanceof SetType) {
        apply(setForEach, value, [item]);
      } else if (value instanceof MapType) {
        apply(mapForEach, value, [(entry: unknown, key: unknown) => item([key, entry])]);
      } else {
        const names = keys(value);
        for (let i = 0; i < names.length; i++) {
          const name = names[i] as string;
          const entry = visit((value as Record<string, unknown>)[name], depth + 1);
          if (entry !== undefined) text += add(text === '' ? '{' : ',') + add(`${stringify(name)}:`) + entry;
        }
        return text === '' ? add('{}') : text + add('}');
      }
      return text === '' ? add('[]') : text + add(']');
    };
    return visit(root, 0);
  };

  const show = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null)
      return typeof value === 'function' ? '[function]' : toText(value);
    try {
      if (value instanceof ErrorType) return `${value.name}: ${value.message}`;
      return toJson(value, settings.printedChars) ?? 'undefined';
    } catch {
      return '[object]';
    }
  };

  const print = (...values: unknown[]): void => {
    let line = '';
    for (let i = 0; i < values.length; i++) {
      line += (i === 0 ? '' : ' ') + slice(show(values[i]), settings.printedChars + 1);
      if (line.length > settings.printedChars) break;
    }
    const text = `${printedText}${line}\n`;
    if (text.length - 1 > settings.printedChars) stopHost();
    printedText = slice(text, settings.printedChars + 1);
  };

  const hide = (owner: object, name: string, value: unknown): void => {
    defineProperty(owner, name, { value, writable: true, configurable: true, enumerable: false });
  };

  const console: Record<string, unknown> = {};
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'table', 'dir'])
    hide(console, name, print);
  hide(global, 'console', console);

  // Counter-based chance, the same mixing as `hashRandom01` in the kernel (MurmurHash3's finaliser).
  const { imul } = Math;
  const mix = (value: number, salt: number): number => {
    let h = (value + salt) | 0;
    h = imul(h ^ (h >>> 16), 0x85ebca6b);
    h = imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  let position = 0;
  hide(Math, 'random', function random(): number {
    const h = mix(mix(mix(settings.seed | 0, 0x9e3779b9), 0x85ebca6b) ^ position++, 0xc2b2ae35);
    return (h >>> 0) / 4294967296;
  });

  // Dates that name their moment work as ever; asking for the present is refused unless a clock was given.
  const RealDate = Date;
  const now = (): number => {
    if (!settings.hasClock)
      throw new ErrorType('This sandbox has no clock; work with the dates that the task names.');
    return settings.nowMs;
  };
  const FixedDate = function (...parts: unknown[]): unknown {
    if (!new.target) return new RealDate(now()).toString();
    return construct(RealDate, parts.length === 0 ? [now()] : parts, new.target);
  };
  defineProperty(FixedDate, 'name', { value: 'Date' });
  defineProperty(FixedDate, 'length', { value: 7 });
  defineProperty(FixedDate, 'prototype', { value: RealDate.prototype, writable: false });
  hide(RealDate.prototype, 'constructor', FixedDate);
  hide(FixedDate, 'UTC', RealDate.UTC);
  hide(FixedDate, 'parse', RealDate.parse);
  hide(FixedDate, 'now', now);
  hide(global, 'Date', FixedDate);

  const answer = (report: string): string => `{"report":${report},"printed":${stringify(printedText)}}`;
  const readText = (owner: object, name: string, fallback: string, length: number): string => {
    try {
      const value: unknown = (owner as Record<string, unknown>)[name];
      return typeof value === 'string' ? slice(value, length) : fallback;
    } catch {
      return fallback;
    }
  };

  return (stop) => {
    stopHost = stop;
    return {
      begin(settingsJson) {
        const given = parse(settingsJson) as GuestSettings;
        settings.seed = given.seed;
        settings.hasClock = given.nowMs !== null;
        settings.nowMs = given.nowMs ?? 0;
        settings.valueChars = given.valueChars;
        settings.printedChars = given.printedChars;
      },
      offer(library) {
        for (const name of keys(library)) hide(global, name, library[name]);
      },
      finish(target, mode, inputJson) {
        if (mode === 'value') return target;
        if (typeof target !== 'function') throw new TypeError('the entry is not a function');
        return apply(target as () => unknown, undefined, mode === 'call' ? [] : [parse(inputJson)]);
      },
      reportValue(value) {
        try {
          if (typeof value === 'number' && !isFinite(value))
            return answer(`{"kind":"no-value","reason":"${value}"}`);
          const json = toJson(value, settings.valueChars);
          if (json === undefined) return answer(`{"kind":"no-value","reason":"${typeof value}"}`);
          return answer(`{"kind":"value","json":${stringify(json)}}`);
        } catch (error) {
          if (error === tooLarge) return answer('{"kind":"output-too-large","what":"value"}');
          if (error === tooDeep) {
            return answer(
              `{"kind":"no-value","reason":"nested deeper than ${maxDepth} levels, or in a circle"}`,
            );
          }
          return this.reportError(error);
        }
      },
      reportError(error) {
        let name = 'not an Error';
        let message = '';
        let stack = '';
        if (typeof error === 'object' && error !== null) {
          name = readText(error, 'name', 'Error', 100);
          message = readText(error, 'message', '', 1000);
          stack = readText(error, 'stack', '', 4000);
        } else {
          message = slice(show(error), 1000);
        }
        if (name === 'InternalError' && message === 'out of memory')
          return answer('{"kind":"out-of-memory"}');
        const fields = `"name":${stringify(name)},"message":${stringify(message)},"stack":${stringify(stack)}`;
        return answer(`{"kind":"threw",${fields}}`);
      },
      printed: () => stringify(printedText),
    };
  };
}
