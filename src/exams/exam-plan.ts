/**
 * Which items an exam asks, and the promise made before it: the hash of seed, generators, subject and settings
 * is printed first and the seed afterwards, so that nobody can choose items to suit a result.
 */
import { createHash } from 'node:crypto';
import { GradusError } from '../kernel/errors.ts';
import { toCanonicalJson, type JsonObject } from '../kernel/json.ts';
import { at, pickOne, range, shuffled } from './dice.ts';
import type { ExamSettings } from './exam-settings.ts';
import {
  createItem,
  createNamedRandom,
  hashMessages,
  type Family,
  type Item,
  type ItemKey,
} from './family.ts';
import type { Subject } from './subject.ts';

export interface Generator {
  readonly name: string;
  readonly version: number;
  /** The hash of two items of each rung and language asked: it changes when the generator's code does. */
  readonly fingerprint: string;
}

/** The families that the settings name, in that order. Throws for an unknown name, rung or language. */
export function chooseFamilies(settings: ExamSettings, available: readonly Family[]): readonly Family[] {
  return settings.families.map((name) => {
    const family = available.find((candidate) => candidate.name === name);
    if (family === undefined) {
      const names = available.map((candidate) => candidate.name).join(', ');
      throw new GradusError('invalid-request', {
        message: `There is no family "${name}". Known: ${names}.`,
        param: 'families',
      });
    }
    if (rungsOf(family, settings).length === 0) {
      throw new GradusError('invalid-request', {
        message: `${name} has rungs 1 to ${family.rungs.length}; none of ${settings.rungs.join(', ')} is among them.`,
        param: 'rungs',
      });
    }
    if (languagesOf(family, settings).length === 0) {
      throw new GradusError('invalid-request', {
        message: `${name} has items in ${family.languages.join(', ')} only.`,
        param: 'languages',
      });
    }
    return family;
  });
}

/** The rungs asked that the family has. */
export function rungsOf(family: Family, settings: ExamSettings): readonly number[] {
  return settings.rungs.filter((rung) => family.rungs[rung - 1] !== undefined);
}

/** The chance level of the mixture of rungs asked: the mean over them. */
export function chanceOf(family: Family, settings: ExamSettings): number {
  const rungs = rungsOf(family, settings);
  return rungs.reduce((sum, rung) => sum + at(family.rungs, rung - 1).chance01, 0) / rungs.length;
}

/** The key of the item at `index` (from 0) of a family; depends on nothing that happens in the exam. */
export function planItem(family: Family, index: number, settings: ExamSettings, rootSeed: string): ItemKey {
  const schedule = createNamedRandom(`schedule/${settings.scheduleSeed ?? rootSeed}/${family.name}/${index}`);
  const rung = pickOne(schedule, rungsOf(family, settings));
  const language = pickOne(schedule, languagesOf(family, settings));
  if (family.lineCount !== undefined) {
    const order = shuffled(createNamedRandom(`lines/${rootSeed}/${family.name}`), range(family.lineCount));
    return { rung, language, seed: `line-${at(order, index)}` };
  }
  const seed = sha256(`item/${rootSeed}/${family.name}/${index}`).slice(0, 32);
  return { rung, language, seed };
}

/** The item at `index` of a family. */
export function createPlannedItem(
  family: Family,
  index: number,
  settings: ExamSettings,
  rootSeed: string,
): Item {
  return createItem(family, planItem(family, index, settings, rootSeed));
}

export function describeGenerators(
  families: readonly Family[],
  settings: ExamSettings,
): readonly Generator[] {
  return families.map((family) => {
    const hash = createHash('sha256');
    for (const rung of rungsOf(family, settings)) {
      for (const language of languagesOf(family, settings)) {
        for (const seed of fingerprintSeeds(family)) {
          const item = createItem(family, { rung, language, seed });
          hash.update(`${hashMessages(item.messages)}\n${item.witness}\n`, 'utf8');
        }
      }
    }
    return { name: family.name, version: family.version, fingerprint: hash.digest('hex') };
  });
}

export interface Promised {
  readonly rootSeed: string;
  readonly generators: readonly Generator[];
  readonly subject: Pick<Subject, 'model' | 'url' | 'settings'>;
  readonly settings: ExamSettings;
}

/** Two fixed items; of a finite list all of it, since the list is the generator. */
function fingerprintSeeds({ lineCount }: Family): readonly string[] {
  return lineCount === undefined
    ? ['fingerprint/0', 'fingerprint/1']
    : range(lineCount).map((line) => `line-${line}`);
}

/** The commitment: a hash that binds the seed without telling it. */
export function commit({ rootSeed, generators, subject, settings }: Promised): string {
  const promised: JsonObject = {
    rootSeed,
    generators: generators.map((generator) => ({ ...generator })),
    subject: { model: subject.model, url: subject.url, settings: { ...subject.settings } },
    settings: toPlainJson(settings),
  };
  return sha256(toCanonicalJson(promised));
}

/** A root seed with 128 bits from a random source. */
export function createRootSeed(next01: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(next01() * 16).toString(16));
  return digits.join('');
}

function languagesOf(family: Family, settings: ExamSettings): readonly Item['language'][] {
  return settings.languages.filter((language) => family.languages.includes(language));
}

function toPlainJson(settings: ExamSettings): JsonObject {
  const { budget, prices, ...rest } = settings;
  return { ...rest, budget: { ...budget }, prices: prices === null ? null : { ...prices } };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
