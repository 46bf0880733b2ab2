/** Values made for a JSON schema are valid, or the schema is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { JsonChecker } from './json-check.ts';
import { createPatternInstance } from './pattern-instance.ts';
import { createInstance } from './schema-instance.ts';

const schemas: readonly JsonObject[] = [
  {},
  { const: 7 },
  { enum: ['b', 'a'] },
  { type: ['integer', 'null'], minimum: 3 },
  { type: 'integer', exclusiveMinimum: 3, multipleOf: 5 },
  { type: 'integer', maximum: -2 },
  { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.5 },
  { type: 'string', minLength: 3, maxLength: 5 },
  { type: 'string', pattern: '^(?:[A-Z]{2,3}|x)-\\d{2}\\.[^a-z]$', minLength: 4 },
  { type: 'string', format: 'date-time' },
  { type: 'string', format: 'uuid' },
  { type: 'array', items: { type: 'integer' }, minItems: 3, uniqueItems: true },
  { type: 'array', prefixItems: [{ const: 1 }, { type: 'string' }], minItems: 2, items: false },
  { type: 'array', contains: { const: 'x' } },
  { type: 'object', required: ['a'], properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { const: 1 } } },
  { type: 'object', minProperties: 2, properties: { a: { type: 'string' } } },
  { type: 'object', required: ['a', 'b'], additionalProperties: { type: 'boolean' } },
  { anyOf: [false, { type: 'string', minLength: 1 }] },
  { oneOf: [{ type: 'integer' }, { type: 'string' }] },
  { allOf: [{ required: ['a'] }, { properties: { a: { type: 'null' } }, required: ['b'] }], type: 'object' },
  {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        properties: { next: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/node' }] } },
        required: ['next'],
      },
    },
  },
];

test('a value made for a schema fits it, and is the same each time', () => {
  const checker = new JsonChecker();
  for (const schema of schemas) {
    const value = createInstance(schema);
    assert.equal(
      checker.findFault(schema, value),
      undefined,
      `${JSON.stringify(schema)}: ${JSON.stringify(value)}`,
    );
    assert.deepEqual(createInstance(schema), value);
  }
});

test('a schema without a value is refused, not answered with a wrong one', () => {
  const loop = { type: 'object', required: ['next'], properties: { next: { $ref: '#' } } };
  for (const schema of [
    loop,
    { type: 'integer', minimum: 5, maximum: 4 },
    { type: 'string', pattern: '(?=a)b' },
    { $ref: '#/$defs/missing' },
    { $ref: 'https://example.org/schema' },
    { type: 'object', required: ['a'], additionalProperties: false },
  ]) {
    assert.throws(
      () => createInstance(schema),
      (error) => error instanceof GradusError && error.code === 'invalid-schema',
      JSON.stringify(schema),
    );
  }
});

test('a schema that is none is refused by the checker', () => {
  assert.throws(() => new JsonChecker().findFault({ type: 'nonsense' }, 1), /not usable/);
});

test('the checker finds faults again after a schema was dropped from its store', () => {
  const checker = new JsonChecker();
  for (let i = 0; i < 80; i++) assert.notEqual(checker.findFault({ const: i }, -1), undefined);
  assert.equal(checker.findFault({ const: 0 }, 0), undefined);
});

test('a text made for a pattern matches it', () => {
  for (const pattern of [
    '^[a-z0-9-]{3,}$',
    'a|b',
    '^\\p{Lu}\\w+\\s\\d$',
    '^(?<year>\\d{4})-(0[1-9]|1[0-2])$',
    '^\\u0041\\x42\\/\\.$',
    '^[\\]\\-x]+?$',
    '^.{2}$',
    '',
  ]) {
    const text = createPatternInstance(pattern);
    assert.ok(text !== undefined && new RegExp(pattern, 'u').test(text), `${pattern}: ${text}`);
  }
  for (const pattern of ['(?=a)', '(a)\\1', '(', '[z-a]'])
    assert.equal(createPatternInstance(pattern), undefined);
});
