// Items of a family and version stay the same for ever: reports are verified and compared by that. When a family
// must change, raise its version and run this with GRADUS_WRITE_FINGERPRINTS=1. About 2 s.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeGenerators } from '../../src/exams/exam-plan.ts';
import { examSettingsSchema } from '../../src/exams/exam-settings.ts';
import { builtInFamilies } from '../../src/exams/registry.ts';

const file = new URL('fingerprints.json', import.meta.url);

test('no item of a published version has changed', () => {
  const settings = examSettingsSchema.parse({
    families: builtInFamilies.map(({ name }) => name),
    rungs: [1, 2, 3, 4, 5],
    languages: ['en', 'zh'],
  });
  const generators = describeGenerators(builtInFamilies, settings);
  const found = Object.fromEntries(
    generators.map(({ name, version, fingerprint }) => [`${name}@${version}`, fingerprint]),
  );
  if (process.env['GRADUS_WRITE_FINGERPRINTS'] === '1')
    writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
  assert.deepEqual(found, JSON.parse(readFileSync(file, 'utf8')));
});
