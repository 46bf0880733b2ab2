// One exam as a process of its own, for the test that kills it: journal, address, kill time come as arguments.
// Its clock stands still, so that a resumed exam can be compared byte by byte.
import { writeFileSync } from 'node:fs';
import { createHttpSubject } from '../../src/exams/http-subject.ts';
import { runExam } from '../../src/exams/exam.ts';
import { openJournal } from '../../src/exams/journal.ts';
import { builtInFamilies } from '../../src/exams/registry.ts';
import { buildReport } from '../../src/exams/report/build-report.ts';
import { toReportJson } from '../../src/exams/report/report.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';

const [journalPath = '', url = '', reportPath = ''] = process.argv.slice(2);
const real = createRealClock();
const clock = {
  nowMs: () => 1_800_000_000_000,
  monotonicMs: () => 0,
  sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms, signal),
};
using journal = openJournal(journalPath);
const result = await runExam({
  settings: { families: ['products', 'lcm'], rungs: [1, 2], minItems: 6, maxItems: 40 },
  families: builtInFamilies,
  subject: createHttpSubject({ url, model: 'small', clock, temperature: 0 }),
  journal,
  clock,
  rootSeed: '00112233445566778899aabbccddeeff',
  examId: 'exam_test',
  concurrency: 3,
});
writeFileSync(reportPath, toReportJson(buildReport(result)));
