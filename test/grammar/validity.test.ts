/**
 * Grammars made from schemas, against Ajv: whatever they write is valid, and samples of the schemas can be
 * written. Needs no network and no weights; about 10 s. GRADUS_TEST_SCHEMAS sets how many random schemas.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaToGbnf } from '../../src/engines/llama/grammar/json-schema-gbnf.ts';
import { GradusError } from '../../src/kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts';
import { createSeededRandom, randomInteger } from '../../src/kernel/random.ts';
import { formatCases } from '../../src/testing/format-cases.ts';
import { Gbnf } from '../../src/testing/gbnf.ts';
import { createRandomSchema } from '../../src/testing/random-schema.ts';
import * as cases from '../../src/testing/schema-cases.ts';
import { createSchemaValidator } from '../../src/testing/schema-validator.ts';

const schemaCount = Number(process.env['GRADUS_TEST_SCHEMAS'] ?? 400);

interface Writing {
  readonly count: number;
  readonly length: number;
  readonly isValid: (value: JsonValue) => boolean;
}

function assertWritesValid(schema: JsonObject, reader: Gbnf, { count, length, isValid }: Writing): void {
  for (let seed = 0; seed < count; seed++) {
    const text = reader.write(createSeededRandom(seed), length);
    assert.ok(isValid(JSON.parse(text) as JsonValue), `${JSON.stringify(schema)} wrote ${text}`);
  }
}

test('the grammar of every kind of schema writes what a validator finds valid', () => {
  for (const [name, { schema, writes = [], draft }] of Object.values(cases).flatMap((group) =>
    Object.entries(group),
  )) {
    const isValid = createSchemaValidator(schema, draft);
    assertWritesValid(schema, new Gbnf(jsonSchemaToGbnf(schema)), { count: 20, length: 60, isValid });
    for (const value of writes) assert.ok(isValid(value), `${name}: ${JSON.stringify(value)} is not valid`);
  }
});

test('texts of a format are of that format for a validator as well', () => {
  for (const [format, { writes }] of Object.entries(formatCases)) {
    const schema = { type: 'string', format };
    const isValid = createSchemaValidator(schema);
    assertWritesValid(schema, new Gbnf(jsonSchemaToGbnf(schema)), { count: 40, length: 60, isValid });
    for (const text of writes) assert.ok(isValid(text), `${format}: ${text} is not valid`);
  }
});

test('a format holds together with any length', () => {
  for (const format of ['email', 'hostname', 'uri', 'uuid', 'date-time']) {
    for (const maxLength of [40, 100, 300]) {
      const schema = { type: 'string', format, maxLength };
      const isValid = createSchemaValidator(schema);
      assertWritesValid(schema, new Gbnf(jsonSchemaToGbnf(schema)), { count: 10, length: 500, isValid });
    }
  }
});

test('random schemas: what is written is valid, and samples can be written', (t) => {
  const counts = { grammars: 0, refused: 0, samples: 0 };
  for (let seed = 0; seed < schemaCount; seed++) {
    const { schema, sample } = createRandomSchema(createSeededRandom(seed), 3);
    const isValid = createSchemaValidator(schema);
    let reader: Gbnf;
    try {
      reader = new Gbnf(jsonSchemaToGbnf(schema));
    } catch (error) {
      assert.ok(error instanceof GradusError && error.code === 'invalid-schema', String(error));
      counts.refused++;
      continue;
    }
    counts.grammars++;
    assertWritesValid(schema, reader, { count: 8, length: 40, isValid });
    if (sample === undefined || !isValid(sample)) continue;
    counts.samples++;
    for (const text of [JSON.stringify(sample), JSON.stringify(sample, null, 2)]) {
      assert.ok(reader.accepts(text), `${JSON.stringify(schema)} cannot write ${text}`);
    }
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.grammars > schemaCount * 0.8 && counts.samples > schemaCount * 0.5);
});

/** Values that stand where they should not. */
const junk: readonly JsonValue[] = [
  null,
  0,
  -1,
  1.5,
  1e300,
  '',
  '#',
  '#/$defs/d0',
  '(',
  'a{3}',
  'integer',
  true,
  false,
  [],
  {},
  ['a'],
  [{ type: 'string' }, {}],
  { $ref: '#' },
  { not: {} },
  { enum: [1, 'a', null] },
];

const keywords =
  'type enum const items prefixItems properties required anyOf oneOf allOf not $ref minItems maxItems ' +
  'maxLength pattern format minimum exclusiveMinimum multipleOf additionalProperties patternProperties propertyNames minProperties uniqueItems if $id';

/** The schema with one or two of its values replaced or keywords added. */
function damage(schema: JsonObject, seed: number): JsonObject {
  const random = createSeededRandom(seed, 7);
  const copy = JSON.parse(JSON.stringify(schema)) as Record<string, JsonValue>;
  const objects: Record<string, JsonValue>[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    objects.push(value as Record<string, JsonValue>);
    Object.values(value).forEach(collect);
  };
  collect(copy);
  for (let i = 0; i < 1 + (seed % 2); i++) {
    const target = objects[randomInteger(random, objects.length)] ?? copy;
    const names = random.next01() < 0.5 ? Object.keys(target) : keywords.split(' ');
    const name = names[randomInteger(random, names.length)];
    if (name !== undefined) target[name] = junk[randomInteger(random, junk.length)] ?? null;
  }
  return copy;
}

test('a damaged schema is refused with its place, or has a grammar that writes what is valid', (t) => {
  const counts = { grammars: 0, refused: 0, unreadableForTheValidator: 0 };
  for (let seed = 0; seed < schemaCount; seed++) {
    const schema = damage(createRandomSchema(createSeededRandom(seed), 3).schema, seed);
    let reader: Gbnf;
    try {
      reader = new Gbnf(jsonSchemaToGbnf(schema));
    } catch (error) {
      assert.ok(error instanceof GradusError && error.code === 'invalid-schema', JSON.stringify(schema));
      assert.match(error.details.param ?? '', /^#/);
      counts.refused++;
      continue;
    }
    let isValid: (value: JsonValue) => boolean;
    try {
      isValid = createSchemaValidator(schema);
    } catch {
      counts.unreadableForTheValidator++;
      continue;
    }
    counts.grammars++;
    assertWritesValid(schema, reader, { count: 4, length: 40, isValid });
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.grammars > schemaCount * 0.1 && counts.refused > schemaCount * 0.1);
});

/** A million characters of schema at most; each must be answered well within a second, one way or the other. */
const huge: Readonly<Record<string, { readonly schema: JsonObject; readonly message?: RegExp }>> = {
  '3000 properties': { schema: { type: 'object', properties: properties(3000) } },
  '10000 properties': {
    schema: { type: 'object', properties: properties(10_000) },
    message: /more than 5000 schemas/,
  },
  '200 levels': { schema: nested(200) },
  '5000 levels': { schema: nested(5000), message: /deeper than 500 levels/ },
  'a pattern that explodes': { schema: { type: 'string', pattern: 'a.{30}b' }, message: /too large/ },
  'many values': {
    schema: { enum: Array.from({ length: 60_000 }, (_, i) => i) },
    message: /more than 50000 values/,
  },
  'many combinations': {
    schema: { allOf: Array.from({ length: 12 }, (_, i) => ({ anyOf: [{ minimum: i }, { maxLength: i }] })) },
    message: /more than 500 combinations/,
  },
  'many counts': {
    schema: { type: 'object', properties: properties(600), maxProperties: 500 },
    message: /more than 40000 rules/,
  },
  'a long chain': {
    schema: {
      $ref: '#/$defs/0',
      $defs: Object.fromEntries(Array.from({ length: 400 }, (_, i) => [i, { $ref: `#/$defs/${i + 1}` }])),
    },
    message: /more than 200 schemas refer/,
  },
};

function properties(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`name ${i}`, { type: 'string' }]));
}

function nested(depth: number): JsonObject {
  let schema: JsonObject = { type: 'string' };
  for (let i = 0; i < depth; i++) schema = { type: 'object', properties: { a: schema }, required: ['a'] };
  return schema;
}

test('huge schemas are answered or refused at once', () => {
  for (const [name, { schema, message }] of Object.entries(huge)) {
    const before = process.cpuUsage();
    if (message === undefined) assert.ok(jsonSchemaToGbnf(schema).length > 0, name);
    else assert.throws(() => jsonSchemaToGbnf(schema), message, name);
    const tookMs = process.cpuUsage(before).user / 1000;
    assert.ok(tookMs < 1500, `${name} took ${tookMs} ms`);
  }
});
