/** Writes a report as Markdown. Figures are left out: the tables beside them hold the same numbers. */
import type { ExamLanguage } from '../family.ts';
import { toDocument, type Block } from './document.ts';
import type { Report } from './report.ts';

export function toMarkdown(report: Report, language: ExamLanguage): string {
  return `${toDocument(report, language)
    .map(writeBlock)
    .filter((text) => text !== '')
    .join('\n\n')}\n`;
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escape(block.text)}`;
    case 'paragraph':
      return block.isStrong === true ? `**${escape(block.text)}**` : escape(block.text);
    case 'list':
      return block.entries.map((entry) => `- ${escape(entry)}`).join('\n');
    case 'table': {
      const row = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
      return [row(block.head), `|${block.head.map(() => '---').join('|')}|`, ...block.rows.map(row)].join(
        '\n',
      );
    }
    case 'figure':
      return '';
  }
}

/** A model's name or an address is text, not markup. */
function escape(text: string): string {
  return text.replaceAll(/[\\|`*_<>[\]#]/gu, '\\$&').replaceAll(/\s*\n\s*/gu, ' ');
}
