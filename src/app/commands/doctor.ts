/** `gradus doctor`: what this machine has, what Gradus would do with it and why, in plain words. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import process from 'node:process';
import { candidatePackages, findInstalledPackages } from '../../engines/llama/native/packages.ts';
import { findPip } from '../../engines/weights/pip.ts';
import { readAvailableMemoryBytes, readCores, readTotalMemoryBytes } from '../machine.ts';
import { ModelShelf } from '../model-shelf.ts';
import type { Settings } from '../settings.ts';
import { formatBytes } from '../terminal.ts';
import { version } from '../version.ts';

interface Finding {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent when nothing is wrong. */
  readonly advice?: string;
}

/** Exit code 1 when something keeps Gradus from answering. */
export async function runDoctor(
  settings: Settings,
  flags: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  const shelf = await ModelShelf.open(settings);
  const installed = findInstalledPackages(process.platform, process.arch).map((found) => found.packageName);
  const disk = await statfs(settings.home);
  const pip = await findPip({ environment: settings.environment, signal });
  const choice = await shelf.chooseDefault(signal);
  const possible = candidatePackages(process.platform, process.arch).filter(
    (name) => !installed.includes(name),
  );
  const findings: Finding[] = [
    { name: 'gradus', value: `${version} on Node ${process.versions.node}` },
    { name: 'home', value: settings.home },
    { name: 'cores', value: `${readCores()}` },
    {
      name: 'memory',
      value: `${formatBytes(readAvailableMemoryBytes())} free of ${formatBytes(readTotalMemoryBytes())}`,
    },
    { name: 'disk', value: `${formatBytes(disk.bavail * disk.bsize)} free` },
    {
      name: 'engine',
      value: installed.length === 0 ? 'no llama.cpp libraries for this platform' : installed.join(', '),
      ...(installed.length === 0 ? { advice: `npm install ${possible.join(' | ')}` } : {}),
    },
    {
      name: 'gpu',
      value: describeGpu(),
      ...(possible.length === 0 ? {} : { advice: `to use a GPU: npm install ${possible[0] ?? ''}@3.22.1` }),
    },
    {
      name: 'pip',
      value: pip.kind === 'found' ? pip.command.join(' ') : 'not found',
      ...(pip.kind === 'found'
        ? {}
        : { advice: 'install Python 3 with pip: it is one of the sources of models' }),
    },
    { name: 'models here', value: shelf.installed.map((model) => model.id).join(', ') || 'none yet' },
    {
      name: 'endpoints',
      value: settings.config.endpoints.map((endpoint) => endpoint.name).join(', ') || 'none',
    },
    {
      name: 'default model',
      value: choice.chosen?.id ?? 'none',
      ...(choice.chosen === undefined
        ? { advice: 'set GRADUS_MODEL to a GGUF file, or add an endpoint' }
        : {}),
    },
  ];
  const isWell = choice.chosen !== undefined && installed.length > 0;
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ findings, verdicts: choice.verdicts }, undefined, 2)}\n`);
  } else {
    for (const { name, value, advice } of findings) {
      process.stdout.write(
        `${name.padEnd(14)} ${value}${advice === undefined ? '' : `\n${' '.repeat(15)}→ ${advice}`}\n`,
      );
    }
    process.stdout.write('\nWhy this model:\n');
    if (settings.model !== undefined) process.stdout.write(`  ${settings.model}: you named it\n`);
    for (const verdict of choice.verdicts) process.stdout.write(`  ${verdict.id}: ${verdict.reason}\n`);
  }
  if (!isWell) process.exitCode = 1;
}

/** What the driver's files tell; the libraries themselves say more when a model is loaded. */
function describeGpu(): string {
  const found: string[] = [];
  if (existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidia0')) found.push('NVIDIA driver');
  if (existsSync('/dev/dri/renderD128')) found.push('/dev/dri (Vulkan may work)');
  if (process.platform === 'darwin' && process.arch === 'arm64') found.push('Metal');
  return found.length === 0 ? 'none found' : found.join(', ');
}
