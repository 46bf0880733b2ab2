/**
 * The rules that other people's tools hold for us: each rule we count on gets a planted fault, so that an
 * update or a slip in a config file cannot switch it off unseen. Needs the tools in node_modules.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';

const root = join(import.meta.dirname, '../..');

/** File, text, and what must be reported for it. Everything is wrong in one way only. */
const planted: readonly (readonly [
  tool: 'tsc' | 'oxlint' | 'oxfmt' | 'knip',
  file: string,
  text: string,
  report: RegExp,
])[] = [
  ['tsc', 'enum.ts', 'export enum Color {\n  Red,\n}\n', /enum\.ts.*erasableSyntaxOnly/],
  [
    'tsc',
    'parameter-property.ts',
    'export class A {\n  constructor(readonly a: string) {}\n}\n',
    /parameter-property\.ts.*erasableSyntaxOnly/,
  ],
  ['tsc', 'index.ts', 'export const first = (a: string[]): string => a[0];\n', /index\.ts.*undefined/],
  ['tsc', 'return-type.ts', 'export const a = () => Math.sin(1);\n', /return-type\.ts.*isolatedDeclarations/],
  [
    'tsc',
    'import-type.ts',
    "import { B } from './b.ts';\nexport type C = B;\n",
    /import-type\.ts.*verbatimModuleSyntax/,
  ],
  ['oxlint', 'now.ts', 'export const at: number = Date.now();\n', /now\.ts:.*no-restricted-properties/],
  [
    'oxlint',
    'chance.ts',
    'export const x: number = Math.random();\n',
    /chance\.ts:.*no-restricted-properties/,
  ],
  [
    'oxlint',
    'env.ts',
    "export const home: string = process.env['HOME'] ?? '';\n",
    /env\.ts:.*no-process-env/,
  ],
  ['oxlint', 'any.ts', 'export const f = (a: any): string => String(a);\n', /any\.ts:.*no-explicit-any/],
  ['oxlint', 'bang.ts', 'export const f = (a?: string): string => a!;\n', /bang\.ts:.*no-non-null-assertion/],
  [
    'oxlint',
    'unsafe-as.ts',
    'export const f = (a: unknown): string => a as string;\n',
    /unsafe-as\.ts:.*no-unsafe-type-assertion/,
  ],
  ['oxlint', 'default.ts', 'export default 1;\n', /default\.ts:.*no-default-export/],
  ['oxlint', 'barrel.ts', "export * from './b.ts';\n", /barrel\.ts:.*no-barrel-file/],
  ['oxlint', 'long.ts', `export const a = 1;\n${'// one more line\n'.repeat(400)}`, /long\.ts:.*max-lines/],
  [
    'oxlint',
    'floating.ts',
    'async function work(): Promise<void> {}\nexport function start(): void {\n  work();\n}\n',
    /floating\.ts:.*no-floating-promises/,
  ],
  [
    'oxlint',
    'floating-assert.test.ts',
    "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\ntest('x', () => {\n  assert.rejects(Promise.reject(new Error('x')));\n});\n",
    /floating-assert\.test\.ts:4:.*no-floating-promises/,
  ],
  [
    'oxlint',
    'switch.ts',
    "type K = { kind: 'a' } | { kind: 'b' };\nexport function f(k: K): number {\n  switch (k.kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
    /switch\.ts:.*switch-exhaustiveness-check/,
  ],
  [
    'oxlint',
    'cycle.ts',
    "import { d } from './cycle-back.ts';\nexport const c: number = d;\n",
    /cycle\.ts:.*no-cycle/,
  ],
  [
    'oxlint',
    'cycle-back.ts',
    "import { c } from './cycle.ts';\nexport const d: number = c;\n",
    /cycle-back\.ts:.*no-cycle/,
  ],
  ['oxfmt', 'unformatted.ts', 'export const  a   = 1\n', /unformatted\.ts/],
  ['knip', 'dead-file.ts', 'export const a = 1;\n', /Unused files[^]*dead-file\.ts/],
  [
    'knip',
    'b.ts',
    'export type B = string;\nexport const deadExport = 1;\n',
    /Unused exports[^]*deadExport.*b\.ts/,
  ],
  ['knip', 'package.json', '', /Unused dependencies[^]*left-pad/],
];

const reports = new Map<string, string>();

describe('tools', () => {
  before(async () => {
    await using folder = openTemporaryFolder();
    for (const file of ['tsconfig.json', '.oxlintrc.json', '.oxfmtrc.json', 'knip.json']) {
      cpSync(join(root, file), join(folder.path, file));
    }
    symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
    writeFileSync(
      join(folder.path, 'package.json'),
      JSON.stringify({ name: 'planted', type: 'module', dependencies: { 'left-pad': '1.0.0' } }),
    );
    const source = {
      'src/app/main.ts': "import type { B } from '../planted/b.ts';\nexport const b: B = 'b';\n",
    };
    const files = planted.map(([, file, text]) => [`src/planted/${file}`, text] as const);
    for (const [file, text] of [...Object.entries(source), ...files]) {
      if (file.endsWith('package.json')) continue;
      mkdirSync(dirname(join(folder.path, file)), { recursive: true });
      writeFileSync(join(folder.path, file), text);
    }
    const commands = {
      tsc: ['typescript/bin/tsc', '-p', '.'],
      oxlint: ['oxlint/bin/oxlint', '--type-aware', '--format', 'unix', 'src'],
      oxfmt: ['oxfmt/bin/oxfmt', '--check', '.'],
      knip: ['knip/bin/knip.js', '--no-progress'],
    };
    for (const [tool, [program = '', ...args]] of Object.entries(commands)) {
      reports.set(tool, await runFailing(join(root, 'node_modules', program), args, folder.path));
    }
  });

  for (const [tool, file, , report] of planted) {
    test(`${tool} reports the fault planted in ${file}`, () => {
      assert.match(reports.get(tool) ?? '', report);
    });
  }
});

/** The output of a tool that must exit with a failure. */
function runFailing(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) reject(new Error(`${program} found nothing wrong`));
      else resolve(stdout + stderr);
    });
  });
}
