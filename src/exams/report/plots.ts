/** The report's pictures as SVG text: rate by rung, outcomes, cost against success. */
import type { ExamLanguage } from '../family.ts';
import { outcomes } from '../subject.ts';
import { toIntervalText, toPercent } from './number-format.ts';
import type { Report } from './report.ts';
import { reportWords } from './words.ts';

const colours = ['#2f6f4f', '#c58b1b', '#9aa0a6', '#7b4fa3', '#b3382c', '#33658a'];

export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Small multiples: one panel a family, one whisker a rung. */
export function plotRungs(report: Report, language: ExamLanguage): string {
  const columns = 3;
  const [width, height] = [300, 170];
  const panels = report.families.map((family, index) => {
    const left = (index % columns) * width;
    const top = Math.floor(index / columns) * height;
    const y = (value: number): number => top + 30 + (1 - value) * 105;
    const x = (rung: number): number => left + 40 + ((rung + 0.5) / family.byRung.length) * (width - 60);
    const marks = family.byRung.map(({ rung, rate }, position) => {
      const [low, high] = rate.interval;
      if (rate.rate === null) return text(x(position), y(0) + 16, String(rung), 'middle');
      const title = `${rung}: ${toPercent(rate.rate)} [${toIntervalText(rate.interval)}], n = ${rate.n}`;
      return `<g><title>${escapeMarkup(title)}</title>${line(x(position), y(low), x(position), y(high), 2)}<circle cx="${fixed(x(position))}" cy="${fixed(y(rate.rate))}" r="4" fill="${colours[0]}"/></g>${text(x(position), y(0) + 16, String(rung), 'middle')}`;
    });
    const target = `<line x1="${left + 40}" x2="${left + width - 20}" y1="${fixed(y(report.settings.target01))}" y2="${fixed(y(report.settings.target01))}" stroke="currentColor" stroke-dasharray="4 3" opacity="0.6"/>`;
    const axis =
      line(left + 40, y(0), left + width - 20, y(0), 1) + line(left + 40, y(0), left + 40, y(1), 1);
    const labels = text(left + 34, y(1) + 4, '100%', 'end') + text(left + 34, y(0) + 4, '0%', 'end');
    return `<g>${text(left + 40, top + 18, family.title[language], 'start')}${axis}${labels}${target}${marks.join('')}</g>`;
  });
  return svg(columns * width, Math.ceil(report.families.length / columns) * height, panels.join(''));
}

/** One bar a family, one colour an outcome. */
export function plotOutcomes(report: Report, language: ExamLanguage): string {
  const words = reportWords[language];
  const rowHeight = 24;
  const bars = report.families.map((family, row) => {
    const total = outcomes.reduce((sum, outcome) => sum + family.outcomes[outcome], 0);
    let left = 240;
    const parts = outcomes.map((outcome, index) => {
      const size = total === 0 ? 0 : (family.outcomes[outcome] / total) * 620;
      const title = `${words.outcomes[outcome]}: ${family.outcomes[outcome]} / ${total}`;
      const bar = `<rect x="${fixed(left)}" y="${row * rowHeight + 4}" width="${fixed(size)}" height="16" fill="${colours[index]}"><title>${escapeMarkup(title)}</title></rect>`;
      left += size;
      return bar;
    });
    return text(230, row * rowHeight + 17, family.title[language], 'end') + parts.join('');
  });
  const bottom = report.families.length * rowHeight + 22;
  const legend = outcomes.map((outcome, index) => {
    const x = 20 + index * 148;
    return `<rect x="${x}" y="${bottom - 10}" width="12" height="12" fill="${colours[index]}"/>${text(x + 17, bottom, words.outcomes[outcome], 'start', 10)}`;
  });
  return svg(900, bottom + 14, bars.join('') + legend.join(''));
}

/** Each family as a point with its interval: right and low is good and cheap. */
export function plotCost(report: Report, language: ExamLanguage): string {
  const words = reportWords[language];
  const points = report.families.flatMap((family) => {
    const tokens = (family.spend.inputTokens + family.spend.outputTokens) / Math.max(1, family.spend.calls);
    return family.rate.rate === null || tokens === 0 ? [] : [{ family, tokens, rate: family.rate.rate }];
  });
  const logs = points.map(({ tokens }) => Math.log10(tokens));
  const low = Math.floor(Math.min(...logs, 4));
  const high = Math.ceil(Math.max(low + 1, ...logs));
  const x = (tokens: number): number => 60 + ((Math.log10(tokens) - low) / (high - low)) * 620;
  const y = (value: number): number => 20 + (1 - value) * 260;
  const ticks = Array.from({ length: high - low }, (_, i) => [1, 2, 5].map((step) => step * 10 ** (low + i)))
    .flat()
    .concat(10 ** high)
    .map((value) => line(x(value), 280, x(value), 285, 1) + text(x(value), 298, String(value), 'middle'));
  const marks = points.map(({ family, tokens, rate }, index) => {
    const [from, to] = family.rate.interval;
    const title = `${family.title[language]}: ${Math.round(tokens)}, ${toPercent(rate)} [${toIntervalText(family.rate.interval)}]`;
    return `<g><title>${escapeMarkup(title)}</title>${line(x(tokens), y(from), x(tokens), y(to), 1)}<circle cx="${fixed(x(tokens))}" cy="${fixed(y(rate))}" r="5" fill="${colours[family.level === 1 ? 5 : 0]}"/></g>${text(x(tokens) + 7, y(rate) - 5, String(index + 1), 'start')}${text(700, 24 + index * 15, `${index + 1} ${family.title[language]}`, 'start', 11)}`;
  });
  const axes = line(60, 280, 680, 280, 1) + line(60, 20, 60, 280, 1);
  const labels =
    text(54, 24, '100%', 'end') +
    text(54, 284, '0%', 'end') +
    text(370, 316, words.figures.costAxis, 'middle');
  return svg(900, Math.max(326, 40 + points.length * 15), axes + labels + ticks.join('') + marks.join(''));
}

function svg(width: number, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif">${body}</svg>`;
}

function line(x1: number, y1: number, x2: number, y2: number, width: number): string {
  return `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" stroke="currentColor" stroke-width="${width}"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" font-size="${size}" fill="currentColor">${escapeMarkup(content)}</text>`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
