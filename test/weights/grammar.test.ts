/**
 * Grammars made from schemas, against llama.cpp itself: it must parse all of them and agree with the
 * reader in `testing/gbnf.ts` on what is allowed. Needs the vocabulary of SmolLM2-135M; about 20 s.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jsonObjectGbnf, jsonSchemaToGbnf } from '../../src/engines/llama/grammar/json-schema-gbnf.ts';
import { ConstraintSource } from '../../src/engines/llama/host/constraint.ts';
import { Vocabulary } from '../../src/engines/llama/host/vocabulary.ts';
import {
  bindFunctions,
  type NativeFunctions,
  type Pointer,
} from '../../src/engines/llama/native/functions.ts';
import { openLibraries } from '../../src/engines/llama/native/library.ts';
import { GradusError } from '../../src/kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts';
import { createSeededRandom, randomInteger } from '../../src/kernel/random.ts';
import { Gbnf } from '../../src/testing/gbnf.ts';
import { createRandomSchema } from '../../src/testing/random-schema.ts';
import { createSchemaValidator } from '../../src/testing/schema-validator.ts';
import { findTestWeights } from '../../src/testing/weights.ts';

let fn: NativeFunctions;
let model: Pointer = null;
let vocabulary: Vocabulary;

before(async () => {
  const libraries = openLibraries(process.platform, process.arch);
  fn = bindFunctions(libraries, process.platform);
  fn.loadBackends(libraries.directory);
  const path = await findTestWeights('smollm2-135m-instruct');
  model = await fn.loadModelAsync(path, { ...fn.modelDefaultParams(), vocab_only: true });
  assert.notEqual(model, null);
  vocabulary = new Vocabulary(fn, fn.vocabOf(model));
});

after(() => fn.freeModel(model));

function open(grammar: string): ConstraintSource {
  return new ConstraintSource(fn, vocabulary, { grammar, wakesAfter: undefined });
}

/** Whether llama.cpp lets a model write exactly this text, token by token, and end there. */
function isAllowed(source: ConstraintSource, text: string): boolean {
  using constraint = source.create();
  for (const token of vocabulary.tokenize(text, { addSpecial: false, parseSpecial: false })) {
    if (constraint.filter?.accepts(token) !== true) return false;
    constraint.accept(token, vocabulary.piece(token));
  }
  return constraint.filter?.accepts(fn.endToken(vocabulary.handle)) === true;
}

function tryGrammar(schema: JsonObject): string | undefined {
  try {
    return jsonSchemaToGbnf(schema);
  } catch (error) {
    if (error instanceof GradusError && error.code === 'invalid-schema') return undefined;
    throw error;
  }
}

test('llama.cpp parses the grammars of 200 random schemas and allows what the reader writes', () => {
  let parsed = 0;
  for (let seed = 0; parsed < 200; seed++) {
    const grammar = tryGrammar(createRandomSchema(createSeededRandom(seed), 3).schema);
    if (grammar === undefined) continue;
    parsed++;
    using source = open(grammar);
    const reader = new Gbnf(grammar);
    for (let stream = 1; stream <= 3; stream++) {
      const text = reader.write(createSeededRandom(seed, stream), 60);
      assert.ok(isAllowed(source, text), `seed ${seed}: ${text}\n${grammar}`);
      const damaged = damage(text, seed);
      assert.equal(
        isAllowed(source, damaged),
        reader.accepts(damaged),
        `seed ${seed}: ${damaged}\n${grammar}`,
      );
    }
  }
});

/** The text with one character taken out, doubled or replaced. */
function damage(text: string, seed: number): string {
  const characters = Array.from(text);
  const random = createSeededRandom(seed, 99);
  const at = randomInteger(random, characters.length);
  const change = [[], [characters[at] ?? '', characters[at] ?? ''], ['"'], ['1'], ['a']][
    randomInteger(random, 5)
  ];
  characters.splice(at, 1, ...(change ?? []));
  return characters.join('');
}

test('a model that chooses tokens at random writes valid JSON', () => {
  const schemas: readonly JsonObject[] = [
    { type: 'object', properties: { on: { format: 'date-time', type: 'string' } }, required: ['on'] },
    { type: 'array', items: { enum: ['red', 'green', 'blue', 3] }, minItems: 2, maxItems: 4 },
    { type: 'number', minimum: -2.5, maximum: 1000 },
    { type: 'string', pattern: '^[A-Z][a-z]+( [A-Z][a-z]+)?$', maxLength: 20 },
    {
      anyOf: [
        { type: 'integer', minimum: 5, maximum: 500 },
        { type: 'string', format: 'uuid' },
      ],
    },
    {
      type: 'object',
      properties: {
        id: { type: 'integer' },
        tags: { type: 'array', items: { type: 'boolean' }, maxItems: 3 },
      },
      required: ['tags'],
    },
  ];
  for (const [index, schema] of schemas.entries()) {
    const isValid = createSchemaValidator(schema);
    using source = open(jsonSchemaToGbnf(schema));
    for (let stream = 0; stream < 3; stream++) {
      const text = walk(source, createSeededRandom(index, stream));
      assert.ok(isValid(JSON.parse(text) as JsonValue), `${JSON.stringify(schema)}: ${text}`);
    }
  }
});

function walk(source: ConstraintSource, random: { next01(): number }): string {
  const all = Int32Array.from({ length: vocabulary.size }, (_, token) => token);
  const pieces: Buffer[] = [];
  using constraint = source.create();
  for (let step = 0; step < 500; step++) {
    const allowed = constraint.filter?.keep(all) ?? all;
    const token = allowed[Math.floor(random.next01() * allowed.length)];
    assert.ok(token !== undefined, `no token is allowed after ${Buffer.concat(pieces).toString()}`);
    if (vocabulary.isEnd(token)) return Buffer.concat(pieces).toString('utf8');
    constraint.accept(token, vocabulary.piece(token));
    pieces.push(vocabulary.piece(token));
  }
  throw new Error('the grammar did not come to an end');
}

test('llama.cpp parses the largest grammars that are not refused', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 3000 }, (_, i) => [`p${i}`, { type: 'string' }]),
  );
  const schemas: readonly JsonObject[] = [
    { type: 'object', properties },
    { type: 'object', properties, required: Object.keys(properties) },
    { type: 'object', properties, additionalProperties: true },
    { type: 'string', minLength: 500_000, maxLength: 1_000_000 },
    { type: 'array', items: { type: 'integer' }, maxItems: 2_147_483_647 },
    { type: 'string', format: 'uri', maxLength: 2048 },
    { enum: Array.from({ length: 5000 }, (_, i) => `value ${i}`) },
  ];
  for (const schema of schemas) {
    using source = open(jsonSchemaToGbnf(schema));
    assert.ok(source instanceof ConstraintSource);
  }
});

test('any JSON object is allowed under the grammar for json_object, and nothing else', () => {
  using source = open(jsonObjectGbnf());
  for (const value of [{}, { a: [1, -2.5e-7, 'x\n\u{1F600}', null, true, { '': [] }] }]) {
    assert.ok(isAllowed(source, JSON.stringify(value)));
    assert.ok(isAllowed(source, JSON.stringify(value, null, 2)));
  }
  for (const text of [
    '[]',
    '{"a":1',
    '{"a":01}',
    '{"a":"\n"}',
    '{a:1}',
    '{"a":1,}',
    '{}{}',
    ' {}',
    '{"a":"\\ud800"}',
  ]) {
    assert.ok(!isAllowed(source, text), text);
  }
});
