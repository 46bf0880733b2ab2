/** `gradus models …`: what can be had, what is here, what it is and where it comes from. */
import process from 'node:process';
import { findInstalled, removeInstalled } from '../../engines/weights/local.ts';
import { readGguf } from '../../engines/weights/gguf.ts';
import { estimateMemory, estimateTokensPerSecond } from '../../engines/weights/fit.ts';
import { toSourceName } from '../../engines/weights/pull.ts';
import type { CatalogEntry } from '../../engines/weights/catalog-schema.ts';
import { readAvailableMemoryBytes, readCores } from '../machine.ts';
import { ModelShelf } from '../model-shelf.ts';
import type { Settings } from '../settings.ts';
import { formatBytes, formatTable } from '../terminal.ts';
import { pullWithProgress } from './ensure-model.ts';

export async function listModels(settings: Settings, flags: { readonly json: boolean }): Promise<void> {
  const shelf = await ModelShelf.open(settings);
  const here = new Set(shelf.installed.map((model) => model.id));
  const rows = shelf.catalog.entries.map((entry) => ({
    entry,
    isHere: here.has(entry.id),
    ...estimate(entry, settings),
  }));
  if (flags.json) {
    const data = rows.map(({ entry, isHere, neededBytes, tokensPerSecond }) => ({
      id: entry.id,
      installed: isHere,
      parameters: entry.parameters,
      sizeBytes: entry.sizeBytes,
      contextTokens: entry.contextTokens,
      licence: entry.licence,
      goodAt: entry.goodAt,
      estimatedMemoryBytes: neededBytes,
      estimatedTokensPerSecond: tokensPerSecond,
    }));
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  const table = formatTable(
    ['model', 'here', 'file', 'memory', 'speed here', 'licence', 'good at'],
    rows.map(({ entry, isHere, neededBytes, tokensPerSecond }) => [
      entry.id,
      isHere ? 'yes' : '',
      entry.sizeBytes === undefined ? '?' : formatBytes(entry.sizeBytes),
      neededBytes === undefined ? '?' : formatBytes(neededBytes),
      tokensPerSecond === undefined ? '?' : `~${Math.round(tokensPerSecond)} tokens/s`,
      entry.licence ?? '?',
      entry.goodAt ?? '',
    ]),
  );
  process.stdout.write(`${table}\n`);
}

export async function pullModel(
  settings: Settings,
  id: string,
  flags: { readonly from?: string },
  signal: AbortSignal,
): Promise<void> {
  const shelf = await ModelShelf.open(settings);
  const entry = shelf.catalog.require(id);
  await pullWithProgress(shelf, entry, {
    signal,
    ...(flags.from === undefined ? {} : { fromFile: flags.from }),
  });
  const installed = await findInstalled(settings.modelsFolder, entry);
  process.stdout.write(`${installed?.path ?? entry.id}\n`);
}

export async function removeModel(settings: Settings, id: string): Promise<void> {
  const shelf = await ModelShelf.open(settings);
  const removed = await removeInstalled(settings.modelsFolder, shelf.catalog.require(id));
  process.stdout.write(removed ? `Removed ${id}.\n` : `${id} was not here.\n`);
}

export async function showModel(
  settings: Settings,
  id: string,
  flags: { readonly json: boolean },
): Promise<void> {
  const shelf = await ModelShelf.open(settings);
  const entry = shelf.catalog.require(id);
  const installed = await findInstalled(settings.modelsFolder, entry);
  const file = installed === undefined ? undefined : await readGguf(installed.path);
  const facts = {
    id: entry.id,
    name: entry.displayName,
    goodAt: entry.goodAt,
    parameters: entry.parameters,
    licence: entry.licence,
    contextTokens: entry.contextTokens,
    sizeBytes: entry.sizeBytes,
    sha256: entry.sha256 ?? installed?.record?.sha256,
    sources: entry.sources.map((source) => toSourceName(source, { hubUrl: settings.hubUrl })),
    installed:
      installed === undefined
        ? undefined
        : { path: installed.path, state: installed.state, source: installed.record?.source },
    architecture: file?.architecture,
    quantization: file?.quantization,
    ...estimate(entry, settings),
  };
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(facts, undefined, 2)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    process.stdout.write(`${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}\n`);
  }
}

function estimate(
  entry: CatalogEntry,
  settings: Settings,
): { readonly neededBytes: number | undefined; readonly tokensPerSecond: number | undefined } {
  const machine = { memoryBytes: readAvailableMemoryBytes(), cores: readCores() };
  return {
    neededBytes: estimateMemory(entry, settings.config.engine.contextTokens)?.totalBytes,
    tokensPerSecond: estimateTokensPerSecond(entry, machine),
  };
}
