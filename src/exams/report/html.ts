/** Writes a report as one HTML file: no script, no request to anywhere, readable in light and dark. */
import type { ExamLanguage } from '../family.ts';
import { toDocument, type Block } from './document.ts';
import { escapeMarkup } from './plots.ts';
import type { Report } from './report.ts';

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fdfdfb; --line: #d7d9dc; --mark: #2f6f4f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e3; --paper: #16181b; --line: #3a3e44; --mark: #7cc4a0; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
.wide { overflow-x: auto; }
th, td { text-align: left; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { font-size: 0.85rem; opacity: 0.8; } svg { width: 100%; height: auto; }
`;

export function toHtml(report: Report, language: ExamLanguage): string {
  const blocks = toDocument(report, language);
  const [title] = blocks;
  const name = title?.kind === 'heading' ? title.text : '';
  // The policy makes "no request" a fact that the browser holds to, not a promise.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  return `<!doctype html>
<html lang="${language === 'en' ? 'en' : 'zh-CN'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeMarkup(name)}</title>
<style>${style}</style>
</head>
<body>
<main>
${blocks.map(writeBlock).join('\n')}
</main>
</body>
</html>
`;
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeMarkup(block.text)}</h${block.level}>`;
    case 'paragraph':
      return block.isStrong === true
        ? `<p><strong>${escapeMarkup(block.text)}</strong></p>`
        : `<p>${escapeMarkup(block.text)}</p>`;
    case 'list':
      return `<ul>${block.entries.map((entry) => `<li>${escapeMarkup(entry)}</li>`).join('')}</ul>`;
    case 'table': {
      const cells = (tag: string, row: readonly string[]): string =>
        `<tr>${row.map((cell) => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join('')}</tr>`;
      const body = block.rows.map((row) => cells('td', row)).join('\n');
      return `<div class="wide"><table>\n<thead>${cells('th', block.head)}</thead>\n<tbody>\n${body}\n</tbody></table></div>`;
    }
    case 'figure':
      return `<figure>${block.svg}<figcaption>${escapeMarkup(block.caption)}</figcaption></figure>`;
  }
}
