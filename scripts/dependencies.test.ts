/** Every dependency has a row in decision 003 with the licence that is installed, and every row a dependency. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** Licences that ask no more than to be named. Another one is a decision of its own. */
const permissive = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]);

interface Manifest {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
}

const manifest = readManifest('package.json');
const declared = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
const page = readFileSync(join(root, 'docs/decisions/003-dependencies.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', reason = '', size = '', licence = '', instead = '']) => ({
    name: name.replaceAll('`', ''),
    licence,
    isFilled: [reason, size, licence, instead].every((cell) => cell !== ''),
  }));

describe('dependencies', () => {
  test('each has one row in decision 003, and each row a dependency', () => {
    assert.ok(rows.length > 0, 'no row was read');
    assert.deepEqual(rows.map((row) => row.name).sort(), Object.keys(declared).sort());
  });

  test('each row is filled and names the licence of what is installed', () => {
    const wrong = rows.flatMap(({ name, licence, isFilled }) => {
      const path = `node_modules/${name}/package.json`;
      const installed = existsSync(join(root, path)) ? readManifest(path).license : licence;
      return isFilled && licence === installed && permissive.has(licence)
        ? []
        : [`${name}: ${licence}, ${installed}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('the documents name the GPU libraries in the version of the CPU ones', () => {
    const version = declared['@node-llama-cpp/linux-x64'];
    for (const path of ['README.md', 'README.zh-CN.md', 'docs/decisions/003-dependencies.md']) {
      const named = readFileSync(join(root, path), 'utf8').matchAll(
        /npm install @node-llama-cpp\/[a-z0-9-]+@?([\d.]*)/g,
      );
      assert.deepEqual(
        [...named].map((match) => match[1]),
        [version, version],
        path,
      );
    }
  });

  test('each version is exact', () => {
    const loose = Object.entries(declared).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    assert.deepEqual(loose, []);
  });
});
