/** What this machine has: the only reader of cores, memory and container limits. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Cores that this process may use: its affinity and, on Linux, the quota of its control group. */
export function readCores(): number {
  const quota = readCpuQuota();
  return Math.max(1, Math.min(os.availableParallelism(), quota ?? Infinity));
}

/** Memory that could be taken now without swapping, within the control group's limit. */
export function readAvailableMemoryBytes(): number {
  const free = readMemInfo('MemAvailable') ?? os.freemem();
  const limit = readNumber('/sys/fs/cgroup/memory.max');
  const used = readNumber('/sys/fs/cgroup/memory.current');
  return limit === undefined ? free : Math.max(0, Math.min(free, limit - (used ?? 0)));
}

export function readTotalMemoryBytes(): number {
  return Math.min(os.totalmem(), readNumber('/sys/fs/cgroup/memory.max') ?? Infinity);
}

function readCpuQuota(): number | undefined {
  const [quota, period] = (readText('/sys/fs/cgroup/cpu.max') ?? '').trim().split(' ');
  if (quota === undefined || quota === '' || quota === 'max') return undefined;
  return Math.max(1, Math.floor(Number(quota) / Number(period ?? 100_000)));
}

function readMemInfo(name: string): number | undefined {
  const match = new RegExp(String.raw`^${name}:\s+(\d+) kB`, 'm').exec(readText('/proc/meminfo') ?? '');
  return match?.[1] === undefined ? undefined : Number(match[1]) * 1024;
}

function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such file on this system: the caller has another way to know.
    return undefined;
  }
}
