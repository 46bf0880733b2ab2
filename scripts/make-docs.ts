/**
 * Writes the parts of the docs that are made from the source: the room diagram and table, and the
 * examples that the READMEs show. `--check` writes nothing and fails when a committed text differs.
 *
 * A made part stands between `<!-- made: NAME -->` and `<!-- end -->`; NAME is `rooms-diagram`,
 * `rooms-table`, or the path of a file in `examples/`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { closedRooms, rooms, type Room } from './rooms.ts';

type RoomTable = Readonly<Record<string, Room>>;

const documents = ['README.md', 'README.zh-CN.md', 'docs/architecture.md'];

/** The document with its made parts made anew. Throws on an unknown name and on a document without any such part. */
export function makeDocument(text: string, makePart: (name: string) => string): string {
  let partCount = 0;
  const made = text.replace(
    /(<!-- made: (\S+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      partCount++;
      return `${begin}\n${makePart(name).trimEnd()}\n\n${end}`;
    },
  );
  if (partCount === 0) throw new Error('no made part was found');
  if (partCount !== (text.match(/<!-- made: /g) ?? []).length) throw new Error('a made part has no end');
  return made;
}

/**
 * A mermaid diagram of the rooms, lowest at the bottom. An arrow means "may import"; arrows that a
 * longer way already implies are left out, and so are those of rooms that may import everything.
 */
export function drawRooms(table: RoomTable): string {
  const names = Object.keys(table).filter((name) => !table[name]?.mayImport.includes('*'));
  const arrowsOf = (name: string): readonly Arrow[] =>
    (table[name]?.mayImport ?? []).map((entry) => toArrow(entry, names)).filter((arrow) => arrow.to !== name);
  const reaches = (from: string, to: string): boolean =>
    arrowsOf(from).some((arrow) => arrow.to === to || reaches(arrow.to, to));
  const edges = names.flatMap((name) => {
    const arrows = arrowsOf(name);
    return arrows
      .filter(({ to }) => !arrows.some((other) => other.to !== to && reaches(other.to, to)))
      .map(({ to, part }) => `  ${nodeId(name)} -->${part === '' ? '' : `|${part}|`} ${nodeId(to)}`);
  });
  const nodes = names.map((name) => `  ${nodeId(name)}["${name}"]`);
  return ['```mermaid', 'flowchart TD', ...nodes, ...edges, '```'].join('\n');
}

/** The same as a table in Markdown, with all that each room may import. */
export function tabulateRooms(table: RoomTable, closed: readonly string[]): string {
  const rows = Object.entries(table).map(([name, room]) => {
    const imports = room.mayImport.includes('*')
      ? 'everything'
      : room.mayImport.map((entry) => `\`${entry}\``).join(', ');
    const packages =
      room.packages === undefined ? 'any' : room.packages.map((entry) => `\`${entry}\``).join(', ');
    const note = closed.includes(name) ? '; only tests may import it' : '';
    return `| \`${name}\` | ${room.purpose}${note} | ${imports === '' ? 'nothing' : imports} | ${packages} |`;
  });
  return ['| room | purpose | may import | packages |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function makePart(name: string): string {
  if (name === 'rooms-diagram') return drawRooms(rooms);
  if (name === 'rooms-table') return tabulateRooms(rooms, closedRooms);
  if (name.startsWith('examples/')) return quoteExample(readFileSync(name, 'utf8'), extname(name).slice(1));
  throw new Error(`unknown made part "${name}"`);
}

/** The file without its first comment, and a script's first line, which speak to the reader of the repository. */
function quoteExample(text: string, language: string): string {
  const lines = text.trimEnd().split('\n');
  if (lines[0]?.startsWith('#!')) lines.shift();
  if (/^(# |\/\*\*.*\*\/$)/.test(lines[0] ?? '')) lines.shift();
  return ['```' + language, ...lines, '```'].join('\n');
}

interface Arrow {
  readonly to: string;
  /** The part of that room which may be seen; empty for all of it. */
  readonly part: string;
}

/** An entry of `mayImport` leads to the drawn room that it names or lies in. */
function toArrow(entry: string, names: readonly string[]): Arrow {
  const to = names
    .filter((name) => entry === name || entry.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
  return { to: to ?? entry, part: to === undefined ? '' : entry.slice(to.length + 1) };
}

function nodeId(name: string): string {
  return name.replace(/\W/g, '_');
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check');
  for (const path of documents) {
    const before = readFileSync(path, 'utf8');
    const after = makeDocument(before, makePart);
    if (before === after) continue;
    if (isCheck) {
      console.error(`${path} differs from what the source says; run "npm run docs" and commit it`);
      process.exitCode = 1;
    } else writeFileSync(path, after);
  }
  console.log(`docs: ${documents.length} documents`);
}
