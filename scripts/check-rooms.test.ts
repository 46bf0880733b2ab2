/** Plants every kind of wrong direction in a small tree and sees each one caught, and nothing else. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { openTemporaryFolder } from '../src/testing/temporary-folder.ts';
import { checkRooms, roomOf, type RoomReport, type RoomTable } from './check-rooms.ts';
import { rooms } from './rooms.ts';

const table: RoomTable = {
  rooms: {
    kernel: { purpose: 'words', mayImport: [], packages: ['zod'] },
    engines: { purpose: 'tokens', mayImport: ['kernel'] },
    exams: { purpose: 'grades', mayImport: ['kernel'] },
    'levels/level.ts': { purpose: 'contract', mayImport: ['kernel', 'engines/engine.ts'] },
    'levels/l1-chat': { purpose: 'L1', mayImport: ['kernel', 'engines/engine.ts', 'levels/level.ts'] },
    'levels/l2-reason': {
      purpose: 'L2',
      mayImport: ['kernel', 'engines/engine.ts', 'levels/level.ts', 'levels/l1-chat'],
    },
    app: { purpose: 'wiring', mayImport: ['*'] },
    testing: { purpose: 'tests', mayImport: ['*'] },
  },
  closedRooms: ['app', 'testing'],
};

/** A tree without faults; each test adds its own. */
const tidyTree: Readonly<Record<string, string>> = {
  'kernel/id.ts': `import { z } from 'zod';\nimport { hash } from 'node:crypto';\nexport type Id = string;`,
  'engines/engine.ts': `import type { Id } from '../kernel/id.ts';\nexport interface Engine { id: Id }`,
  'engines/llama/llama.ts': `export * from '../engine.ts';\nconst k = await import('koffi');`,
  'exams/exam.ts': `import type { Id } from '../kernel/id.ts';`,
  'levels/level.ts': `import type { Engine } from '../engines/engine.ts';\nexport interface Level {}`,
  'levels/l1-chat/l1-chat.ts': `import type { Level } from '../level.ts';\nexport const l1 = 1;`,
  'levels/l1-chat/l1-chat.test.ts': [
    `import fc from 'fast-check';`,
    `import { l1 } from './l1-chat.ts';`,
    `import { llama } from '../../engines/llama/llama.ts';`,
    `import { fakeClock } from '../../testing/fake-clock.ts';`,
  ].join('\n'),
  'levels/l2-reason/l2-reason.ts': `import { l1 } from '../l1-chat/l1-chat.ts';`,
  'app/main.ts': `import '../engines/llama/llama.ts';\nimport '../exams/exam.ts';\nawait import(process.argv[2]);`,
  'testing/fake-clock.ts': `import type { Id } from '../kernel/id.ts';\nimport fc from 'fast-check';`,
};

async function check(faulty: Readonly<Record<string, string>>): Promise<RoomReport> {
  await using folder = openTemporaryFolder();
  for (const [file, text] of Object.entries({ ...tidyTree, ...faulty })) {
    const path = join(folder.path, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return checkRooms(folder.path, table, { product: ['zod', 'koffi'], development: ['fast-check'] });
}

const planted: Readonly<
  Record<string, { readonly file: string; readonly text: string; readonly fault: RegExp }>
> = {
  'a wrong direction': {
    file: 'kernel/clock.ts',
    text: `\nimport { x } from '../engines/engine.ts';`,
    fault: /^src\/kernel\/clock\.ts:2: kernel may not import engines\/engine\.ts \(room engines\)$/,
  },
  'a type-only import': {
    file: 'levels/l1-chat/a.ts',
    text: `import type { X } from '../l2-reason/l2-reason.ts';`,
    fault: /levels\/l1-chat may not import levels\/l2-reason\/l2-reason\.ts/,
  },
  'an inline type import': {
    file: 'levels/l2-reason/a.ts',
    text: `export type X = import('../../exams/exam.ts').Exam;`,
    fault: /levels\/l2-reason may not import exams\/exam\.ts/,
  },
  'a typeof import': {
    file: 'kernel/a.ts',
    text: `let x: typeof import('../exams/exam.ts');`,
    fault: /kernel may not import exams/,
  },
  'a re-export': {
    file: 'levels/l1-chat/a.ts',
    text: `export { x } from '../../engines/llama/llama.ts';`,
    fault: /levels\/l1-chat may not import engines\/llama/,
  },
  'a star re-export': {
    file: 'exams/a.ts',
    text: `export * from '../levels/level.ts';`,
    fault: /exams may not import levels\/level\.ts/,
  },
  'an empty re-export': {
    file: 'exams/a.ts',
    text: `export {} from '../levels/level.ts';`,
    fault: /exams may not import levels\/level\.ts/,
  },
  'a side-effect import': {
    file: 'exams/a.ts',
    text: `import '../levels/level.ts';`,
    fault: /exams may not import levels\/level\.ts/,
  },
  'a dynamic import': {
    file: 'exams/a.ts',
    text: `const x = await import(\`../levels/level.ts\`);`,
    fault: /exams may not import levels\/level\.ts/,
  },
  'a computed import': {
    file: 'engines/a.ts',
    text: `export const load = (name: string) => import(name);`,
    fault: /^src\/engines\/a\.ts:1: computed import/,
  },
  'a worker started by path': {
    file: 'levels/l1-chat/a.ts',
    text: `const url = new URL('../../engines/llama/llama.ts', import.meta.url);`,
    fault: /levels\/l1-chat may not import engines\/llama/,
  },
  'a require': {
    file: 'kernel/a.ts',
    text: `const x = require('../exams/exam.ts');`,
    fault: /kernel may not import exams/,
  },
  'a file in no room': { file: 'utils/a.ts', text: ``, fault: /^src\/utils\/a\.ts: is in no room/ },
  'a file beside the rooms of a storey': {
    file: 'levels/shared.ts',
    text: ``,
    fault: /^src\/levels\/shared\.ts: is in no room/,
  },
  'a data file in no room': { file: 'words.json', text: `{}`, fault: /^src\/words\.json: is in no room/ },
  'a folder whose name only begins like a room': {
    file: 'levels/l1-chat-old/a.ts',
    text: ``,
    fault: /is in no room/,
  },
  'a package that the room may not have': {
    file: 'kernel/a.ts',
    text: `import koffi from 'koffi';`,
    fault: /kernel may not import the package koffi/,
  },
  'a development package in a product file': {
    file: 'engines/a.ts',
    text: `import fc from 'fast-check';`,
    fault: /fast-check is a development dependency/,
  },
  'a package that nobody declared': {
    file: 'engines/a.ts',
    text: `import x from '@scope/left/deep';`,
    fault: /the package @scope\/left is not in package\.json/,
  },
  "Node's module without node:": {
    file: 'engines/a.ts',
    text: `import fs from 'fs';`,
    fault: /write Node's own module as "node:fs"/,
  },
  'an import without ending': {
    file: 'engines/a.ts',
    text: `import x from './engine';`,
    fault: /must name the file with its ending/,
  },
  'an import of a file that is not there': {
    file: 'engines/a.ts',
    text: `import x from './nothing.ts';`,
    fault: /"\.\/nothing\.ts" names no file/,
  },
  'an import from outside src': {
    file: 'engines/a.ts',
    text: `import x from '../../scripts/rooms.ts';`,
    fault: /leaves src\//,
  },
  'an import of the app': {
    file: 'engines/a.ts',
    text: `import x from '../app/main.ts';`,
    fault: /nobody but tests may import app/,
  },
  'the app using what is for tests': {
    file: 'app/a.ts',
    text: `import x from '../testing/fake-clock.ts';`,
    fault: /nobody but tests may import testing/,
  },
  'a product file using a test': {
    file: 'levels/l1-chat/a.ts',
    text: `import x from './l1-chat.test.ts';`,
    fault: /belongs to tests/,
  },
  'a test of a level that sees the exams': {
    file: 'levels/l2-reason/a.test.ts',
    text: `import x from '../../exams/exam.ts';`,
    fault: /levels\/l2-reason may not import exams\/exam\.ts/,
  },
  'a test of a lower level that sees a higher one': {
    file: 'levels/l1-chat/b.test.ts',
    text: `import x from '../l2-reason/l2-reason.ts';`,
    fault: /levels\/l1-chat may not import levels\/l2-reason/,
  },
  'a file too deep': { file: 'engines/a/b/c/d/e.ts', text: ``, fault: /lies deeper than 5 levels/ },
  'a file that cannot be parsed': { file: 'engines/a.ts', text: `import {`, fault: /cannot be read/ },
};

describe('room check', () => {
  test('a tidy tree has no fault, and all of it was read', async () => {
    assert.deepEqual(await check({}), { fileCount: 10, referenceCount: 18, faults: [] });
  });

  for (const [name, { file, text, fault }] of Object.entries(planted)) {
    test(`catches ${name}`, async () => {
      const { faults } = await check({ [file]: text });
      assert.equal(faults.length, 1, faults.join('\n'));
      assert.match(faults[0] ?? '', fault);
    });
  }

  test('a check that read nothing fails', async () => {
    await using folder = openTemporaryFolder();
    for (const path of [folder.path, join(folder.path, 'missing')]) {
      const report = checkRooms(path, { rooms: {}, closedRooms: [] }, { product: [], development: [] });
      assert.equal(report.fileCount, 0);
      assert.match(report.faults.join('\n'), /no file was read/);
    }
  });

  test('a table that names a room that is not there fails', async () => {
    const crooked = { ...table, rooms: { ...table.rooms, exams: { purpose: '', mayImport: ['kernle'] } } };
    await using folder = openTemporaryFolder();
    writeFileSync(join(folder.path, 'a.ts'), '');
    const { faults } = checkRooms(folder.path, crooked, { product: [], development: [] });
    assert.match(faults.join('\n'), /exams may import kernle, which is in no room/);
  });

  test('the longest prefix decides', () => {
    const longest = {
      rooms: { a: { purpose: '', mayImport: [] }, 'a/b.ts': { purpose: '', mayImport: [] } },
    };
    assert.equal(roomOf('a/b.ts', { ...longest, closedRooms: [] }), 'a/b.ts');
    assert.equal(roomOf('a/c.ts', { ...longest, closedRooms: [] }), 'a');
    assert.equal(roomOf('ab/c.ts', { ...longest, closedRooms: [] }), undefined);
  });

  test('the real table never lets levels see exams, nor exams see levels', () => {
    for (const [name, room] of Object.entries(rooms)) {
      const reaches = room.mayImport.map((entry) => entry.split('/')[0]);
      if (name.startsWith('levels')) assert.ok(!reaches.includes('exams'), name);
      if (name.startsWith('exams')) assert.ok(!reaches.includes('levels'), name);
    }
  });
});
