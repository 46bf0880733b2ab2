/** Families from outside: a folder or a package that exports `families`, checked before its items count. */
import { z } from 'zod';
import { GradusError } from '../kernel/errors.ts';
import { checkFamily } from './check-family.ts';
import type { Family } from './family.ts';

const familySchema = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/u),
  version: z.int().positive(),
  level: z.int().min(1).max(5),
  title: z.object({ en: z.string(), zh: z.string() }),
  languages: z.array(z.enum(['en', 'zh'])).min(1),
  answerForm: z.enum(['line', 'whole']),
  rungs: z.array(z.object({ size: z.number(), chance01: z.number().min(0).max(1) })).min(1),
  createTask: z.custom<Family['createTask']>((value) => typeof value === 'function'),
});

/**
 * Takes a module's families and checks each with `itemsPerRung` items. Throws `invalid-config` that lists the
 * faults. `importModule` runs the plug-in's code: load only what you trust.
 */
export async function loadPlugIn(
  specifier: string,
  options: {
    readonly importModule: (specifier: string) => Promise<unknown>;
    /** Names that a plug-in may not use. */
    readonly taken: readonly string[];
    readonly itemsPerRung?: number;
  },
): Promise<readonly Family[]> {
  let module: unknown;
  try {
    module = await options.importModule(specifier);
  } catch (cause) {
    throw new GradusError(
      'invalid-config',
      { message: `The plug-in ${specifier} cannot be loaded.` },
      { cause },
    );
  }
  const parsed = z.object({ families: z.array(familySchema).min(1) }).safeParse(module);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new GradusError('invalid-config', {
      message: `The plug-in ${specifier} exports no valid families: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    });
  }
  const { families } = parsed.data;
  for (const family of families) {
    if (options.taken.includes(family.name)) {
      throw new GradusError('invalid-config', { message: `There is already a family "${family.name}".` });
    }
    const { faults } = checkFamily(family, { itemsPerRung: options.itemsPerRung ?? 30, seed: 'plug-in' });
    if (faults.length > 0) {
      throw new GradusError('invalid-config', {
        message: `The family "${family.name}" breaks the contract: ${faults.slice(0, 3).join('; ')}`,
      });
    }
  }
  return families;
}
