/** What a grammar made from a schema can write and what not. Against a validator: test/grammar. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../../kernel/json.ts';
import { createSeededRandom } from '../../../kernel/random.ts';
import { Gbnf } from '../../../testing/gbnf.ts';
import {
  arrayCases,
  combinationCases,
  objectCases,
  stringCases,
  valueCases,
  type SchemaCases,
} from '../../../testing/schema-cases.ts';
import { jsonObjectGbnf, jsonSchemaToGbnf } from './json-schema-gbnf.ts';

function check(cases: SchemaCases): void {
  for (const [name, { schema, writes = [], avoids = [] }] of Object.entries(cases)) {
    const grammar = jsonSchemaToGbnf(schema);
    const reader = new Gbnf(grammar);
    for (const value of writes) {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
        assert.ok(reader.accepts(text), `${name}: cannot write ${text}\n${grammar}`);
      }
    }
    for (const value of avoids) {
      assert.ok(!reader.accepts(JSON.stringify(value)), `${name}: can write ${JSON.stringify(value)}`);
    }
  }
}

test('types, literals and any value are written as they are asked for', () => {
  check(valueCases);
});

test('strings hold to length, pattern and format together', () => {
  check(stringCases);
});

test('objects have their properties in order, the required ones always', () => {
  check(objectCases);
});

test('arrays have the right number of entries, each in its place', () => {
  check(arrayCases);
});

test('references, recursion and combinations are followed', () => {
  check(combinationCases);
});

test('white space is bounded, or absent when that is asked for', () => {
  const schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } };
  const flexible = new Gbnf(jsonSchemaToGbnf(schema));
  assert.ok(flexible.accepts('{"a": [1, 2]}') && flexible.accepts('{\n  "a":[\n1\n]}'));
  for (const text of [
    '{  "a":[]}',
    '{\n\n"a":[]}',
    ' {}',
    '{} ',
    '{"a" :[]}',
    `{\n${' '.repeat(33)}"a":[]}`,
  ]) {
    assert.ok(!flexible.accepts(text), text);
  }
  const compact = new Gbnf(jsonSchemaToGbnf(schema, { whitespace: 'none' }));
  assert.ok(compact.accepts('{"a":[1,2]}') && !compact.accepts('{"a": [1]}'));
});

test('any JSON object can be written, and nothing else', () => {
  const reader = new Gbnf(jsonObjectGbnf());
  for (let seed = 0; seed < 20; seed++) {
    const value = JSON.parse(reader.write(createSeededRandom(seed), 60)) as JsonValue;
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value));
  }
  for (const text of ['[]', 'null', '{"a":01}', '{"a":"\n"}', '{"a":1,}', '{"a":"\\ud800"}', '{"a":1e999}']) {
    assert.ok(!reader.accepts(text), text);
  }
  for (const text of ['{"a":"\\ud83d\\ude00\\u00e9\\/"}', '{"":-0.5E+10}'])
    assert.ok(reader.accepts(text), text);
});

test('grammars with different names can stand in one text', () => {
  const parts = [
    jsonSchemaToGbnf({ type: 'object', properties: { a: {} } }, { rootName: 'first' }),
    jsonObjectGbnf({ rootName: 'second' }),
  ];
  const reader = new Gbnf(`root ::= first "," second\n${parts.join('')}`);
  assert.ok(reader.accepts('{"a":1},{"b":2}'));
});

test('integers of format int32 stay within 32 bits', () => {
  const reader = new Gbnf(jsonSchemaToGbnf({ type: 'integer', format: 'int32' }));
  assert.ok(reader.accepts('2147483647') && reader.accepts('-2147483648'));
  assert.ok(!reader.accepts('2147483648') && !reader.accepts('-2147483649'));
});
