/** `npm run bench`: every program of `bench/` in turn, or those that are named; alone on the machine, since they measure it. */
import { spawnSync } from 'node:child_process';

const programs = ['engine', 'gateway'];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !programs.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${programs.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of wanted.length > 0 ? wanted : programs) {
    console.log(`# ${name}`);
    const { status } = spawnSync(process.execPath, [`bench/${name}.ts`], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
