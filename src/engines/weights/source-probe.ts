/** Asks whether a model's weights could be had, without fetching them: for the choice of the default model. */
import type { CatalogEntry, WeightsSource } from './catalog-schema.ts';
import type { SourceAnswer } from './default-model.ts';
import { getFileBytes } from './disk.ts';
import { createHubClient, describeNetworkError, toHubName } from './hub-client.ts';
import { findPip } from './pip.ts';
import { defaultPullLimits, type PullOptions } from './pull-task.ts';

export type SourceProbeOptions = Pick<
  PullOptions,
  'environment' | 'signal' | 'hubUrl' | 'hubToken' | 'pipCommands' | 'limits'
>;

/**
 * A function for `chooseDefaultModel`. A hub that cannot be reached is asked once, not for every model; of
 * pip it asks only whether it is there. Rejects only when aborted.
 */
export function createSourceProbe(
  options: SourceProbeOptions,
): (entry: CatalogEntry) => Promise<SourceAnswer> {
  let hubTrouble: string | undefined;

  async function ask(source: WeightsSource, entry: CatalogEntry): Promise<SourceAnswer> {
    switch (source.kind) {
      case 'file': {
        const isThere = (await getFileBytes(source.path).catch(() => undefined)) !== undefined;
        return isThere
          ? { answers: true, source: source.path }
          : { answers: false, reason: `${source.path} is not there` };
      }
      case 'hub': {
        const hub = toHubName(options.hubUrl);
        if (hubTrouble !== undefined) return { answers: false, reason: `${hub}: ${hubTrouble}` };
        try {
          await using client = createHubClient(options, { ...defaultPullLimits, ...options.limits });
          const file = await client.announce(source, options.signal);
          if (file.status !== 200) return { answers: false, reason: `${hub} answers ${file.status}` };
          const isOther =
            entry.sha256 !== undefined && file.sha256 !== undefined && file.sha256 !== entry.sha256;
          return isOther
            ? { answers: false, reason: `${hub} has another file under this name` }
            : { answers: true, source: hub };
        } catch (error) {
          options.signal.throwIfAborted();
          hubTrouble = describeNetworkError(error);
          return { answers: false, reason: `${hub}: ${hubTrouble}` };
        }
      }
      case 'wheels': {
        const pip = await findPip(options);
        return pip.kind === 'found'
          ? { answers: true, source: `pip ${pip.version}` }
          : { answers: false, reason: pip.reason };
      }
    }
  }

  return async (entry) => {
    const reasons: string[] = [];
    for (const source of entry.sources) {
      const answer = await ask(source, entry);
      options.signal.throwIfAborted();
      if (answer.answers) return answer;
      reasons.push(answer.reason);
    }
    return { answers: false, reason: reasons.join('; ') };
  };
}
