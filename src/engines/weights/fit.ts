/**
 * Whether a model fits a machine: the memory it needs at a context length, and how fast it will talk.
 * Both are estimates by plain formulas, so that a choice can be explained before anything is downloaded.
 */
import type { CatalogEntry } from './catalog-schema.ts';

export interface Machine {
  /** Memory that models may take: what is free now, within the limit of the container. */
  readonly memoryBytes: number;
  /** Cores that this process may use, within the limit of the container. */
  readonly cores: number;
  /** A GPU that the engine can use. */
  readonly gpu?: { readonly memoryBytes: number } | undefined;
  /** How fast weights are read while decoding, when it was measured; absent: estimated from the cores. */
  readonly weightBytesPerSecond?: number | undefined;
}

export interface MemoryNeed {
  readonly weightsBytes: number;
  readonly contextBytes: number;
  /** Buffers of the computation and the process itself. */
  readonly overheadBytes: number;
  readonly totalBytes: number;
}

/**
 * Memory that must stay there while the model runs: the weights once (a mapped file that was repacked for
 * the CPU can be given back, though it counts as resident), 16-bit keys and values for `contextTokens`,
 * and overhead. Measured at 8192 tokens, without what can be given back: 0.33, 0.73 and about 1.45 GB for
 * the three smallest models, estimated 0.50, 0.84 and 1.66. Undefined when the size of the file is not known.
 */
export function estimateMemory(entry: CatalogEntry, contextTokens: number): MemoryNeed | undefined {
  if (entry.sizeBytes === undefined) return undefined;
  const weightsBytes = entry.sizeBytes;
  const tokens = Math.min(contextTokens, entry.contextTokens ?? contextTokens);
  // Without numbers of the file, the largest share that a grouped-query model has in practice.
  const kvBytesPerToken = entry.kvBytesPerToken ?? Math.ceil(weightsBytes / 17_000);
  const contextBytes = tokens * kvBytesPerToken;
  const overheadBytes = processBytes + Math.ceil(weightsBytes * computeShare);
  return {
    weightsBytes,
    contextBytes,
    overheadBytes,
    totalBytes: weightsBytes + contextBytes + overheadBytes,
  };
}

/**
 * Decoded tokens a second of one stream. Every token reads all weights that it uses once, so
 * `1 / (weights / bandwidth + 2.5 ms)`, where a core reads 11 GB/s and all together at most 45 GB/s; a
 * mixture of experts reads the share of its active parameters. Undefined when the size is not known.
 */
export function estimateTokensPerSecond(entry: CatalogEntry, machine: Machine): number | undefined {
  if (entry.sizeBytes === undefined) return undefined;
  const { parameters, activeParameters } = entry;
  const activeShare = parameters && activeParameters ? activeParameters / parameters : 1;
  const bandwidth =
    machine.weightBytesPerSecond ??
    (fitsGpu(entry, machine)
      ? gpuBytesPerSecond
      : Math.min(machine.cores * coreBytesPerSecond, boardBytesPerSecond));
  return 1 / ((entry.sizeBytes * activeShare) / bandwidth + secondsPerToken);
}

const processBytes = 200_000_000;
const computeShare = 0.1;
// Decoding on two cores of a server CPU reads 21 to 31 GB/s; a desktop's memory ends near 45 GB/s.
const coreBytesPerSecond = 11e9;
const boardBytesPerSecond = 45e9;
// The slowest card that one would buy for this.
const gpuBytesPerSecond = 200e9;
const secondsPerToken = 0.0025;

function fitsGpu(entry: CatalogEntry, machine: Machine): boolean {
  const need = estimateMemory(entry, 8192);
  return machine.gpu !== undefined && need !== undefined && need.totalBytes <= machine.gpu.memoryBytes;
}
