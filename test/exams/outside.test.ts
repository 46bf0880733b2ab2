// What reaches the disk or comes from it: journals, plug-ins and the export for other harnesses. Needs Python 3
// for the syntax check of the exported task; skips that one check where there is none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { examSettingsSchema } from '../../src/exams/exam-settings.ts';
import { exportToInspect, gradeLines } from '../../src/exams/inspect-export.ts';
import { openJournal, type ExamStart, type JournalAnswer } from '../../src/exams/journal.ts';
import { loadPlugIn } from '../../src/exams/plug-in.ts';
import { builtInFamilies } from '../../src/exams/registry.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';

const start: ExamStart = {
  kind: 'exam-started',
  version: 1,
  examId: 'exam_1',
  startedAtMs: 1,
  rootSeed: 'r',
  commitment: 'c',
  generators: [],
  subject: { model: 'm', url: 'u', settings: {} },
  settings: examSettingsSchema.parse({ families: ['products'] }),
};

const answer: JournalAnswer = {
  kind: 'answered',
  family: 'products',
  index: 0,
  sample: 0,
  elapsedMs: 3,
  attempt: {
    outcome: 'answered',
    text: 'Answer: 1\n好',
    usage: { inputTokens: 1, outputTokens: 2, reasoningTokens: 0, isReported: true },
    totalMs: 5,
    firstTokenMs: null,
    retries: 0,
    fault: null,
  },
};

test('a journal gives back what was written, and cuts off a half line of a crash', async () => {
  await using folder = openTemporaryFolder();
  const path = join(folder.path, 'exam.jsonl');
  {
    using journal = openJournal(path);
    journal.append(start);
    journal.append(answer);
  }
  appendFileSync(path, '{"kind":"answered","family":"pro好');
  {
    using journal = openJournal(path);
    assert.deepEqual([journal.start, journal.answers], [start, [answer]]);
    journal.append({ ...answer, index: 1 });
  }
  using journal = openJournal(path);
  assert.deepEqual(
    journal.answers.map(({ index }) => index),
    [0, 1],
  );
});

test('a damaged line in the middle of a journal is an error that names it, not a shorter exam', async () => {
  await using folder = openTemporaryFolder();
  const path = join(folder.path, 'exam.jsonl');
  writeFileSync(path, `${JSON.stringify(start)}\n{"kind":"answ\n${JSON.stringify(answer)}\n`);
  assert.throws(() => openJournal(path), { code: 'conflict', message: /Line 2/u });
});

const importModule = (path: string): Promise<unknown> => import(pathToFileURL(path).href);

const goodPlugIn = `
const value = (random) => 100 + Math.floor(random.next01() * 900);
export const families = [{
  name: 'plus-one', version: 1, level: 2, title: { en: 'Plus one', zh: '加一' }, languages: ['en', 'zh'],
  answerForm: 'whole', rungs: [{ size: 3, chance01: 0.02 }],
  createTask({ random }) {
    const n = value(random);
    return {
      messages: [{ role: 'user', content: 'What is ' + n + ' + 1?' }], puzzle: { n }, witness: String(n + 1), nearMisses: [String(n)],
      guess: (dice) => String(value(dice)),
      grade: (text) => {
        const plain = text.replace(/<think>[\\s\\S]*?(<\\/think>|$)/u, '').replaceAll('\`\`\`', '').trim();
        return { correct: plain === String(n + 1), reading: plain, reason: plain };
      },
    };
  },
}];`;

test('a plug-in that keeps the contract is loaded; one that breaks it, or takes a name, is refused with the reason', async () => {
  await using folder = openTemporaryFolder();
  const write = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const [family] = await loadPlugIn(write('good.mjs', goodPlugIn), { importModule, taken: [] });
  assert.equal(family?.name, 'plus-one');
  const refused = (name: string, text: string, message: RegExp, taken: string[] = []): Promise<void> =>
    assert.rejects(loadPlugIn(write(name, text), { importModule, taken }), {
      code: 'invalid-config',
      message,
    });
  await refused('same.mjs', goodPlugIn, /already a family/u, ['plus-one']);
  await refused('lax.mjs', goodPlugIn.replace('plain === String(n + 1)', 'true'), /a wrong answer passes/u);
  await refused('none.mjs', 'export const other = 1;', /exports no valid families/u);
  await refused('broken.mjs', 'export const = ;', /cannot be loaded/u);
});

test('the export holds the same items, and its grader is ours', async (t) => {
  const settings = examSettingsSchema.parse({ families: ['products', 'memory'], languages: ['en', 'zh'] });
  const { items, task } = exportToInspect(settings, builtInFamilies, { rootSeed: 'r', count: 4 });
  const lines = items
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { target: string; metadata: Record<string, unknown> });
  assert.equal(lines.length, 8);
  const requests = lines.flatMap(({ target, metadata: { family, language, rung, seed } }) =>
    [target, 'Answer: nothing'].map((text) => JSON.stringify({ family, language, rung, seed, answer: text })),
  );
  const grades = gradeLines(requests.join('\n'), builtInFamilies)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { correct: boolean }).correct);
  assert.deepEqual(
    grades,
    lines.flatMap(() => [true, false]),
  );
  assert.throws(
    () => gradeLines('{"family":"none","language":"en","rung":1,"seed":"s","answer":""}', builtInFamilies),
    { code: 'invalid-request' },
  );

  await using folder = openTemporaryFolder();
  const path = join(folder.path, 'gradus_exam.py');
  writeFileSync(path, task);
  const python = spawnSync('python3', ['-c', `import ast,sys; ast.parse(open(sys.argv[1]).read())`, path], {
    encoding: 'utf8',
  });
  if (python.error !== undefined) t.diagnostic('no python3 here: syntax of the exported task not checked');
  else assert.equal(python.status, 0, python.stderr);
  assert.ok(readFileSync(path, 'utf8').includes('def gradus_exam'));
});
