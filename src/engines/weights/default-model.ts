/**
 * Picks the model that Gradus serves when nobody names one: the most capable that fits the memory, talks
 * fast enough on these cores, and can be had. Every candidate gets its reason in plain words.
 */
import type { Catalog } from './catalog.ts';
import type { CatalogEntry } from './catalog-schema.ts';
import { estimateMemory, estimateTokensPerSecond, type Machine } from './fit.ts';

export interface CandidateVerdict {
  readonly id: string;
  readonly state: 'chosen' | 'fits' | 'too-large' | 'too-slow' | 'no-source' | 'not-a-candidate';
  /** One sentence for people. */
  readonly reason: string;
  readonly neededBytes: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

export interface DefaultModel {
  /** Undefined when no model of the catalog fits this machine. */
  readonly chosen: CatalogEntry | undefined;
  /** All models of the catalog, most capable first. */
  readonly verdicts: readonly CandidateVerdict[];
}

export type SourceAnswer =
  | { readonly answers: true; readonly source: string }
  | { readonly answers: false; readonly reason: string };

export interface ChooseDefaultModelOptions extends Machine {
  readonly catalog: Catalog;
  /** Ids of models whose weights are on the disk. */
  readonly installed: ReadonlySet<string>;
  /** Asked for models that are not installed, most capable first, until one answers. */
  readonly askSources: (entry: CatalogEntry) => Promise<SourceAnswer>;
  /** Free space where models lie; absent: no limit. */
  readonly freeDiskBytes?: number | undefined;
  /** The context that must fit; absent: 8192. */
  readonly contextTokens?: number | undefined;
  /** Slower models are no pleasure to talk to; absent: 12. */
  readonly minTokensPerSecond?: number | undefined;
}

/**
 * The choice and its reasons. When every model that fits the memory is too slow, the fastest of them is
 * taken all the same. Rejects only when `askSources` does.
 */
export async function chooseDefaultModel(options: ChooseDefaultModelOptions): Promise<DefaultModel> {
  const ranked = [...options.catalog.entries].sort((a, b) => b.rank - a.rank);
  const judged = ranked.map((entry) => judge(entry, options));
  const fitting = judged.filter((candidate) => candidate.state === 'fits');
  const slow = judged
    .filter((candidate) => candidate.state === 'too-slow')
    .sort((a, b) => (b.tokensPerSecond ?? 0) - (a.tokensPerSecond ?? 0));

  const results = new Map<string, CandidateVerdict>();
  let chosen: CatalogEntry | undefined;
  for (const candidate of [...fitting, ...slow]) {
    if (chosen !== undefined) {
      const reason = `${candidate.reason}, but ${chosen.id} is more capable`;
      if (candidate.state === 'fits') results.set(candidate.entry.id, toVerdict({ ...candidate, reason }));
      continue;
    }
    const answer: SourceAnswer = options.installed.has(candidate.entry.id)
      ? { answers: true, source: 'it is installed' }
      : await options.askSources(candidate.entry);
    if (!answer.answers) {
      const reason = `${candidate.reason}, but no source answers: ${answer.reason}`;
      results.set(candidate.entry.id, toVerdict({ ...candidate, state: 'no-source', reason }));
      continue;
    }
    chosen = candidate.entry;
    const why = candidate.state === 'fits' ? 'the most capable that can be had' : 'the fastest that fits';
    const reason = `${candidate.reason}; ${why} (${answer.source})`;
    results.set(candidate.entry.id, toVerdict({ ...candidate, state: 'chosen', reason }));
  }
  return {
    chosen,
    verdicts: judged.map((candidate) => results.get(candidate.entry.id) ?? toVerdict(candidate)),
  };
}

interface Candidate {
  readonly entry: CatalogEntry;
  readonly state: CandidateVerdict['state'];
  readonly reason: string;
  readonly neededBytes: number | undefined;
  readonly tokensPerSecond: number | undefined;
}

/** A fifth of the memory is left to everything else. */
const usableShare = 0.8;

function judge(entry: CatalogEntry, options: ChooseDefaultModelOptions): Candidate {
  const need = estimateMemory(entry, options.contextTokens ?? 8192);
  const tokensPerSecond = estimateTokensPerSecond(entry, options);
  const floor = options.minTokensPerSecond ?? 12;
  const base = { entry, neededBytes: need?.totalBytes, tokensPerSecond };
  if (entry.rank === 0 || need === undefined || tokensPerSecond === undefined) {
    return { ...base, state: 'not-a-candidate', reason: 'has no rank or no known size in the catalog' };
  }
  const usableBytes = Math.max(options.memoryBytes * usableShare, options.gpu?.memoryBytes ?? 0);
  const needs = `needs ${toGigabytes(need.totalBytes)}`;
  if (need.totalBytes > usableBytes) {
    return { ...base, state: 'too-large', reason: `${needs}, ${toGigabytes(usableBytes)} can be used` };
  }
  const diskBytes = options.freeDiskBytes ?? Infinity;
  if (!options.installed.has(entry.id) && need.weightsBytes > diskBytes) {
    const disk = `${toGigabytes(need.weightsBytes)} on the disk, ${toGigabytes(diskBytes)} are free`;
    return { ...base, state: 'too-large', reason: `needs ${disk}` };
  }
  const cores = options.cores === 1 ? '1 core' : `${options.cores} cores`;
  const speed = `about ${toSpeed(tokensPerSecond)} tokens/s on ${options.gpu === undefined ? cores : 'this machine'}`;
  if (tokensPerSecond < floor) {
    return { ...base, state: 'too-slow', reason: `${needs} and makes ${speed}, fewer than ${floor}` };
  }
  return { ...base, state: 'fits', reason: `fits: ${needs} and makes ${speed}` };
}

function toVerdict(candidate: Candidate): CandidateVerdict {
  const { entry, state, reason, neededBytes, tokensPerSecond } = candidate;
  return { id: entry.id, state, reason, neededBytes, tokensPerSecond };
}

function toGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function toSpeed(tokensPerSecond: number): string {
  return tokensPerSecond < 10 ? tokensPerSecond.toFixed(1) : tokensPerSecond.toFixed(0);
}
