/**
 * Joins models and levels to the ids that clients use (`NAME`, `NAME:reason`), and starts runs on them.
 * It is the one place where a level meets its engine.
 */
import type { Engine } from '../engines/engine.ts';
import type { Clock } from '../kernel/clock.ts';
import { GradusError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/ids.ts';
import { nearNames } from '../kernel/near-names.ts';
import type { ResponseWork } from '../runtime/response-work.ts';
import { startRun } from '../runtime/run.ts';
import { generateDurably } from './durable/durable-generation.ts';
import type { Level, Registry, ServedModel } from './level.ts';

export interface RegistryOptions {
  /** When two engines serve the same name, the earlier one answers. */
  readonly engines: readonly Engine[];
  readonly levels: readonly Level[];
  readonly clock: Clock;
  readonly ids: IdSource;
}

export function createRegistry(options: RegistryOptions): Registry {
  const { clock, ids } = options;
  const list = (): readonly ServedModel[] => listServed(options);
  return {
    list,
    resolve(id) {
      const all = list();
      const served = all.find((each) => each.id === id);
      if (served !== undefined) return { kind: 'found', served };
      return {
        kind: 'unknown',
        nearIds: nearNames(
          id,
          all.map((each) => each.id),
        ),
      };
    },
    start(served, request) {
      const engine = engineOf(options, served.model.id);
      const level = levelOf(options, served);
      return startRun({
        id: ids.create('run'),
        work: (scope) =>
          level.run(
            { ...request, model: served.model.id },
            {
              signal: scope.signal,
              clock,
              ids,
              model: served.model,
              emit: (event) => scope.emit(event),
              async generate(generateRequest, onEvent) {
                for await (const event of engine.generate(generateRequest, scope.signal)) onEvent(event);
              },
            },
          ),
      });
    },
    async embed(served, request, signal) {
      return engineOf(options, served.model.id).embed({ ...request, model: served.model.id }, signal);
    },
    loads: () => options.engines.flatMap((engine) => engine.loads()),
  };
}

/** How a response that the runtime stores is answered: the same levels and engines, every generation a durable step. */
export function createResponseWork(options: RegistryOptions): ResponseWork {
  return async (id, request, scope) => {
    const served = listServed(options).find((each) => each.id === id);
    if (served === undefined) {
      throw new GradusError('model-not-found', { message: `The model "${id}" is not served any more.` });
    }
    const engine = engineOf(options, served.model.id);
    return levelOf(options, served).run(
      { ...request, model: served.model.id },
      {
        signal: scope.signal,
        clock: options.clock,
        ids: scope.ids,
        model: served.model,
        emit: (event) => scope.emit(event),
        generate: (generateRequest, onEvent) =>
          generateDurably({ engine, model: served.model, scope, request: generateRequest, onEvent }),
      },
    );
  };
}

function listServed(options: RegistryOptions): readonly ServedModel[] {
  const served = new Map<string, ServedModel>();
  for (const engine of options.engines) {
    for (const model of engine.models()) {
      for (const level of options.levels) {
        const id = level.suffix === '' ? model.id : `${model.id}:${level.suffix}`;
        if (!served.has(id)) served.set(id, { id, level, model });
      }
    }
  }
  return [...served.values()];
}

function engineOf(options: RegistryOptions, model: string): Engine {
  const engine = options.engines.find((each) => each.models().some((known) => known.id === model));
  if (engine === undefined) {
    throw new GradusError('model-not-found', {
      message: `No engine serves the model "${model}" any more.`,
    });
  }
  return engine;
}

function levelOf(options: RegistryOptions, served: ServedModel): Level {
  const level = options.levels.find((each) => each.suffix === served.level.suffix);
  if (level === undefined) throw new Error(`no level with the suffix "${served.level.suffix}"`);
  return level;
}
