/** The errors in which a pull can end, each with its own message. */
import { GradusError, type ErrorCode } from '../../kernel/errors.ts';
import type { CatalogEntry } from './catalog-schema.ts';
import { createDiskFullError, isDiskFull, isErrorCode } from './disk.ts';
import type { PullOptions, SourceOutcome } from './pull-task.ts';

export interface SourceFailure {
  /** The source, for people. */
  readonly source: string;
  readonly failure: Extract<SourceOutcome, { kind: 'failed' }>['failure'];
  readonly reason: string;
}

/** When no source could be used: names each, in the order in which they were asked, and why it failed. */
export function createSourceError(entry: CatalogEntry, failures: readonly SourceFailure[]): GradusError {
  const has = (failure: SourceFailure['failure']): boolean => failures.some((one) => one.failure === failure);
  const code: ErrorCode = has('mismatch')
    ? 'weights-hash-mismatch'
    : has('no-pip')
      ? 'pip-missing'
      : 'source-unavailable';
  const list = failures.map(({ source, reason }, index) => `(${index + 1}) ${source}: ${reason}`);
  const data = { model: entry.id, sources: failures.map((failure) => ({ ...failure })) };
  return new GradusError(code, { message: `${openings[code]} ${entry.id}: ${list.join('; ')}.`, data });
}

/** Gives a name to whatever stopped a pull; a GradusError that nobody cancelled stays as it is. */
export function toPullError(error: unknown, options: PullOptions, workFolder: string): unknown {
  const { entry, signal, modelsFolder } = options;
  if (signal.aborted) {
    const message = `The pull of ${entry.id} was stopped; what arrived is kept in ${workFolder} and the next pull goes on from there.`;
    return new GradusError('cancelled', { message }, { cause: error });
  }
  if (error instanceof GradusError) return error;
  if (isDiskFull(error)) return createDiskFullError({ folder: modelsFolder }, error);
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].some((code) => isErrorCode(error, code))) {
    const message = `The models folder ${modelsFolder} cannot be written; set GRADUS_HOME to a folder that can.`;
    return new GradusError('invalid-config', { message }, { cause: error });
  }
  return error;
}

const openings: Readonly<Partial<Record<ErrorCode, string>>> = {
  'weights-hash-mismatch': 'No source has the right bytes of',
  'pip-missing': 'There is no pip to fetch the packages of',
  'source-unavailable': 'No source answers for',
};
