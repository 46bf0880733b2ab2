/**
 * The second half of `npm test`: the tests below `test/`, which start processes, open ports or load
 * weights. Each file has its own process, one at a time, the quick kinds first. Fails when no test ran
 * and when one left a process or a temporary file behind.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

/** Kinds in the order that they run; others follow by name. `node scripts/test.ts KIND …` runs some kinds only. */
const order = [
  'house',
  'contract',
  'engines',
  'grammar',
  'sandbox',
  'exams',
  'journeys',
  'clients',
  'store',
  'crash',
  'weights-download',
  'weights',
];

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { 'file-limit-ms': { type: 'string', default: '300000' } },
});
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
  .filter((path) => wanted.length === 0 || wanted.includes(kindOf(path)))
  .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  .map((path) => join('test', path));

const temporary = mkdtempSync(join(tmpdir(), 'gradus-tests-'));
// Postgres refuses to run as root; a test then runs it as another user, who must get to his folder.
chmodSync(temporary, 0o755);
process.env['TMPDIR'] = temporary;
// Tools that tests start would keep their compiled code in the temporary folder.
process.env['NODE_DISABLE_COMPILE_CACHE'] = '1';

const limitMs = Number(values['file-limit-ms']);
/** Node's own limit fails a test but leaves its process alone; this ends the process a second later. */
const endAtLimit = `data:text/javascript,setTimeout(() => {
  console.error('the file did not end within its limit');
  process.exit(1);
}, ${limitMs + 1000}).unref();`;

let testCount = 0;
const stream = run({ files, concurrency: 1, timeout: limitMs, execArgv: ['--import', endAtLimit] });
stream.on('test:pass', ({ details }) => {
  if (details.type !== 'suite') testCount++;
});
stream.on('test:fail', (event) => {
  if (event.todo === undefined || event.todo === false) process.exitCode = 1;
});
stream.on('end', () => {
  const faults = [
    ...(testCount === 0 ? ['no test ran'] : []),
    ...readdirSync(temporary).map((name) => `a test left the temporary file ${name}`),
    ...endLeftProcesses().map((command) => `a test left a process running: ${command}`),
  ];
  rmSync(temporary, { recursive: true, force: true });
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
});
stream.compose(spec).pipe(process.stdout);

function kindOf(path: string): string {
  return path.split(/[\\/]/)[0] ?? path;
}

function rank(path: string): number {
  const index = order.indexOf(kindOf(path));
  return index === -1 ? order.length : index;
}

/** Processes that carry the TMPDIR of this run in their environment and still run. Linux only; elsewhere none is found. */
function endLeftProcesses(): readonly string[] {
  const commands: string[] = [];
  for (const pid of listProcessIds()) {
    if (pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`TMPDIR=${temporary}`)) continue;
      commands.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile, or belongs to someone else: not ours to judge.
    }
  }
  return commands;
}

function listProcessIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
}
