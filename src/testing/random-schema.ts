/**
 * Random JSON schemas for tests of what reads them, over all keywords that Gradus supports, with a sample
 * where one is easily known. Not every schema can be satisfied or turned into a grammar.
 */
import type { JsonObject, JsonValue } from '../kernel/json.ts';
import { randomInteger, type RandomSource } from '../kernel/random.ts';

export interface RandomSchema {
  readonly schema: JsonObject;
  /** A value that is meant to be valid, in the simplest spelling; undefined when none is known. */
  readonly sample: JsonValue | undefined;
}

export function createRandomSchema(random: RandomSource, depth: number): RandomSchema {
  const maker = new SchemaMaker(random);
  const root = maker.make(depth);
  return { schema: { ...root.schema, $defs: maker.definitions() }, sample: root.sample };
}

interface Made {
  readonly schema: JsonObject;
  readonly sample: JsonValue | undefined;
}

const patterns: readonly (readonly [pattern: string, sample: string])[] = [
  ['^[a-z]{2,5}$', 'abc'],
  ['o+', 'a "foo"\n'],
  ['^(x|yz)+$', 'xyzx'],
  ['^[^0-9]*$', 'ä\\ü'],
  ['\\d{3}', 'n123'],
  ['^\\w+( \\w+)*$', 'a b_c'],
  ['^(?=.*\\d)[a-z\\d]{4,}$', 'ab12'],
  ['a$|^b', 'bus'],
  ['^[\\u{1F600}-\\u{1F610}]$', '\u{1F605}'],
  ['^$', ''],
  ['[/"\\\\]', 'a/b'],
];

const formats: readonly (readonly [format: string, sample: string])[] = [
  ['date', '2024-02-29'],
  ['time', '23:59:00Z'],
  ['date-time', '2023-06-30T12:00:00.25+02:00'],
  ['duration', 'P1DT2H'],
  ['uuid', '123e4567-e89b-12d3-a456-426614174000'],
  ['email', 'first.last@mail.example.org'],
  ['hostname', 'www.example.org'],
  ['ipv4', '192.168.0.1'],
  ['ipv6', 'fe80::1'],
  ['uri', 'https://example.org/a/b?c=d#e'],
  ['uri-reference', '../a'.slice(3)],
  ['json-pointer', '/a/0'],
  ['byte', 'QUJD'],
  ['unheard-of', 'anything'],
];

const names = ['a', 'b', 'name', 'ab', 'long name', 'quote"', 'ünïcode', ''];

const texts = ['', 'a', 'text', 'two words', 'line\nbreak', 'quote " and \\', 'é', '\u{1F600}', '\u0001'];

class SchemaMaker {
  readonly #random: RandomSource;
  readonly #definitions: Record<string, JsonObject> = {};

  constructor(random: RandomSource) {
    this.#random = random;
  }

  definitions(): JsonObject {
    return this.#definitions;
  }

  make(depth: number): Made {
    const simple = [
      () => this.#simple(),
      () => this.#integer(),
      () => this.#number(),
      () => this.#text(),
      () => this.#text(),
      () => this.#literals(),
    ];
    const nested = [
      () => this.#array(depth),
      () => this.#tuple(depth),
      () => this.#object(depth),
      () => this.#object(depth),
      () => this.#map(depth),
      () => this.#anyOf(depth),
      () => this.#oneOf(depth),
      () => this.#allOf(depth),
      () => this.#reference(depth),
      () => this.#recursive(depth),
    ];
    const made = this.#pick(depth > 0 ? [...simple, ...nested] : simple)();
    return this.#chance(0.1) ? { ...made, schema: { ...made.schema, description: 'a text' } } : made;
  }

  #pick<T>(options: readonly T[]): T {
    return options[randomInteger(this.#random, options.length)] as T;
  }

  #chance(probability01: number): boolean {
    return this.#random.next01() < probability01;
  }

  #between(low: number, high: number): number {
    return low + randomInteger(this.#random, high - low + 1);
  }

  #simple(): Made {
    return this.#pick<Made>([
      { schema: {}, sample: { any: [1, 'x', null] } },
      { schema: { type: 'null' }, sample: null },
      { schema: { type: 'boolean' }, sample: true },
      { schema: { type: ['string', 'null'], maxLength: 4 }, sample: null },
      { schema: { type: ['integer', 'boolean'] }, sample: -7 },
      { schema: { type: 'object' }, sample: { a: { b: [] } } },
      { schema: { type: 'array' }, sample: [[], {}] },
      { schema: { type: 'number' }, sample: -1.5e-7 },
    ]);
  }

  #integer(): Made {
    const low = this.#between(-2000, 2000);
    const high = low + this.#pick([0, 1, 9, 100, 12345]);
    const schema: Record<string, JsonValue> = { type: 'integer' };
    if (this.#chance(0.7)) schema[this.#pick(['minimum', 'exclusiveMinimum'])] = low;
    if (this.#chance(0.7)) schema[this.#pick(['maximum', 'exclusiveMaximum'])] = high;
    if (this.#chance(0.2)) schema['multipleOf'] = this.#pick([1, 2, 5, 7, 60]);
    const sample = this.#between(low, high);
    const isInside = sample > low && sample < high && schema['multipleOf'] === undefined;
    return { schema, sample: isInside ? sample : undefined };
  }

  #number(): Made {
    const low = this.#between(-500, 500) / this.#pick([1, 4, 10, 1000]);
    const high = low + this.#pick([0.5, 3.25, 1e-3, 1000]);
    const schema: Record<string, JsonValue> = { type: 'number' };
    if (this.#chance(0.7)) schema[this.#pick(['minimum', 'exclusiveMinimum'])] = low;
    if (this.#chance(0.7)) schema[this.#pick(['maximum', 'exclusiveMaximum'])] = high;
    const middle = Number(((low + high) / 2).toFixed(6));
    return { schema, sample: middle > low && middle < high ? middle : undefined };
  }

  #text(): Made {
    if (this.#chance(0.3)) {
      const [pattern, sample] = this.#pick(patterns);
      return this.#chance(0.3)
        ? {
            schema: { type: 'string', pattern, maxLength: 12 },
            sample: sample.length > 12 ? undefined : sample,
          }
        : { schema: { type: 'string', pattern }, sample };
    }
    if (this.#chance(0.4)) {
      const [format, sample] = this.#pick(formats);
      return { schema: { type: 'string', format }, sample };
    }
    const min = this.#pick([0, 0, 1, 3]);
    const max = min + this.#pick([0, 2, 10, 700]);
    const schema: Record<string, JsonValue> = { type: 'string' };
    if (min > 0) schema['minLength'] = min;
    if (this.#chance(0.5)) schema['maxLength'] = max;
    const fitting = texts.filter((text) => {
      const { length } = Array.from(text);
      return length >= min && length <= max;
    });
    return { schema, sample: fitting.length === 0 ? undefined : this.#pick(fitting) };
  }

  #literals(): Made {
    const values: readonly JsonValue[] = [
      'red',
      'green',
      'a"b',
      1,
      -2.5,
      null,
      true,
      [1, [2]],
      { x: 1, y: [] },
      '',
    ];
    const chosen = values.filter(() => this.#chance(0.4));
    const sample = chosen[0];
    if (sample === undefined) return { schema: { const: 'only' }, sample: 'only' };
    return this.#chance(0.3)
      ? { schema: { enum: chosen, type: ['string', 'number', 'null'] }, sample: undefined }
      : { schema: { enum: chosen }, sample };
  }

  #array(depth: number): Made {
    const items = this.make(depth - 1);
    const min = this.#pick([0, 0, 1, 2]);
    const max = min + this.#pick([0, 1, 5]);
    const schema: Record<string, JsonValue> = { type: 'array', items: items.schema };
    if (min > 0) schema['minItems'] = min;
    if (this.#chance(0.5)) schema['maxItems'] = max;
    const count = this.#between(min, max);
    const { sample } = items;
    if (sample === undefined) return { schema, sample: min === 0 ? [] : undefined };
    return { schema, sample: Array.from({ length: count }, () => sample) };
  }

  #tuple(depth: number): Made {
    const entries = Array.from({ length: this.#between(1, 3) }, () => this.make(depth - 1));
    const rest = this.#pick<JsonValue | undefined>([false, undefined, { type: 'integer' }]);
    const samples = entries.map(({ sample }) => sample).filter((sample) => sample !== undefined);
    const schema: Record<string, JsonValue> = { type: 'array' };
    schema['prefixItems'] = entries.map((entry) => entry.schema);
    if (rest !== undefined) schema['items'] = rest;
    if (this.#chance(0.6)) schema['minItems'] = this.#between(0, entries.length);
    if (this.#chance(0.3)) schema['maxItems'] = entries.length;
    return { schema, sample: samples.length === entries.length ? samples : undefined };
  }

  #object(depth: number): Made {
    const chosen = names.filter(() => this.#chance(0.4));
    const properties: Record<string, JsonValue> = {};
    const sample: Record<string, JsonValue> = {};
    const required: string[] = [];
    let isKnown = true;
    for (const name of chosen) {
      const member = this.make(depth - 1);
      properties[name] = member.schema;
      // Ajv 8 does not see that a required property with an empty name is missing.
      const isRequired = name !== '' && this.#chance(0.5);
      if (isRequired) required.push(name);
      if (member.sample !== undefined && (isRequired || this.#chance(0.5))) sample[name] = member.sample;
      else if (isRequired) isKnown = false;
    }
    const schema: Record<string, JsonValue> = { type: 'object', properties, required };
    const additional = this.#pick<JsonValue | undefined>([
      undefined,
      false,
      false,
      true,
      { type: 'integer' },
    ]);
    if (additional !== undefined) schema['additionalProperties'] = additional;
    if (typeof additional === 'object' && this.#chance(0.5)) sample['extra'] = 5;
    if (this.#chance(0.15)) schema['minProperties'] = this.#between(0, chosen.length);
    if (this.#chance(0.15)) schema['maxProperties'] = this.#between(0, 4);
    return { schema, sample: isKnown ? sample : undefined };
  }

  #map(depth: number): Made {
    const { schema, sample } = this.make(depth - 1);
    return this.#pick<Made>([
      {
        schema: { type: 'object', additionalProperties: schema },
        sample: sample === undefined ? {} : { k: sample },
      },
      {
        schema: { type: 'object', patternProperties: { '^x': schema, y$: { type: ['string', 'number'] } } },
        sample: {},
      },
      {
        schema: { type: 'object', propertyNames: { pattern: '^[a-z]+$' }, additionalProperties: schema },
        sample: sample === undefined ? {} : { abc: sample },
      },
      { schema: { type: 'object', propertyNames: { enum: ['p', 'q'] }, maxProperties: 3 }, sample: { q: 1 } },
    ]);
  }

  #anyOf(depth: number): Made {
    const branches = Array.from({ length: this.#between(1, 3) }, () => this.make(depth - 1));
    const sibling = this.#chance(0.2) ? { type: ['object', 'string', 'integer'] } : {};
    return {
      schema: { ...sibling, anyOf: branches.map(({ schema }) => schema) },
      sample: this.#pick(branches).sample,
    };
  }

  #oneOf(depth: number): Made {
    if (this.#chance(0.3)) {
      return { schema: { oneOf: [{ const: 'a' }, { enum: ['b', 3] }, { type: 'null' }] }, sample: 'b' };
    }
    if (this.#chance(0.4)) {
      const branches = [this.make(depth - 1), this.make(depth - 1)];
      return { schema: { oneOf: branches.map(({ schema }) => schema) }, sample: undefined };
    }
    const value = this.make(depth - 1);
    const branch = (kind: string): JsonObject => ({
      type: 'object',
      properties: { kind: { const: kind }, value: value.schema },
      required: ['kind'],
    });
    return { schema: { oneOf: [branch('first'), branch('second')] }, sample: { kind: 'second' } };
  }

  #allOf(depth: number): Made {
    const first = this.make(depth - 1);
    const second = this.make(depth - 1);
    return this.#pick<Made>([
      {
        schema: {
          allOf: [
            { type: 'object', properties: { left: first.schema } },
            { properties: { right: second.schema }, required: ['right'] },
          ],
        },
        sample: second.sample === undefined ? undefined : { right: second.sample },
      },
      { schema: { allOf: [first.schema, second.schema] }, sample: undefined },
      {
        schema: { type: 'string', allOf: [{ minLength: 2 }, { maxLength: 5 }, { pattern: 'b' }] },
        sample: 'abc',
      },
      { schema: { ...first.schema, allOf: [second.schema] }, sample: undefined },
      {
        schema: { type: 'number', allOf: [{ minimum: -1 }, { maximum: 1 }, { type: 'integer' }] },
        sample: 0,
      },
    ]);
  }

  #reference(depth: number): Made {
    const { schema, sample } = this.make(depth - 1);
    const name = `d${Object.keys(this.#definitions).length}`;
    this.#definitions[name] = schema;
    return { schema: { $ref: `#/$defs/${name}` }, sample };
  }

  /** A list or a tree that holds itself. */
  #recursive(depth: number): Made {
    const { schema, sample } = this.make(depth - 1);
    const name = `r${Object.keys(this.#definitions).length}`;
    const self = { $ref: `#/$defs/${name}` };
    const [next, end] = this.#pick<readonly [JsonObject, JsonValue]>([
      [{ anyOf: [self, { type: 'null' }] }, null],
      [{ type: 'array', items: self }, []],
    ]);
    this.#definitions[name] = { type: 'object', properties: { value: schema, next }, required: ['next'] };
    return { schema: self, sample: sample === undefined ? undefined : { value: sample, next: end } };
  }
}
