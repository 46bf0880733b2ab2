/**
 * The three examples that the READMEs show, run as they are but for the port, against the API with a
 * scripted model of the same name. Needs curl, python3 with pip, and a port.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { serveApiFixture } from '../../src/testing/api-fixture.ts';
import { installPythonClients } from './install.ts';

const folder = join(import.meta.dirname, '../../examples');
const haiku = 'Each step bears the next';

const programs: Readonly<Record<string, string>> = {
  '.sh': 'bash',
  '.py': 'python3',
  '.ts': process.execPath,
};

/** Runs a copy beside the example, so that it finds the same packages. */
async function runExample(name: string, url: string): Promise<string> {
  const text = readFileSync(join(folder, name), 'utf8');
  assert.match(text, /http:\/\/127\.0\.0\.1:4111/);
  const ending = name.slice(name.lastIndexOf('.'));
  const copy = join(folder, `.running-${process.pid}${ending}`);
  writeFileSync(copy, text.replaceAll('http://127.0.0.1:4111', url));
  try {
    const environment = ending === '.py' ? await installPythonClients() : {};
    const env = { ...process.env, ...environment };
    const { stdout } = await promisify(execFile)(programs[ending] ?? '', [copy], { env, timeout: 60_000 });
    return stdout;
  } finally {
    rmSync(copy);
  }
}

describe('examples', () => {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));

  test('there are examples to run', () => {
    assert.ok(names.length >= 3);
  });

  for (const name of names) {
    test(`${name} prints the model's answer`, async () => {
      await using fixture = await serveApiFixture({
        engine: {
          models: [{ id: 'qwen2.5-coder-1.5b-instruct' }],
          script: { rules: [{ match: { lastUser: 'haiku' }, reply: { text: haiku } }] },
        },
      });
      assert.match(await runExample(name, fixture.server.url), new RegExp(haiku));
    });
  }
});
