/**
 * Holds the direction between rooms: every module that a file below `src/` names, in code or in types,
 * must be allowed by the table in rooms.ts. Run as a program it prints the faults and exits 1.
 *
 * Rules for product files:
 * - a file is in the room with the longest matching path prefix; a file in no room is a fault;
 * - a room may import itself, and whatever starts with an entry of its `mayImport`;
 * - rooms in `closedRooms` are imported by tests only, test files by test files only;
 * - packages must be in `dependencies` or `optionalDependencies`, and in the room's `packages` if it has such a list;
 * - relative imports end in `.ts` (or `.tsx`, `.json`), stay below `src/` and name a file that exists;
 * - a computed import is allowed in `app` only: a direction that cannot be read cannot be held.
 *
 * Test files (`.test.ts`, `.test-d.ts`, `.contract.ts`) may also import: `testing`; any package of
 * package.json; and where their room may import the contract of another room (`engines/engine.ts`), the
 * concrete parts behind it too (`engines/…`). So levels' tests still cannot see exams.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix, join } from 'node:path';
import { readModuleReferences, type ModuleReference } from './module-references.ts';
import { closedRooms, rooms, type Room } from './rooms.ts';

export interface RoomTable {
  readonly rooms: Readonly<Record<string, Room>>;
  readonly closedRooms: readonly string[];
}

export interface PackageLists {
  readonly product: readonly string[];
  readonly development: readonly string[];
}

export interface RoomReport {
  readonly fileCount: number;
  readonly referenceCount: number;
  /** One line a fault: `src/FILE:LINE: what is wrong`. */
  readonly faults: readonly string[];
}

/** Folders in folders in folders: deeper than this nobody finds anything. */
const maxDepth = 5;

/** Checks all files below `sourceFolder` against the table. */
export function checkRooms(sourceFolder: string, table: RoomTable, packages: PackageLists): RoomReport {
  const files = listFiles(sourceFolder);
  const existing = new Set(files);
  const faults: string[] = [];
  let referenceCount = 0;

  for (const file of files) {
    const room = roomOf(file, table);
    if (room === undefined) faults.push(`src/${file}: is in no room; add the room to scripts/rooms.ts`);
    if (file.split('/').length > maxDepth) faults.push(`src/${file}: lies deeper than ${maxDepth} levels`);
    if (!/\.tsx?$/.test(file)) continue;
    const { references, syntaxErrors } = readModuleReferences(
      file,
      readFileSync(join(sourceFolder, file), 'utf8'),
    );
    referenceCount += references.length;
    for (const error of syntaxErrors) faults.push(`src/${file}: cannot be read: ${error}`);
    if (room === undefined) continue;
    for (const reference of references) {
      const fault = findFault({ file, room, reference, existing, table, packages });
      if (fault !== undefined) faults.push(`src/${file}:${reference.line}: ${fault}`);
    }
  }

  if (files.length === 0) faults.push(`${sourceFolder}: no file was read, so nothing was checked`);
  for (const [name, room] of Object.entries(table.rooms)) {
    for (const entry of room.mayImport) {
      if (entry !== '*' && roomOf(entry, table) === undefined) {
        faults.push(`scripts/rooms.ts: ${name} may import ${entry}, which is in no room`);
      }
    }
  }
  return { fileCount: files.length, referenceCount, faults };
}

/**
 * The key of the room that a path below `src/` is in: the longest prefix in whole path segments. The test
 * of a file that is a room by itself is in that room.
 */
export function roomOf(path: string, table: RoomTable): string | undefined {
  const subject = path.replace(/\.(test|test-d|contract)(\.tsx?)$/, '$2');
  return Object.keys(table.rooms)
    .filter((prefix) => isWithin(path, prefix) || isWithin(subject, prefix))
    .sort((a, b) => b.length - a.length)[0];
}

interface Situation {
  readonly file: string;
  readonly room: string;
  readonly reference: ModuleReference;
  readonly existing: ReadonlySet<string>;
  readonly table: RoomTable;
  readonly packages: PackageLists;
}

function findFault(situation: Situation): string | undefined {
  const { file, reference, room } = situation;
  const { specifier } = reference;
  if (specifier === undefined) {
    return room === 'app' || isTest(file) ? undefined : 'computed import; name the module in the text';
  }
  if (isBuiltin(specifier)) {
    return specifier.startsWith('node:') ? undefined : `write Node's own module as "node:${specifier}"`;
  }
  if (specifier.startsWith('.')) return findRelativeFault(situation, specifier);
  return findPackageFault(situation, specifier);
}

function findRelativeFault(
  { file, room, existing, table }: Situation,
  specifier: string,
): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith('../')) return `"${specifier}" leaves src/`;
  if (!/\.(tsx?|json)$/.test(target)) return `"${specifier}" must name the file with its ending`;
  if (!existing.has(target)) return `"${specifier}" names no file`;
  const targetRoom = roomOf(target, table);
  if (targetRoom === undefined) return `"${specifier}" is in no room`;
  if (isTest(target) && !isTest(file))
    return `"${specifier}" belongs to tests; product files may not import it`;
  if (targetRoom === room) return undefined;
  if (table.closedRooms.includes(targetRoom) && !isTest(file)) {
    return `nobody but tests may import ${targetRoom}`;
  }
  if (isTest(file) && targetRoom === 'testing') return undefined;
  const allowed = allowedPrefixes(room, table, isTest(file));
  if (allowed.some((prefix) => prefix === '*' || isWithin(target, prefix))) return undefined;
  return `${room} may not import ${target} (room ${targetRoom})`;
}

/** Tests may look behind the contracts that their room may import, but not sideways within their own storey. */
function allowedPrefixes(room: string, table: RoomTable, forTest: boolean): readonly string[] {
  const { mayImport } = table.rooms[room] ?? { mayImport: [] };
  if (!forTest) return mayImport;
  const ownStorey = room.split('/')[0];
  return mayImport.map((entry) => {
    const storey = entry.split('/')[0] ?? entry;
    return storey === ownStorey ? entry : storey;
  });
}

function findPackageFault({ file, room, table, packages }: Situation, specifier: string): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (packages.product.includes(name)) {
    const allowed = table.rooms[room]?.packages;
    if (allowed === undefined || allowed.includes(name) || isTest(file)) return undefined;
    return `${room} may not import the package ${name}`;
  }
  if (!packages.development.includes(name)) return `the package ${name} is not in package.json`;
  return isTest(file) || room === 'testing'
    ? undefined
    : `the package ${name} is a development dependency; product files may not import it`;
}

function isTest(file: string): boolean {
  return /\.(test|test-d|contract)\.tsx?$/.test(file);
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function listFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      posix.join(
        ...join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .split(/[\\/]/),
      ),
    )
    .sort();
}

if (import.meta.main) {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
  const names = (...fields: readonly string[]): string[] =>
    fields.flatMap((field) => Object.keys(manifest[field] ?? {}));
  const report = checkRooms(
    'src',
    { rooms, closedRooms },
    {
      product: names('dependencies', 'optionalDependencies'),
      development: names('devDependencies'),
    },
  );
  for (const fault of report.faults) console.error(fault);
  console.log(
    `rooms: ${report.fileCount} files, ${report.referenceCount} imports, ${report.faults.length} faults`,
  );
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}
