/** The models that this machine holds: the catalog, what of it is on the disk, and which one is the default. */
import { statSync } from 'node:fs';
import { statfs, mkdir } from 'node:fs/promises';
import type { LlamaModel } from '../engines/llama/llama-engine.ts';
import { createBuiltInEntries } from '../engines/weights/catalog-entries.ts';
import { createCatalog, type Catalog } from '../engines/weights/catalog.ts';
import type { CatalogEntry } from '../engines/weights/catalog-schema.ts';
import { chooseDefaultModel, type DefaultModel } from '../engines/weights/default-model.ts';
import { describeLocalFile } from '../engines/weights/local-file.ts';
import { locateWeights } from '../engines/weights/local.ts';
import type { PulledWeights, PullProgress } from '../engines/weights/pull-task.ts';
import { pullWeights } from '../engines/weights/pull.ts';
import { createSourceProbe } from '../engines/weights/source-probe.ts';
import { readAvailableMemoryBytes, readCores } from './machine.ts';
import { systemClock } from './real-world.ts';
import type { Settings } from './settings.ts';

export class ModelShelf {
  readonly #settings: Settings;
  #catalog: Catalog;
  #installed: readonly LlamaModel[] = [];

  private constructor(settings: Settings) {
    this.#settings = settings;
    this.#catalog = createCatalog(createBuiltInEntries(), settings.config.models);
  }

  static async open(settings: Settings): Promise<ModelShelf> {
    const shelf = new ModelShelf(settings);
    await mkdir(settings.modelsFolder, { recursive: true });
    if (settings.model !== undefined && isPath(settings.model)) {
      const local = await describeLocalFile(settings.model);
      shelf.#catalog = createCatalog(createBuiltInEntries(), settings.config.models, [local.entry]);
    }
    await shelf.refresh();
    return shelf;
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** Models whose weights are here, as of the last `refresh`. */
  get installed(): readonly LlamaModel[] {
    return this.#installed;
  }

  /** Looks at the disk again: other processes pull and remove models too. */
  async refresh(): Promise<void> {
    const found: LlamaModel[] = [];
    for (const entry of this.#catalog.entries) {
      const path = await locateWeights(this.#settings.modelsFolder, entry);
      if (path === undefined) continue;
      found.push({
        id: entry.id,
        path,
        contextTokens: entry.contextTokens,
        parameters: entry.parameters,
        licence: entry.licence,
        createdAtMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
      });
    }
    this.#installed = found;
  }

  /** The model that the owner named, or else the most capable one that fits this machine, with the reasons. */
  async chooseDefault(signal: AbortSignal): Promise<DefaultModel> {
    const { model, modelsFolder } = this.#settings;
    if (model !== undefined) return { chosen: this.#named(model), verdicts: [] };
    const disk = await statfs(modelsFolder);
    return chooseDefaultModel({
      catalog: this.#catalog,
      installed: new Set(this.#installed.map((entry) => entry.id)),
      memoryBytes: readAvailableMemoryBytes(),
      cores: readCores(),
      freeDiskBytes: disk.bavail * disk.bsize,
      askSources: createSourceProbe({ ...this.#sourceOptions(), signal }),
    });
  }

  async pull(
    entry: CatalogEntry,
    options: {
      readonly signal: AbortSignal;
      readonly fromFile?: string;
      readonly onProgress?: (progress: PullProgress) => void;
    },
  ): Promise<PulledWeights> {
    const pulled = await pullWeights({
      entry,
      modelsFolder: this.#settings.modelsFolder,
      clock: systemClock,
      ...this.#sourceOptions(),
      ...options,
    });
    await this.refresh();
    return pulled;
  }

  #named(model: string): CatalogEntry {
    const entry = this.#catalog.entries.find((known) =>
      known.sources.some((source) => source.kind === 'file' && isPath(model) && source.path.endsWith(model)),
    );
    return entry ?? this.#catalog.require(model);
  }

  #sourceOptions(): Pick<Parameters<typeof pullWeights>[0], 'environment' | 'hubUrl' | 'hubToken'> {
    const { environment, hubUrl, hubToken } = this.#settings;
    return { environment, hubUrl, hubToken };
  }
}

function isPath(model: string): boolean {
  return /[\\/]|\.gguf$/i.test(model);
}
