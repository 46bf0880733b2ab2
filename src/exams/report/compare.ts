/** Two reports on the same items: the difference, its interval, and what a comparison of this size can miss. */
import { GradusError } from '../../kernel/errors.ts';
import type { ExamLanguage } from '../family.ts';
import { adjustHolm } from '../statistics/many-claims.ts';
import {
  mcnemarExact,
  minimumDetectableDifference,
  pairedSequence,
  tangoInterval,
} from '../statistics/paired.ts';
import type { Interval } from '../statistics/rate.ts';
import { toPercent } from './number-format.ts';
import type { ItemReport, Report } from './report.ts';

export interface Comparison {
  readonly a: { readonly model: string; readonly successes: number };
  readonly b: { readonly model: string; readonly successes: number };
  readonly n: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Rate of A minus rate of B. */
  readonly difference: number;
  readonly interval: Interval;
  /** `tango` when both sizes were fixed before, `betting-sequence` when one may have been stopped early. */
  readonly method: 'tango' | 'betting-sequence';
  /** McNemar's exact test; for families adjusted by Holm. Valid as it stands for sizes fixed before. */
  readonly pValue: number;
  /** The smallest true difference found with 80% chance at this size. */
  readonly minimumDetectable: number;
}

export interface ComparisonReport {
  readonly format: 'gradus-exam-comparison';
  readonly all: Comparison;
  readonly families: readonly (Comparison & { readonly family: string })[];
}

/** Pairs the items that both reports have. Throws `conflict` when the exams were not on the same seeds. */
export function compareReports(a: Report, b: Report): ComparisonReport {
  if (
    a.seed.root !== b.seed.root ||
    JSON.stringify(a.seed.generators) !== JSON.stringify(b.seed.generators)
  ) {
    throw new GradusError('conflict', {
      message:
        'The two exams asked different items; run the second one with --seed and the families of the first.',
    });
  }
  return comparePairs(a, b, (item) => item.id);
}

export interface ContaminationReport extends ComparisonReport {
  /** Whether frozen items are solved more often than fresh ones beyond chance. */
  readonly isSuspicious: boolean;
}

/** The public root seed of frozen items, which anybody may have trained on. */
export const frozenSeed = 'gradus-frozen-items-1';

/**
 * Frozen against fresh items of the same families, rungs and languages (give both exams one `scheduleSeed`).
 * The difference is frozen minus fresh: clearly above 0 means that items were remembered.
 */
export function compareForContamination(frozen: Report, fresh: Report): ContaminationReport {
  const { scheduleSeed } = frozen.settings;
  if (
    frozen.seed.root !== frozenSeed ||
    scheduleSeed === null ||
    scheduleSeed !== fresh.settings.scheduleSeed
  ) {
    throw new GradusError('conflict', {
      message: `The first exam must use the root seed "${frozenSeed}", and both the same schedule seed.`,
    });
  }
  const report = comparePairs(
    frozen,
    fresh,
    (item) => `${item.family}/${item.language}/${item.rung}/${item.index}`,
  );
  return { ...report, isSuspicious: report.all.interval[0] > 0 };
}

function comparePairs(a: Report, b: Report, keyOf: (item: ItemReport) => string): ComparisonReport {
  const other = new Map(b.items.map((item) => [keyOf(item), item]));
  const pairs = a.items.flatMap((item) => {
    const twin = other.get(keyOf(item));
    return twin === undefined ? [] : [{ family: item.family, a: isRight(item), b: isRight(twin) }];
  });
  if (pairs.length === 0) throw new GradusError('conflict', { message: 'The two reports share no item.' });
  const isFixed = a.settings.fixedItems !== null && b.settings.fixedItems !== null;
  const compare = (list: readonly Pair[]): Comparison => comparePart(list, { a, b, isFixed });
  const names = [...new Set(pairs.map(({ family }) => family))];
  const parts = names.map((name) => ({
    family: name,
    ...compare(pairs.filter(({ family }) => family === name)),
  }));
  const adjusted = adjustHolm(parts.map(({ pValue }) => pValue));
  return {
    format: 'gradus-exam-comparison',
    all: compare(pairs),
    families: parts.map((part, index) => ({ ...part, pValue: adjusted[index] ?? 1 })),
  };
}

interface Pair {
  readonly a: boolean;
  readonly b: boolean;
}

function comparePart(pairs: readonly Pair[], about: { a: Report; b: Report; isFixed: boolean }): Comparison {
  const n = pairs.length;
  const onlyA = pairs.filter((pair) => pair.a && !pair.b).length;
  const onlyB = pairs.filter((pair) => pair.b && !pair.a).length;
  const count = { n, onlyA, onlyB };
  const alpha = about.a.settings.alpha;
  const differences = pairs.map((pair) => (pair.a === pair.b ? 0 : pair.a ? 1 : -1));
  return {
    a: { model: about.a.subject.model, successes: pairs.filter((pair) => pair.a).length },
    b: { model: about.b.subject.model, successes: pairs.filter((pair) => pair.b).length },
    ...count,
    difference: (onlyA - onlyB) / n,
    interval: about.isFixed ? tangoInterval(count, alpha) : pairedSequence(differences, alpha),
    method: about.isFixed ? 'tango' : 'betting-sequence',
    pValue: mcnemarExact(count),
    minimumDetectable: minimumDetectableDifference(count, alpha),
  };
}

function isRight(item: ItemReport): boolean {
  return item.samples[0]?.correct === true;
}

/** The comparison as a Markdown table in plain words. */
export function toComparisonMarkdown(report: ComparisonReport, language: ExamLanguage): string {
  const isEnglish = language === 'en';
  const head = isEnglish
    ? [
        'Family',
        'A right',
        'B right',
        'Only A',
        'Only B',
        'A minus B',
        'Smallest difference it could see',
        'p',
      ]
    : ['题类', 'A 正确', 'B 正确', '仅 A 正确', '仅 B 正确', 'A 减 B', '能看出的最小差异', 'p'];
  const row = (name: string, part: Comparison): string[] => [
    name,
    `${part.a.successes} / ${part.n}`,
    `${part.b.successes} / ${part.n}`,
    String(part.onlyA),
    String(part.onlyB),
    `${toPoints(part.difference)} [${toPoints(part.interval[0])} – ${toPoints(part.interval[1])}]`,
    toPercent(part.minimumDetectable),
    part.pValue < 0.001 ? '< 0.001' : part.pValue.toFixed(3),
  ];
  const rows = [
    ...report.families.map((part) => row(part.family, part)),
    row(isEnglish ? 'all' : '合计', report.all),
  ];
  const write = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const names = `A: ${report.all.a.model}, B: ${report.all.b.model}`;
  return `${names}\n\n${[write(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(write)].join('\n')}\n`;
}

function toPoints(value: number): string {
  return `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)}`;
}
