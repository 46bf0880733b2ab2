/** Schemas with values that a grammar made from them must and must not be able to write. */
import type { JsonObject, JsonValue } from '../kernel/json.ts';

export interface SchemaCase {
  readonly schema: JsonObject;
  /** Valid values whose compact and indented spelling the grammar allows. */
  readonly writes?: readonly JsonValue[];
  /** Values that the grammar must not allow; not all of them are invalid. */
  readonly avoids?: readonly JsonValue[];
  /** The draft by which it is meant, when it is not 2020-12. */
  readonly draft?: 'draft-07';
}

export type SchemaCases = Readonly<Record<string, SchemaCase>>;

export const valueCases: SchemaCases = {
  'any value': { schema: {}, writes: [null, [], { a: [1.5, 'x', true] }] },
  'several types': { schema: { type: ['string', 'null'] }, writes: ['', null], avoids: [1, true] },
  integer: { schema: { type: 'integer' }, writes: [0, -12, 2 ** 53], avoids: [1.5] },
  number: { schema: { type: 'number' }, writes: [0, -1.25, 1e-7, 1e21, 3], avoids: ['1'] },
  boolean: { schema: { type: 'boolean' }, writes: [true, false], avoids: [null] },
  enum: {
    schema: { enum: ['red', 'green', 'a"\\b', 3, null, { x: [1] }] },
    writes: ['red', 'green', 'a"\\b', 3, null, { x: [1] }],
    avoids: ['re', 'greenred', 33, {}],
  },
  'enum with other keywords': {
    schema: { enum: ['a', 'abc', 1, 50], maxLength: 2, maximum: 9 },
    writes: ['a', 1],
    avoids: ['abc', 50],
  },
  const: { schema: { const: 'one' }, writes: ['one'], avoids: ['two'] },
  'half of a pair': { schema: { enum: ['\ud800'] }, writes: ['\ud800'] },
  annotations: {
    schema: {
      type: 'null',
      title: 't',
      description: 'd',
      default: 1,
      examples: [2],
      'x-own': {},
      nullable: true,
    },
    writes: [null],
  },
};

export const stringCases: SchemaCases = {
  length: {
    schema: { type: 'string', minLength: 1, maxLength: 3 },
    writes: ['a', '\u{1F600}'.repeat(3), '"\\\n'],
    avoids: ['', 'abcd'],
  },
  'long length': {
    schema: { type: 'string', maxLength: 900 },
    writes: ['', 'a'.repeat(900)],
    avoids: ['a'.repeat(901)],
  },
  'long minimum': {
    schema: { type: 'string', minLength: 700 },
    writes: ['a'.repeat(700)],
    avoids: ['a'.repeat(699)],
  },
  pattern: {
    schema: { type: 'string', pattern: '^[A-Z]{2}-\\d+$' },
    writes: ['AB-1'],
    avoids: ['AB-', 'xAB-1'],
  },
  'unanchored pattern': {
    schema: { type: 'string', pattern: 'o+"' },
    writes: ['foo"\u0001'],
    avoids: ['f"'],
  },
  'pattern and length': {
    schema: { type: 'string', pattern: '^[a-z]+$', minLength: 3, maxLength: 5 },
    writes: ['abc', 'abcde'],
    avoids: ['ab', 'abcdef', 'ABC'],
  },
  'pattern and format': {
    schema: { type: 'string', format: 'date', pattern: '^2024' },
    writes: ['2024-02-29'],
    avoids: ['2023-01-01'],
  },
  'unknown format': { schema: { type: 'string', format: 'colour' }, writes: ['blue'] },
};

const properties = { a: { type: 'integer' }, b: { type: 'string' }, c: { type: 'null' } };
export const objectCases: SchemaCases = {
  optional: {
    schema: { type: 'object', properties },
    writes: [{}, { a: 1 }, { c: null }, { a: 1, c: null }],
    avoids: [{ d: 1 }, { a: 'x' }],
  },
  required: {
    schema: { type: 'object', properties, required: ['b'], additionalProperties: false },
    writes: [{ b: '' }, { a: 1, b: 'x', c: null }],
    avoids: [{}, { a: 1 }],
  },
  'required without a schema': {
    schema: { type: 'object', required: ['z'] },
    writes: [{ z: [1] }],
    avoids: [{}],
  },
  'no properties': { schema: { type: 'object', properties: {} }, writes: [{}], avoids: [{ a: 1 }] },
  'free form': { schema: { type: 'object' }, writes: [{}, { anything: { goes: [] } }] },
  'additional properties': {
    schema: {
      type: 'object',
      properties: { ab: { type: 'null' } },
      additionalProperties: { type: 'integer' },
    },
    writes: [{ ab: null, a: 1, abc: 2, '"': 3 }, { x: 1 }],
    avoids: [{ ab: 1 }, { a: null }],
  },
  'forbidden property': {
    schema: { type: 'object', properties: { a: false, b: true } },
    writes: [{ b: 1 }],
    avoids: [{ a: 1 }],
  },
  'property counts': {
    schema: { type: 'object', properties, minProperties: 1, maxProperties: 2 },
    writes: [{ a: 1 }, { b: '', c: null }],
    avoids: [{}, { a: 1, b: '', c: null }],
  },
  'counts of additional properties': {
    schema: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      minProperties: 1,
      maxProperties: 2,
    },
    writes: [{ x: 1 }, { x: 1, y: 2 }],
    avoids: [{}, { x: 1, y: 2, z: 3 }],
  },
  'pattern properties': {
    schema: {
      type: 'object',
      patternProperties: { '^n': { type: 'integer' }, s$: { minimum: 5 } },
      additionalProperties: false,
    },
    writes: [{ n: 1, ns: 7, s: 'text' }],
    avoids: [{ ns: 1 }, { other: 1 }],
  },
  'property names': {
    schema: {
      type: 'object',
      propertyNames: { pattern: '^[a-z]{2}$' },
      additionalProperties: { type: 'string' },
    },
    writes: [{ de: 'x' }],
    avoids: [{ DE: 'x' }],
  },
  'property names of an enum': {
    schema: {
      type: 'object',
      propertyNames: { enum: ['de', 'fr'] },
      additionalProperties: { type: 'string' },
      required: ['de'],
    },
    writes: [{ de: 'x', fr: 'y' }],
    avoids: [{ fr: 'x' }],
  },
  'odd names': {
    schema: { type: 'object', properties: { ['__proto__']: {}, 'a"\n\u{1F600}': { const: 1 } } },
    writes: [{ 'a"\n\u{1F600}': 1 }],
  },
};

export const arrayCases: SchemaCases = {
  items: {
    schema: { type: 'array', items: { type: 'integer' } },
    writes: [[], [1], [1, 2, 3]],
    avoids: [['x']],
  },
  counts: {
    schema: { type: 'array', items: {}, minItems: 2, maxItems: 3 },
    writes: [
      [1, 2],
      [1, 2, 3],
    ],
    avoids: [[1], [1, 2, 3, 4]],
  },
  tuple: {
    schema: {
      type: 'array',
      prefixItems: [{ type: 'string' }, { type: 'integer' }],
      items: { type: 'null' },
    },
    writes: [[], ['a'], ['a', 1], ['a', 1, null, null]],
    avoids: [[1], ['a', 'b'], ['a', 1, 2]],
  },
  'closed tuple': {
    schema: {
      type: 'array',
      prefixItems: [{ type: 'string' }, { type: 'integer' }],
      items: false,
      minItems: 1,
    },
    writes: [['a'], ['a', 1]],
    avoids: [[], ['a', 1, 2]],
  },
  'tuple of draft-07': {
    schema: { type: 'array', items: [{ type: 'string' }], additionalItems: { type: 'integer' } },
    writes: [['a', 1]],
    avoids: [['a', 'b']],
    draft: 'draft-07',
  },
  'impossible entries': { schema: { type: 'array', items: false }, writes: [[]], avoids: [[1]] },
  'trivially unique': {
    schema: { type: 'array', items: {}, maxItems: 1, uniqueItems: true },
    writes: [[1]],
    avoids: [[1, 2]],
  },
  'many entries': {
    schema: { type: 'array', items: { const: 1 }, maxItems: 500 },
    writes: [Array.from({ length: 500 }, () => 1)],
    avoids: [Array.from({ length: 501 }, () => 1)],
  },
};

const tree = {
  type: 'object',
  properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#' } } },
  required: ['value'],
};
const kind = (name: string, more: JsonObject): JsonObject => ({
  type: 'object',
  properties: { kind: { const: name }, ...more },
  required: ['kind'],
});
export const combinationCases: SchemaCases = {
  definitions: {
    schema: {
      definitions: { 'a/b': { type: 'integer' } },
      type: 'array',
      items: { $ref: '#/definitions/a~1b', minimum: 3 },
    },
    writes: [[3, 4]],
    avoids: [[2]],
    draft: 'draft-07',
  },
  recursion: {
    schema: tree,
    writes: [{ value: 1, children: [{ value: 2, children: [] }] }],
    avoids: [{ children: [] }],
  },
  anyOf: {
    schema: { anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'boolean' } }] },
    writes: [1, [true]],
    avoids: [[1]],
  },
  'anyOf beside keywords': {
    schema: {
      type: 'object',
      properties: { a: { type: 'integer' } },
      anyOf: [{ required: ['a'] }, { properties: { b: {} }, required: ['b'] }],
    },
    writes: [{ a: 1 }, { a: 1, b: 2 }, { b: 1 }],
    avoids: [{}],
  },
  allOf: {
    schema: {
      allOf: [
        { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { a: { minimum: 5 }, b: {} } },
      ],
    },
    writes: [{ a: 5 }, { a: 6, b: null }],
    avoids: [{ a: 4 }, {}],
  },
  'oneOf of types': {
    schema: { oneOf: [{ type: 'string' }, { type: 'null' }, { const: 3 }] },
    writes: ['a', null, 3],
    avoids: [4],
  },
  'oneOf of kinds': {
    schema: { oneOf: [kind('circle', { r: { type: 'number' } }), kind('box', { w: { type: 'number' } })] },
    writes: [
      { kind: 'circle', r: 1 },
      { kind: 'box', w: 2 },
    ],
    avoids: [{ kind: 'box', r: 1 }],
  },
  'oneOf of closed objects': {
    schema: {
      oneOf: [
        { properties: { a: {} }, required: ['a'], type: 'object' },
        { properties: { b: {} }, required: ['b'], type: 'object' },
      ],
    },
    writes: [{ a: 1 }, { b: 1 }],
    avoids: [{ a: 1, b: 1 }],
  },
  'oneOf with and without a property': {
    schema: {
      type: 'object',
      properties: { n: { type: 'null' } },
      oneOf: [{ properties: { a: {} }, required: ['a'] }, { properties: { a: false } }],
    },
    writes: [{ n: null }, { a: 1 }, { n: null, a: 1 }],
    avoids: [{ b: 1 }],
  },
  'oneOf of ranges': {
    schema: { type: 'integer', oneOf: [{ maximum: 3 }, { minimum: 10 }] },
    writes: [3, 10],
    avoids: [5],
  },
  'oneOf of overlapping values': {
    schema: { oneOf: [{ enum: ['a', 'b'] }, { enum: ['b', 'c'] }] },
    writes: ['a', 'c'],
    avoids: ['b'],
  },
  not: {
    schema: { enum: ['a', 'b', 1], not: { type: 'string', minLength: 1, pattern: 'b' } },
    writes: ['a', 1],
    avoids: ['b'],
  },
  'impossible alternatives': { schema: { anyOf: [false, { type: 'null' }] }, writes: [null] },
};
