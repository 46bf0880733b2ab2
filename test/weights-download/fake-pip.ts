/**
 * Stands in for pip: serves wheels that a test prepared, in the manner that the test asks for. Run as
 * `node fake-pip.ts download … --dest FOLDER NAME==VERSION`; its instructions are in FAKE_PIP (JSON).
 */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FakePipOrders {
  /** Holds `NAME-VERSION.whl`. */
  readonly wheels: string;
  /** Each call adds a line with its arguments. */
  readonly log: string;
  /** What happens, by package; `ok` for those not named. */
  readonly moods?: Readonly<Record<string, FakePipMood>>;
  /** Every download takes so long, its file growing meanwhile. */
  readonly takesMs?: number;
}

export type FakePipMood = 'ok' | 'refuses' | 'times out' | 'no network' | 'stalls' | 'disk full';

const orders = JSON.parse(process.env['FAKE_PIP'] ?? '{}') as FakePipOrders;
const args = process.argv.slice(2);
if (args[0] === '--version') {
  console.log('pip 99.0 from /nowhere (python 3.99)');
} else {
  appendFileSync(orders.log, `${args.join(' ')}\n`);
  const destination = args[args.indexOf('--dest') + 1] ?? '';
  const [name = '', version = ''] = (args.at(-1) ?? '').split('==');
  await act(orders.moods?.[name] ?? 'ok', { name, version, destination });
}

async function act(
  mood: FakePipMood,
  wheel: { readonly name: string; readonly version: string; readonly destination: string },
): Promise<void> {
  const { name, version, destination } = wheel;
  switch (mood) {
    case 'ok': {
      const source = join(orders.wheels, `${name}-${version}.whl`);
      if (!existsSync(source)) return fail(`ERROR: No matching distribution found for ${name}==${version}`);
      await download(source, join(destination, `${name}-${version}-py3-none-any.whl`));
      return;
    }
    case 'refuses':
      return fail(
        'Looking in indexes: http://user:secret@index.test/simple',
        `ERROR: Could not find a version that satisfies the requirement ${name}==${version} (from versions: 1.0) at http://user:secret@index.test/`,
        `ERROR: No matching distribution found for ${name}==${version}`,
      );
    case 'times out':
      return fail(
        'WARNING: Retrying (Retry(total=0)) after connection broken by \'ReadTimeoutError("Read timed out.")\'',
        `ERROR: No matching distribution found for ${name}==${version}`,
      );
    case 'no network':
      return fail(
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip.HTTPConnection object at 0x7fd6>: Failed to establish a new connection: [Errno 111] Connection refused')'",
        `ERROR: No matching distribution found for ${name}==${version}`,
      );
    case 'disk full':
      return fail('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device');
    case 'stalls':
      await sleep(60_000);
  }
}

/** As pip does: first into the temporary folder, growing, then to its place. */
async function download(source: string, target: string): Promise<void> {
  const { takesMs = 0 } = orders;
  if (takesMs > 0) {
    const bytes = readFileSync(source);
    const unpack = join(process.env['TMPDIR'] ?? '', 'pip-unpack-test');
    mkdirSync(unpack, { recursive: true });
    for (let step = 1; step <= 10; step++) {
      await sleep(takesMs / 10);
      writeFileSync(join(unpack, 'x.whl'), bytes.subarray(0, (bytes.length * step) / 10));
    }
  }
  copyFileSync(source, target);
}

function fail(...lines: readonly string[]): void {
  console.error(lines.join('\n'));
  process.exitCode = 1;
}
