/** A report as a list of blocks in one language; Markdown and HTML are two ways to write the same blocks. */
import type { ExamLanguage } from '../family.ts';
import { outcomes } from '../subject.ts';
import { toCostText, toNumberText, toPercent, toPlainPercent, toRateText } from './number-format.ts';
import { plotCost, plotOutcomes, plotRungs } from './plots.ts';
import type { FamilyReport, LevelReport, Report } from './report.ts';
import { reportWords, type ReportWords } from './words.ts';

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string; readonly isStrong?: boolean }
  | { readonly kind: 'list'; readonly entries: readonly string[] }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: 'figure'; readonly svg: string; readonly caption: string };

export function toDocument(report: Report, language: ExamLanguage): readonly Block[] {
  const words = reportWords[language];
  const { headings } = words;
  const heading = (text: string): Block => ({ kind: 'heading', level: 2, text });
  return [
    { kind: 'heading', level: 1, text: words.title(report.subject.model) },
    heading(words.inShort),
    ...sayInShort(report, words, language),
    heading(headings.levels),
    tellLevels(report, words, language),
    heading(headings.families),
    tellFamilies(report, words, language),
    { kind: 'paragraph', text: words.methods },
    heading(headings.rungs),
    { kind: 'figure', svg: plotRungs(report, language), caption: words.figures.rungs },
    tellRungs(report, words, language),
    ...tellLanguages(report, words, language),
    heading(headings.outcomes),
    { kind: 'figure', svg: plotOutcomes(report, language), caption: words.figures.outcomes },
    tellOutcomes(report, words, language),
    heading(headings.cost),
    { kind: 'figure', svg: plotCost(report, language), caption: words.figures.cost },
    tellCost(report, words, language),
    ...(report.spend.areTokensReported ? [] : [{ kind: 'paragraph', text: words.estimated } as const]),
    ...tellSamples(report, words, language),
    heading(headings.conditions),
    tellConditions(report, words),
    heading(headings.limits),
    { kind: 'list', entries: report.limits.map((limit) => words.limits[limit] ?? limit) },
    heading(headings.repeat),
    { kind: 'paragraph', text: words.verifyWith },
  ];
}

function sayInShort(report: Report, words: ReportWords, language: ExamLanguage): Block[] {
  const { target, sure } = describeTarget(report);
  const ofVerdict = (verdict: FamilyReport['verdict'], say: (family: FamilyReport) => string): string => {
    const names = report.families.filter((family) => family.verdict === verdict).map(say);
    return names.length === 0 ? words.none : names.join(language === 'en' ? '; ' : '；');
  };
  const named = (family: FamilyReport): string =>
    `${family.title[language]}: ${toRateText(family.rate, words)}`;
  const needing = (family: FamilyReport): string =>
    `${named(family)}, ${family.itemsNeeded === null ? words.needsTooMany : words.needs(family.itemsNeeded)}`;
  return [
    ...report.levels.map(({ level, verdict }): Block => ({
      kind: 'paragraph',
      isStrong: true,
      text: words.levelSays(level, words.levelNames[level - 1] ?? '', verdict, target, sure),
    })),
    {
      kind: 'list',
      entries: [
        `${words.reliable}: ${ofVerdict('shown', named)}`,
        `${words.notReliable}: ${ofVerdict('not-shown', named)}`,
        `${words.undecided}: ${ofVerdict('undecided', needing)}`,
      ],
    },
  ];
}

function describeTarget({ settings }: Report): { target: string; sure: string; rungs: string } {
  return {
    target: toPlainPercent(settings.target01),
    sure: toPlainPercent(1 - settings.alpha),
    rungs: settings.rungs.join(', '),
  };
}

function tellLevels(report: Report, words: ReportWords, language: ExamLanguage): Block {
  const { target, sure, rungs } = describeTarget(report);
  const { columns } = words;
  const say = ({ verdict, withLowerLevels }: LevelReport): string => {
    const joined =
      withLowerLevels === null ? words.notExamined : `${words.withLower}: ${words.verdicts[withLowerLevels]}`;
    return `${words.verdicts[verdict]} (${joined})`;
  };
  return {
    kind: 'table',
    head: [columns.level, columns.author, columns.test, columns.verdict, columns.weakest],
    rows: report.levels.map((level) => [
      String(level.level),
      words.authorWords[level.level - 1] ?? '',
      words.operational(target, rungs, sure),
      say(level),
      titleOf(report, level.weakestFamily, language),
    ]),
  };
}

function titleOf(report: Report, name: string, language: ExamLanguage): string {
  return report.families.find((family) => family.name === name)?.title[language] ?? name;
}

function tellFamilies(report: Report, words: ReportWords, language: ExamLanguage): Block {
  const { columns } = words;
  return {
    kind: 'table',
    head: [
      columns.level,
      columns.family,
      columns.verdict,
      columns.rate,
      columns.chance,
      columns.ofAnswered,
      columns.bestCase,
    ],
    rows: report.families.map((family) => [
      String(family.level),
      `${family.title[language]}${family.isHeldOut ? ` (${columns.heldOut})` : ''}`,
      words.verdicts[family.verdict],
      toRateText(family.rate, words),
      `≤ ${toPercent(family.chance01)}`,
      toRateText(family.ofAnswered, words),
      toRateText(family.bestCase, words),
    ]),
  };
}

function tellRungs(report: Report, words: ReportWords, language: ExamLanguage): Block {
  const { columns } = words;
  return {
    kind: 'table',
    head: [columns.family, columns.rung, columns.size, columns.rate],
    rows: report.families.flatMap((family) =>
      family.byRung.map(({ rung, size, rate }) => [
        family.title[language],
        String(rung),
        toNumberText(size),
        toRateText(rate, words),
      ]),
    ),
  };
}

function tellLanguages(report: Report, words: ReportWords, language: ExamLanguage): Block[] {
  if (report.settings.languages.length < 2) return [];
  const { columns } = words;
  const rows = report.families.flatMap((family) =>
    family.byLanguage.map((part) => [family.title[language], part.language, toRateText(part.rate, words)]),
  );
  return [
    { kind: 'heading', level: 2, text: words.headings.languages },
    { kind: 'table', head: [columns.family, columns.language, columns.rate], rows },
  ];
}

function tellOutcomes(report: Report, words: ReportWords, language: ExamLanguage): Block {
  return {
    kind: 'table',
    head: [words.columns.family, ...outcomes.map((outcome) => words.outcomes[outcome])],
    rows: report.families.map((family) => [
      family.title[language],
      ...outcomes.map((outcome) => String(family.outcomes[outcome])),
    ]),
  };
}

function tellCost(report: Report, words: ReportWords, language: ExamLanguage): Block {
  const { columns } = words;
  const rows = [
    ...report.families.map((family) => ({ name: family.title[language], spend: family.spend })),
    { name: words.total, spend: report.spend },
  ];
  const hasMoney = report.spend.moneyPerSolved !== null;
  return {
    kind: 'table',
    head: [
      columns.family,
      columns.calls,
      columns.tokens,
      columns.seconds,
      columns.tokensPerSolved,
      ...(hasMoney
        ? [
            `${columns.moneyPerSolved} (${report.settings.prices?.currency ?? ''}, ${report.settings.prices?.date ?? ''})`,
          ]
        : []),
    ],
    rows: rows.map(({ name, spend }) => [
      name,
      String(spend.calls),
      `${spend.inputTokens}, ${spend.outputTokens}`,
      toNumberText(spend.answerSeconds),
      toCostText(spend.tokensPerSolved, words),
      ...(spend.moneyPerSolved === null ? [] : [toCostText(spend.moneyPerSolved, words)]),
    ]),
  };
}

function tellSamples(report: Report, words: ReportWords, language: ExamLanguage): Block[] {
  const { columns } = words;
  const rows = report.families.flatMap(({ title, samples }) =>
    samples === null
      ? []
      : [
          [
            title[language],
            `k = ${samples.k}`,
            toRateText(samples.rate, words),
            toRateText(samples.passAtK, words),
            toRateText(samples.passHatK, words),
          ],
        ],
  );
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', level: 2, text: words.headings.samples },
    { kind: 'table', head: [columns.family, 'k', columns.rate, columns.passAtK, columns.passHatK], rows },
  ];
}

function tellConditions(report: Report, words: ReportWords): Block {
  const { conditions: says } = words;
  const { settings, spend } = report;
  return {
    kind: 'table',
    head: [words.columns.name, words.columns.value],
    rows: [
      [says.model, report.subject.model],
      [says.url, report.subject.url],
      [says.started, report.startedAt],
      [says.settings, JSON.stringify(report.subject.settings)],
      [says.target, `${toPlainPercent(settings.target01)}, ${toPlainPercent(settings.alpha)}`],
      [says.rungs, `${settings.rungs.join(', ')}; ${settings.languages.join(', ')}`],
      ...(spend.taskCostWithErrors === null
        ? []
        : [[says.errorCost, toNumberText(spend.taskCostWithErrors)]]),
      [says.commitment, report.seed.commitment],
      [says.seed, report.seed.root],
    ],
  };
}
