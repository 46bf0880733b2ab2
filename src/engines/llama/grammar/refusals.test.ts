/** Schemas that are refused: each with the place, and a message that names what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GradusError } from '../../../kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../../kernel/json.ts';
import { jsonSchemaToGbnf } from './json-schema-gbnf.ts';

type Refusal = readonly [schema: JsonObject, param: string, message: RegExp];

function check(refusals: readonly Refusal[]): void {
  for (const [schema, param, message] of refusals) {
    assert.throws(
      () => jsonSchemaToGbnf(schema),
      (error) => {
        assert.ok(error instanceof GradusError, String(error));
        assert.equal(error.code, 'invalid-schema');
        assert.equal(error.details.param, param);
        assert.match(error.message, message);
        assert.ok(error.message.startsWith(`${param}: `));
        return true;
      },
      JSON.stringify(schema).slice(0, 200),
    );
  }
}

function under(name: string, schema: JsonValue): JsonObject {
  return { type: 'object', properties: { [name]: schema } };
}

test('a keyword that changes what is valid and cannot be followed is named with its place', () => {
  check([
    [under('a', { if: {}, else: {} }), '#/properties/a/if', /"if" is not supported; .*anyOf/],
    [{ dependentRequired: { a: ['b'] } }, '#/dependentRequired', /anyOf/],
    [{ dependentSchemas: {} }, '#/dependentSchemas', /anyOf/],
    [{ dependencies: {} }, '#/dependencies', /anyOf/],
    [{ type: 'array', contains: { const: 1 } }, '#/contains', /prefixItems/],
    [{ unevaluatedProperties: false }, '#/unevaluatedProperties', /additionalProperties/],
    [{ unevaluatedItems: false }, '#/unevaluatedItems', /items/],
    [{ $dynamicRef: '#x' }, '#/$dynamicRef', /\$ref/],
    [{ type: 'array', items: {}, uniqueItems: true }, '#/uniqueItems', /cannot compare/],
    [{ type: 'number', multipleOf: 0.01 }, '#/multipleOf', /whole numbers from 1 to 1000/],
    [{ type: 'string', not: { const: 'a' } }, '#/not', /"not" is supported only/],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, '#/oneOf', /may overlap.*anyOf/],
    [
      {
        oneOf: [
          { type: 'string', pattern: 'a' },
          { type: 'string', pattern: 'b' },
        ],
      },
      '#/oneOf',
      /may overlap/,
    ],
    [
      {
        oneOf: [
          { type: 'object', properties: { a: {} } },
          { type: 'object', properties: { b: {} } },
        ],
      },
      '#/oneOf',
      /may overlap/,
    ],
    [under('a', { type: 'string', pattern: '(x)\\1' }), '#/properties/a/pattern', /back-reference/],
    [{ type: 'object', patternProperties: { 'a\\b': {} } }, '#/patternProperties', /word boundary/],
    [{ propertyNames: { not: { const: 'a' } }, type: 'object' }, '#/propertyNames/not', /property names/],
  ]);
});

test('a schema that nothing satisfies is refused where the contradiction stands', () => {
  check([
    [
      under('a', { type: 'array', minItems: 3, maxItems: 1 }),
      '#/properties/a/minItems',
      /more than "maxItems" 1/,
    ],
    [{ type: 'string', minLength: 2, maxLength: 1 }, '#/minLength', /nothing is valid/],
    [{ minProperties: 2, maxProperties: 1 }, '#/minProperties', /nothing is valid/],
    [{ type: 'integer', minimum: 3, exclusiveMaximum: 3 }, '#/minimum', /no number lies between 3 and 3/],
    [under('a', { enum: [] }), '#/properties/a/enum', /empty "enum"/],
    [{ const: 1, enum: [2] }, '#/const', /not in "enum"/],
    [{ type: [] }, '#/type', /must not be empty/],
    [{ ...under('a', false), required: ['a'] }, '#/properties/a', /"false" allows nothing/],
    [{ type: 'array', items: false, minItems: 1 }, '#/items', /"false"/],
    [{ type: 'string', enum: [1, 2] }, '#', /no value of "enum"/],
    [{ type: 'string', allOf: [{ type: 'integer' }] }, '#', /no type/],
    [{ type: 'integer', minimum: 1.2, maximum: 1.8 }, '#', /no number/],
    [{ type: 'number', minimum: 1e18 }, '#', /15 digits/],
    [{ type: 'string', allOf: [{ pattern: '^a' }, { pattern: '^b' }] }, '#', /no text/],
    [{ type: 'string', minLength: 4, allOf: [{ maxLength: 3 }] }, '#', /no text/],
    [{ type: 'array', minItems: 4, allOf: [{ maxItems: 3 }] }, '#', /no array/],
    [
      { ...under('a', {}), additionalProperties: false, minProperties: 2 },
      '#',
      /as many different properties/,
    ],
    [{ type: 'object', additionalProperties: true, minProperties: 2 }, '#', /as many different properties/],
    [
      { type: 'object', propertyNames: { maxLength: 1 }, required: ['ab'] },
      '#',
      /forbids the required property "ab"/,
    ],
    [{ ...under('a', { $ref: '#' }), required: ['a'] }, '#/properties/a', /no finite value/],
    [
      {
        $defs: { a: { ...under('b', { $ref: '#/$defs/a' }), required: ['b'] } },
        ...under('x', { $ref: '#/$defs/a' }),
        required: ['x'],
      },
      '#/$defs/a/properties/b',
      /no finite value/,
    ],
  ]);
});

test('a malformed schema is refused where it is wrong', () => {
  check([
    [under('a', 'string'), '#/properties/a', /must be an object, true or false/],
    [{ type: 'text' }, '#/type', /"text" is not a JSON type/],
    [{ properties: [] }, '#/properties', /object of schemas/],
    [{ required: true }, '#/required', /must be a list/],
    [{ required: [1] }, '#/required', /must list names/],
    [{ minItems: 2_000_000 }, '#/minItems', /more than can be written/],
    [{ minLength: -1 }, '#/minLength', /not negative/],
    [{ minimum: '1' }, '#/minimum', /must be a number/],
    [{ exclusiveMinimum: true, minimum: 1 }, '#/exclusiveMinimum', /must be a number/],
    [{ pattern: 1 }, '#/pattern', /must be a text/],
    [{ anyOf: [] }, '#/anyOf', /at least one/],
    [{ uniqueItems: 1 }, '#/uniqueItems', /true or false/],
    [{ $ref: '#/$defs/none' }, '#/$ref', /refers to nothing/],
    [{ $ref: 'https://example.org/x' }, '#/$ref', /is not supported/],
    [
      { properties: { a: { $id: 'https://example.org/a', items: { $ref: '#' } } } },
      '#/properties/a/$id',
      /"\$id"/,
    ],
    [{ $ref: '#' }, '#', /refers to itself in the same place/],
    [
      { $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, {}] } }, $ref: '#/$defs/a' },
      '#/$defs/a',
      /refers to itself/,
    ],
    [under('a/b~c', { type: 'x' }), '#/properties/a~1b~0c/type', /not a JSON type/],
  ]);
});

test('unused definitions are not looked at', () => {
  assert.ok(jsonSchemaToGbnf({ type: 'null', $defs: { a: { if: {} } } }).startsWith('root ::= "null"'));
});

test('the path of the schema in the request comes first', () => {
  assert.throws(
    () => jsonSchemaToGbnf({ type: 'x' }, { path: 'response_format.json_schema.schema' }),
    (error) =>
      error instanceof GradusError && error.details.param === 'response_format.json_schema.schema#/type',
  );
});
