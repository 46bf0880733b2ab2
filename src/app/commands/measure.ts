/** `gradus measure`: examines an endpoint with fresh items and writes the evidence down. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { runExam, type ExamEvent } from '../../exams/exam.ts';
import type { ExamSettingsInput } from '../../exams/exam-settings.ts';
import { createRootSeed } from '../../exams/exam-plan.ts';
import type { ExamLanguage } from '../../exams/family.ts';
import { createHttpSubject } from '../../exams/http-subject.ts';
import { openJournal } from '../../exams/journal.ts';
import { builtInFamilies } from '../../exams/registry.ts';
import { buildReport } from '../../exams/report/build-report.ts';
import { compareReports, toComparisonMarkdown } from '../../exams/report/compare.ts';
import { toHtml } from '../../exams/report/html.ts';
import { toMarkdown } from '../../exams/report/markdown.ts';
import { parseReport, toReportJson } from '../../exams/report/report.ts';
import { verifyReport } from '../../exams/report/verify.ts';
import { GradusError } from '../../kernel/errors.ts';
import { createIdSource } from '../../kernel/ids.ts';
import { systemClock, systemRandom } from '../real-world.ts';
import type { Settings } from '../settings.ts';
import { formatDuration } from '../terminal.ts';
import { openTarget, type TargetOptions } from './chat-client.ts';

export interface MeasureFlags extends TargetOptions {
  readonly levels: readonly number[];
  readonly families: readonly string[];
  readonly lang: readonly string[];
  readonly target?: number;
  readonly alpha?: number;
  readonly maxItems?: number;
  readonly fixedItems?: number;
  readonly budgetTokens?: number;
  readonly budgetSeconds?: number;
  readonly concurrency: number;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly json: boolean;
}

/**
 * Runs or resumes an exam. The folder that it names on stderr holds the journal, from which a killed exam
 * goes on without asking anything twice, and at the end the report as JSON, Markdown and HTML.
 */
export async function runMeasure(
  settings: Settings,
  flags: MeasureFlags,
  signal: AbortSignal,
): Promise<void> {
  await using target = await openTarget(settings, flags, signal);
  const ids = createIdSource(systemClock, systemRandom);
  const folder = flags.resume ?? flags.out ?? path.join(settings.home, 'exams', ids.create('exam'));
  await mkdir(folder, { recursive: true });
  process.stderr.write(
    `Examining ${target.model} at ${target.url}\nEvidence in ${folder}; a stopped exam goes on with --resume ${folder}\n`,
  );
  using journal = openJournal(path.join(folder, 'journal.jsonl'));
  const subject = createHttpSubject({
    url: target.url,
    model: target.model,
    clock: systemClock,
    ...(target.key === undefined ? {} : { apiKey: target.key }),
    ...(flags.temperature === undefined ? {} : { temperature: flags.temperature }),
    ...(flags.maxTokens === undefined ? {} : { maxOutputTokens: flags.maxTokens }),
  });
  const result = await runExam({
    settings: toSettings(flags),
    families: builtInFamilies,
    subject,
    journal,
    clock: systemClock,
    rootSeed: createRootSeed(() => systemRandom.next01()),
    examId: path.basename(folder),
    concurrency: flags.concurrency,
    onEvent: createProgress(),
    signal,
  });
  const report = buildReport(result);
  const language: ExamLanguage = flags.lang[0] === 'zh' ? 'zh' : 'en';
  const json = toReportJson(report);
  const markdown = toMarkdown(report, language);
  await writeFile(path.join(folder, 'report.json'), json);
  await writeFile(path.join(folder, 'report.md'), markdown);
  await writeFile(path.join(folder, 'report.html'), toHtml(report, language));
  process.stderr.write(`Report: ${path.join(folder, 'report.html')}\n`);
  process.stdout.write(flags.json ? json : markdown);
}

/** Regenerates the items of a report and grades its answers again, offline. Exit code 1 when anything differs. */
export async function runVerify(file: string): Promise<void> {
  const verification = verifyReport(await loadReport(file), builtInFamilies);
  for (const fault of verification.faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(
    `${verification.isValid ? 'Valid' : 'NOT valid'}: ${verification.items} items made again, ${verification.answers} answers graded again.\n`,
  );
  if (!verification.isValid) process.exitCode = 1;
}

export async function runCompare(
  a: string,
  b: string,
  flags: { readonly json: boolean; readonly lang: string },
): Promise<void> {
  const comparison = compareReports(await loadReport(a), await loadReport(b));
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(comparison, undefined, 2)}\n`
      : toComparisonMarkdown(comparison, flags.lang === 'zh' ? 'zh' : 'en'),
  );
}

async function loadReport(file: string): Promise<ReturnType<typeof parseReport>> {
  return parseReport(await readFile(file, 'utf8'));
}

function toSettings(flags: MeasureFlags): ExamSettingsInput {
  const languages = flags.lang.map((language): ExamLanguage => {
    if (language === 'en' || language === 'zh') return language;
    throw new GradusError('invalid-request', {
      message: `--lang takes en and zh, not "${language}".`,
      param: 'lang',
    });
  });
  const families =
    flags.families.length > 0
      ? flags.families
      : builtInFamilies.filter((family) => flags.levels.includes(family.level)).map((family) => family.name);
  const { target, alpha, maxItems, fixedItems, budgetTokens, budgetSeconds } = flags;
  return {
    families,
    languages,
    ...(target === undefined ? {} : { target01: target }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(maxItems === undefined ? {} : { maxItems }),
    ...(fixedItems === undefined ? {} : { fixedItems }),
    budget: {
      ...(budgetTokens === undefined ? {} : { tokens: budgetTokens }),
      ...(budgetSeconds === undefined ? {} : { seconds: budgetSeconds }),
    },
  };
}

/** One line per family that settles, and on a terminal the item that was graded last, with rate and spend. */
function createProgress(): (event: ExamEvent) => void {
  const startedMs = systemClock.monotonicMs();
  const settled = new Map<string, string>();
  let items = 0;
  return (event) => {
    switch (event.kind) {
      case 'exam-started':
        process.stderr.write(
          `Commitment ${event.commitment}${event.isResumed ? `, resumed with ${event.answers} answers` : ''}\n`,
        );
        return;
      case 'budget-used':
        process.stderr.write('The budget is used up; what is not settled stays undecided.\n');
        return;
      case 'item-graded': {
        items++;
        const line = `${event.family}: ${event.successes} of ${event.n} right, ${event.verdict}`;
        const tookMs = systemClock.monotonicMs() - startedMs;
        if (process.stderr.isTTY) {
          process.stderr.write(`\r\u001B[K${items} items in ${formatDuration(tookMs)}  ${line}`);
        }
        if (event.verdict !== 'undecided' && settled.get(event.family) !== event.verdict) {
          settled.set(event.family, event.verdict);
          process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${line}\n`);
        }
      }
    }
  };
}
