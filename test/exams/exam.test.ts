// Exams in memory: verdicts, resuming, budgets and broken endpoints, and that no call is wasted. About 5 s.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../src/testing/fake-clock.ts';
import { createPlannedItem } from '../../src/exams/exam-plan.ts';
import { examSettingsSchema, type ExamSettingsInput } from '../../src/exams/exam-settings.ts';
import { runExam, type ExamEvent, type ExamResult } from '../../src/exams/exam.ts';
import { createItem, hashMessages } from '../../src/exams/family.ts';
import type { ExamStart, Journal, JournalAnswer } from '../../src/exams/journal.ts';
import { runLadder } from '../../src/exams/ladder-exam.ts';
import { builtInFamilies } from '../../src/exams/registry.ts';
import { buildReport } from '../../src/exams/report/build-report.ts';
import { compareForContamination, compareReports, frozenSeed } from '../../src/exams/report/compare.ts';
import { toHtml } from '../../src/exams/report/html.ts';
import { toMarkdown } from '../../src/exams/report/markdown.ts';
import { toRateText } from '../../src/exams/report/number-format.ts';
import { parseReport, toReportJson } from '../../src/exams/report/report.ts';
import { verifyReport } from '../../src/exams/report/verify.ts';
import { reportWords } from '../../src/exams/report/words.ts';
import type { Attempt, Subject } from '../../src/exams/subject.ts';

const rootSeed = 'a'.repeat(32);
const families = ['refusal-pair', 'products', 'lcm'];

interface TestSubject extends Subject {
  readonly keys: string[];
}

/** Answers right while `isRight(index)`; the oracle knows the first items of each family by their hash. */
function createOracle(
  isRight: (index: number, family: string) => boolean,
  settings: ExamSettingsInput,
  root = rootSeed,
): TestSubject {
  const full = examSettingsSchema.parse(settings);
  const known = new Map<string, { text: string; index: number; family: string }>();
  for (const family of builtInFamilies.filter(({ name }) => settings.families.includes(name))) {
    for (let index = 0; index < 120; index++) {
      const item = createPlannedItem(family, index, full, root);
      known.set(hashMessages(item.messages), { text: item.witness, index, family: family.name });
    }
  }
  const keys: string[] = [];
  return {
    keys,
    model: 'oracle',
    url: 'http://127.0.0.1:1/v1',
    settings: {},
    ask({ messages, idempotencyKey }) {
      keys.push(idempotencyKey);
      const entry = known.get(hashMessages(messages));
      if (entry === undefined) throw new Error('an item that the oracle does not know');
      return Promise.resolve(answered(isRight(entry.index, entry.family) ? entry.text : 'Answer: none'));
    },
  };
}

function answered(text: string, outcome: Attempt['outcome'] = 'answered'): Attempt {
  const usage = { inputTokens: 30, outputTokens: 10, reasoningTokens: 0, isReported: true };
  return {
    outcome,
    text,
    usage,
    totalMs: 5,
    firstTokenMs: 2,
    retries: 0,
    fault: outcome === 'failed' ? 'status 500' : null,
  };
}

function createMemoryJournal(
  from: readonly (ExamStart | JournalAnswer)[] = [],
): Journal & { lines: (ExamStart | JournalAnswer)[] } {
  const lines = [...from];
  return {
    lines,
    start: from.find((line) => line.kind === 'exam-started') ?? null,
    answers: from.filter((line) => line.kind === 'answered'),
    append: (record) => void lines.push(record),
    [Symbol.dispose]: () => undefined,
  };
}

interface Run {
  readonly subject: TestSubject;
  readonly settings: ExamSettingsInput;
  readonly journal?: Journal;
  readonly concurrency?: number;
  readonly root?: string;
  readonly onEvent?: (event: ExamEvent) => void;
}

function run({
  subject,
  settings,
  journal = createMemoryJournal(),
  concurrency = 4,
  root = rootSeed,
  onEvent,
}: Run): Promise<ExamResult> {
  return runExam({
    settings,
    families: builtInFamilies,
    subject,
    journal,
    clock: createFakeClock(),
    rootSeed: root,
    examId: 'exam_1',
    concurrency,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
}

test('a subject that is always right is shown at once on all families, one that never is not, and no call is wasted', async () => {
  const settings = { families };
  for (const [isRight, verdict] of [
    [true, 'shown'],
    [false, 'not-shown'],
  ] as const) {
    for (const concurrency of [1, 7]) {
      const subject = createOracle(() => isRight, settings);
      const report = buildReport(await run({ subject, settings, concurrency }));
      assert.deepEqual(
        report.families.map((family) => family.verdict),
        [verdict, verdict, verdict],
      );
      assert.deepEqual(
        report.levels.map((level) => [level.level, level.verdict, level.withLowerLevels]),
        [
          [1, verdict, verdict],
          [2, verdict, verdict],
        ],
      );
      assert.deepEqual(
        report.families.map((family) => family.rate.n),
        isRight ? [24, 24, 24] : [10, 10, 10],
      );
      assert.equal(subject.keys.length, report.items.length);
      assert.equal(new Set(subject.keys).size, subject.keys.length);
    }
  }
});

test('one weak family is enough for a level not to be shown, and it is named', async () => {
  const settings = { families };
  const report = buildReport(
    await run({ subject: createOracle((_, family) => family !== 'lcm', settings), settings }),
  );
  const [, second] = report.levels;
  assert.deepEqual(
    [second?.verdict, second?.weakestFamily, second?.withLowerLevels],
    ['not-shown', 'lcm', 'not-shown'],
  );
});

test('a resumed exam gives the same report, whatever was in the journal, and asks only the rest', async () => {
  const settings = { families };
  const isRight = (index: number): boolean => index % 9 !== 4;
  const whole = createMemoryJournal();
  const wholeSubject = createOracle(isRight, settings);
  const expected = toReportJson(buildReport(await run({ subject: wholeSubject, settings, journal: whole })));
  for (const cut of [1, 2, 7, 20, whole.lines.length]) {
    const subject = createOracle(isRight, settings);
    const journal = createMemoryJournal(whole.lines.slice(0, cut));
    assert.equal(toReportJson(buildReport(await run({ subject, settings, journal }))), expected);
    assert.equal(subject.keys.length, whole.lines.length - cut);
  }
});

test('a journal of another exam is refused', async () => {
  const settings = { families: ['products'] };
  const journal = createMemoryJournal();
  await run({ subject: createOracle(() => true, settings), settings, journal });
  const other = { ...settings, target01: 0.9 };
  await assert.rejects(
    run({
      subject: createOracle(() => true, other),
      settings: other,
      journal: createMemoryJournal(journal.lines),
    }),
    { code: 'conflict' },
  );
});

test('a budget ends the exam with undecided families and says how many items are missing', async () => {
  const settings = { families, budget: { tokens: 600 } };
  const events: string[] = [];
  const report = buildReport(
    await run({
      subject: createOracle(() => true, settings),
      settings,
      concurrency: 1,
      onEvent: ({ kind }) => events.push(kind),
    }),
  );
  assert.equal(report.spend.calls, 15);
  assert.deepEqual(
    report.families.map(({ verdict, rate }) => [verdict, rate.n]),
    [
      ['undecided', 5],
      ['undecided', 5],
      ['undecided', 5],
    ],
  );
  assert.ok(report.families.every(({ itemsNeeded }) => itemsNeeded !== null && itemsNeeded > 10));
  assert.deepEqual([events[0], events.at(-1)], ['exam-started', 'budget-used']);
});

test('an endpoint that only fails stops the exam without a result; a single failure is an outcome', async () => {
  const settings = { families: ['products'] };
  const oracle = createOracle(() => true, settings);
  const journal = createMemoryJournal();
  const broken = { ...oracle, ask: () => Promise.resolve(answered('', 'failed')) };
  await assert.rejects(run({ subject: broken, settings, journal }), { code: 'engine-unreachable' });
  assert.equal(journal.lines.length, 1);

  let calls = 0;
  const flaky: TestSubject = {
    ...oracle,
    ask: (question) => (calls++ === 2 ? Promise.resolve(answered('', 'failed')) : oracle.ask(question)),
  };
  const report = buildReport(await run({ subject: flaky, settings, concurrency: 1 }));
  const [family] = report.families;
  assert.equal(family?.outcomes.failed, 1);
  assert.equal(family?.bestCase.successes, family?.rate.n);
  assert.equal(family?.ofAnswered.n, (family?.rate.n ?? 0) - 1);
});

test('a cut answer is never right, even when it holds the right line', async () => {
  const settings = { families: ['products'] };
  const oracle = createOracle(() => true, settings);
  const cut: TestSubject = {
    ...oracle,
    ask: async (question) => ({ ...(await oracle.ask(question)), outcome: 'truncated' }),
  };
  const [family] = buildReport(await run({ subject: cut, settings })).families;
  assert.deepEqual(
    [family?.verdict, family?.rate.successes, family?.outcomes.truncated],
    ['not-shown', 0, 10],
  );
});

test('the report can be verified from its own text, and every kind of forgery is found', async () => {
  const settings = {
    families: ['products', 'lcm'],
    prices: { inputPerMillion: 1, outputPerMillion: 2, currency: 'EUR', date: '2026-11-01' },
    errorCost: 0.1,
  };
  const isRight = (index: number): boolean => index % 3 !== 0;
  const text = toReportJson(buildReport(await run({ subject: createOracle(isRight, settings), settings })));
  const check = (change: (text: string) => string): readonly string[] =>
    verifyReport(parseReport(change(text)), builtInFamilies).faults;
  assert.deepEqual(
    check((same) => same),
    [],
  );
  const forgeries: ((text: string) => string)[] = [
    (json) => json.replace('"correct": false', '"correct": true'),
    (json) => json.replace('"successes": ', '"successes": 9'),
    (json) => json.replace(rootSeed, 'b'.repeat(32)),
    (json) => json.replace('Answer: none', 'Answer: 7'),
    (json) => json.replace('"model": "oracle"', '"model": "better"'),
    (json) => json.replace('"target01": 0.8', '"target01": 0.5'),
    (json) => json.replace('"verdict": "not-shown"', '"verdict": "shown"'),
    (json) => {
      const report = JSON.parse(json) as { items: unknown[] };
      return JSON.stringify({ ...report, items: report.items.slice(1) });
    },
  ];
  forgeries.forEach((forge, index) => assert.notDeepEqual(check(forge), [], `forgery ${index}`));
});

test('JSON, Markdown and HTML hold the same numbers in both languages, and HTML asks the network for nothing', async () => {
  const settings: ExamSettingsInput = { families, languages: ['en', 'zh'] };
  const report = buildReport(
    await run({ subject: createOracle((index) => index % 5 !== 0, settings), settings }),
  );
  for (const language of ['en', 'zh'] as const) {
    const markdown = toMarkdown(report, language).replaceAll('\\', '');
    const html = toHtml(report, language);
    const tableCells = [...html.matchAll(/<t[dh]>([^<]*)<\/t[dh]>/gu)].map(([, cell = '']) => unescape(cell));
    const markdownCells = markdown
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => line.slice(2, -2).split(' | '));
    assert.deepEqual(markdownCells, tableCells);
    const rates = report.families.flatMap((family) => [
      family.rate,
      family.ofAnswered,
      family.bestCase,
      ...family.byRung.map(({ rate }) => rate),
      ...family.byLanguage.map(({ rate }) => rate),
    ]);
    for (const rate of rates)
      assert.ok(
        tableCells.some((cell) => cell.includes(toRateText(rate, reportWords[language]))),
        JSON.stringify(rate),
      );
    assert.ok(!/(?:src|href)=|url\(|@import|<script/u.test(html), 'a request to the network');
    assert.ok(!/100% – 100%/u.test(markdown));
    assert.match(html, /<svg/u);
  }
});

test('a comparison pairs the same items, and refuses different ones', async () => {
  const settings = { families: ['products', 'lcm'], rungs: [3], fixedItems: 40 };
  const strong = buildReport(
    await run({ subject: createOracle((index) => index % 10 !== 0, settings), settings }),
  );
  const weak = buildReport(
    await run({ subject: createOracle((index) => index % 2 === 0, settings), settings }),
  );
  const { all, families: parts } = compareReports(strong, weak);
  assert.deepEqual([all.n, all.onlyA, all.onlyB, all.method], [80, 40, 8, 'tango']);
  assert.ok(all.interval[0] > 0.2 && all.interval[1] < 0.6 && all.pValue < 0.001 && parts.length === 2);
  const other = { ...weak, seed: { ...weak.seed, root: 'b'.repeat(32) } };
  assert.throws(() => compareReports(strong, other), { code: 'conflict' });
});

test('remembered frozen items are noticed, an honest subject is not suspected', async () => {
  const settings = { families: ['products', 'lcm'], fixedItems: 40, scheduleSeed: 'pairs' };
  const fresh = buildReport(
    await run({ subject: createOracle((index) => index % 2 === 0, settings), settings }),
  );
  const frozen = async (isRight: (index: number) => boolean): Promise<ReturnType<typeof buildReport>> =>
    buildReport(
      await run({ subject: createOracle(isRight, settings, frozenSeed), settings, root: frozenSeed }),
    );
  assert.equal(compareForContamination(await frozen(() => true), fresh).isSuspicious, true);
  assert.equal(compareForContamination(await frozen((index) => index % 2 === 1), fresh).isSuspicious, false);
  assert.throws(() => compareForContamination(fresh, fresh), { code: 'conflict' });
});

test('several samples of an item give pass@k and pass^k, and the verdict uses the first of them', async () => {
  const settings = { families: ['products'], samples: 3, fixedItems: 20 };
  let call = 0;
  const oracle = createOracle(() => true, settings);
  const uneven: TestSubject = {
    ...oracle,
    ask: (question) => (call++ % 3 === 2 ? Promise.resolve(answered('Answer: x')) : oracle.ask(question)),
  };
  const [family] = buildReport(await run({ subject: uneven, settings, concurrency: 1 })).families;
  assert.deepEqual(
    [family?.samples?.passAtK.successes, family?.samples?.passHatK.successes, family?.samples?.rate.n],
    [20, 0, 60],
  );
  assert.equal(family?.rate.successes, 20);
});

test('an unknown family, rung or language is named', async () => {
  for (const [settings, param] of [
    [{ families: ['poetry'] }, 'families'],
    [{ families: ['products'], rungs: [9] }, 'rungs'],
  ] as const) {
    await assert.rejects(
      run({
        subject: createOracle(
          () => true,
          { families: [] as string[], rungs: [1] }.families.length > 0 ? settings : { families: ['lcm'] },
        ),
        settings,
      }),
      (error: { details?: { param?: string } }) => error.details?.param === param,
    );
  }
});

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

test('the ladder finds the rung at which a subject starts to fail', async () => {
  const family = builtInFamilies.find(({ name }) => name === 'products');
  assert.ok(family !== undefined);
  const witnesses = new Map<string, { text: string; rung: number }>();
  for (let rung = 1; rung <= family.rungs.length; rung++) {
    for (let index = 0; index < 25; index++) {
      const item = createItem(family, { language: 'en', rung, seed: `ladder/r/${index}` });
      witnesses.set(hashMessages(item.messages), { text: item.witness, rung });
    }
  }
  const ask: Subject['ask'] = ({ messages }) => {
    const known = witnesses.get(hashMessages(messages));
    return Promise.resolve(answered(known !== undefined && known.rung <= 3 ? known.text : 'Answer: 0'));
  };
  const result = await runLadder({
    family,
    subject: { model: 'm', url: 'u', settings: {}, ask },
    language: 'en',
    rootSeed: 'r',
  });
  assert.ok(result.rungAtHalf > 3 && result.rungAtHalf < 4, String(result.rungAtHalf));
  assert.ok(result.items <= 25 && result.rungAtFourFifths < result.rungAtHalf);
});
