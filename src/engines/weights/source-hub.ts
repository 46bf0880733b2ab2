/**
 * Weights from a models' hub, by HTTP. A cut connection is taken up at the byte where it broke; what
 * arrived is kept under the sha256 that it belongs to, so that it is never joined with another file.
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HubSource } from './catalog-schema.ts';
import { getFileBytes, isDiskFull } from './disk.ts';
import { createHubClient, describeNetworkError, type HubClient, type HubFile } from './hub-client.ts';
import type { SourceOutcome, SourceTask } from './pull-task.ts';

/** Throws when aborted or when the disk is full; every other trouble is an outcome. */
export async function fetchFromHub(source: HubSource, task: SourceTask): Promise<SourceOutcome> {
  const { options, limits, signal, expectedSha256 } = task;
  await using client = createHubClient(options, limits);
  let announced: HubFile;
  try {
    announced = await client.announce(source, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', failure: 'unreachable', reason: describeNetworkError(error) };
  }
  const refusal = judgeAnnouncement(announced, task);
  if (refusal !== undefined) return refusal;
  const name = (expectedSha256 ?? announced.sha256 ?? 'unknown').slice(0, 16);
  const path = join(task.workFolder, `hub-${name}.part`);
  return await fetchAll({ source, client, task, path, announced });
}

interface Fetch {
  readonly source: HubSource;
  readonly client: HubClient;
  readonly task: SourceTask;
  readonly path: string;
  readonly announced: HubFile;
}

async function fetchAll(fetch: Fetch): Promise<SourceOutcome> {
  const { task, path, announced } = fetch;
  const { limits, signal, options } = task;
  const totalBytes = announced.sizeBytes ?? options.entry.sizeBytes;
  let failures = 0;
  let reason = '';
  for (let round = 0; round < maxRounds && failures < limits.attempts; round++) {
    const have = (await getFileBytes(path)) ?? 0;
    if (totalBytes !== undefined && have > totalBytes) {
      await rm(path, { force: true });
      continue;
    }
    if (have === totalBytes) return { kind: 'delivered', path, announcedSha256: announced.sha256 };
    if (totalBytes !== undefined) await task.requireFreeBytes(totalBytes - have);
    let pauseMs = limits.retryPauseMs * 2 ** failures;
    try {
      const step = await fetchOnce(fetch, have, totalBytes);
      if (step.kind === 'whole') return { kind: 'delivered', path, announcedSha256: announced.sha256 };
      if (step.kind === 'failed') return step;
      reason = step.reason;
      pauseMs = Math.max(pauseMs, Math.min(step.retryAfterMs ?? 0, 30_000));
    } catch (error) {
      signal.throwIfAborted();
      if (isDiskFull(error)) throw error;
      reason = describeNetworkError(error);
    }
    const grew = ((await getFileBytes(path)) ?? 0) > have;
    failures = grew ? 0 : failures + 1;
    if (failures < limits.attempts) await options.clock.sleep(pauseMs, signal);
  }
  const have = (await getFileBytes(path)) ?? 0;
  const at = have === 0 ? '' : ` at ${have} of ${totalBytes ?? 'unknown'} bytes`;
  return { kind: 'failed', failure: 'unreachable', reason: `${reason}${at}, after several attempts` };
}

type Step =
  | { readonly kind: 'whole' }
  | Extract<SourceOutcome, { kind: 'failed' }>
  | { readonly kind: 'again'; readonly reason: string; readonly retryAfterMs?: number | undefined };

/** One request; what it brings is added to the file. */
async function fetchOnce(fetch: Fetch, have: number, totalBytes: number | undefined): Promise<Step> {
  const { source, client, task, path } = fetch;
  const opened = await client.open(source, have, task.signal);
  const { status, startByte } = opened;
  if (status === 416) {
    await rm(path, { force: true });
    return { kind: 'again', reason: 'it does not know the rest of the file' };
  }
  if (status !== 200 && status !== 206) {
    const failed = describeStatus(status);
    return isTransient(status)
      ? { kind: 'again', reason: failed.reason, retryAfterMs: opened.retryAfterMs }
      : failed;
  }
  if (startByte !== 0 && startByte !== have) {
    return { kind: 'again', reason: `it sent byte ${startByte} when ${have} was asked for` };
  }
  let received = startByte;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (totalBytes !== undefined && received > totalBytes) done(new Error('it sends more than announced'));
      else done(null, chunk);
      task.report(received, totalBytes);
    },
  });
  const file = createWriteStream(path, { flags: startByte === 0 ? 'w' : 'a' });
  await pipeline(opened.body, count, file, { signal: task.signal });
  const isWhole = totalBytes === undefined || received === totalBytes;
  return isWhole ? { kind: 'whole' } : { kind: 'again', reason: 'the connection ended early' };
}

/** A source that always breaks after one byte must end some day. */
const maxRounds = 1000;

function judgeAnnouncement(announced: HubFile, task: SourceTask): SourceOutcome | undefined {
  const { status, sha256, sizeBytes } = announced;
  const { expectedSha256 } = task;
  // Some mirrors do not answer HEAD; then the bytes alone decide.
  const isAsked = status === 405 || status === 501;
  if (status !== 200 && !isAsked && !isTransient(status)) return describeStatus(status);
  if (expectedSha256 === undefined && sha256 === undefined) {
    const reason = 'neither the catalog nor the hub names a sha256 of the file';
    return { kind: 'failed', failure: 'refused', reason };
  }
  if (expectedSha256 !== undefined && sha256 !== undefined && sha256 !== expectedSha256) {
    const reason = `it announces the sha256 ${sha256} instead of ${expectedSha256}`;
    return { kind: 'failed', failure: 'mismatch', reason };
  }
  const wantedBytes = task.options.entry.sizeBytes;
  if (wantedBytes !== undefined && sizeBytes !== undefined && sizeBytes !== wantedBytes) {
    const reason = `it announces ${sizeBytes} bytes instead of ${wantedBytes}`;
    return { kind: 'failed', failure: 'mismatch', reason };
  }
  return undefined;
}

function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function describeStatus(status: number): Extract<SourceOutcome, { kind: 'failed' }> {
  const refused = { kind: 'failed', failure: 'refused' } as const;
  if (status === 404) return { ...refused, reason: 'it has no such file (404)' };
  if (status === 401 || status === 403) {
    const reason = `the repository is gated or private (${status}): accept its licence and give a token`;
    return { ...refused, reason };
  }
  return { ...refused, reason: `it answers with status ${status}` };
}
