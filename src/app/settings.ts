/**
 * What the owner decided: environment variables, `gradus.json` and the defaults behind them, read once at
 * start. An unknown or wrong field is an error that names it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import { endpointSchema, type EndpointConfig } from '../engines/openai/endpoint-config.ts';
import { catalogEntrySchema, type CatalogEntry } from '../engines/weights/catalog-schema.ts';
import { GradusError } from '../kernel/errors.ts';
import { parse } from '../kernel/schema.ts';

/** `gradus.json`, with defaults in place. */
export interface Config {
  readonly host?: string;
  readonly port?: number;
  /** The model that is loaded at start: an id, or the path of a GGUF file. */
  readonly model?: string;
  readonly endpoints: readonly EndpointConfig[];
  /** More models for the catalog. */
  readonly models: readonly CatalogEntry[];
  /** A script file: its scripted engine is served beside the others. */
  readonly script?: string;
  readonly engine: {
    /** Default: the cores that this process may use. */
    readonly threads?: number;
    /** Cells of the KV cache of one model, shared by its requests. Default: 16,384. */
    readonly contextTokens: number;
    /** What all loaded models together may take. Default: three quarters of memory. */
    readonly memoryLimitBytes?: number;
    /** Default: 30. */
    readonly idleUnloadMinutes: number;
    /** Answers that one model computes at once. Default: 16. */
    readonly maxRunning: number;
    /** Generations that may wait for a model. Default: 64. */
    readonly queueLimit: number;
    /** Layers on the GPU, where there is one; -1, the default, means all. */
    readonly gpuLayers: number;
  };
  /** Keys that callers must send; empty: everyone on this machine may call. */
  readonly keys: readonly string[];
  /** Origins of web pages that may call. */
  readonly origins: readonly string[];
}

const positive = z.int().positive();

const configSchema: z.ZodType<Config> = z.strictObject({
  host: z.string().min(1).exactOptional(),
  port: z.int().min(0).max(65_535).exactOptional(),
  model: z.string().min(1).exactOptional(),
  endpoints: z.array(endpointSchema).default([]),
  models: z.array(catalogEntrySchema).default([]),
  script: z.string().min(1).exactOptional(),
  engine: z
    .strictObject({
      threads: positive.exactOptional(),
      contextTokens: positive.default(16_384),
      memoryLimitBytes: positive.exactOptional(),
      idleUnloadMinutes: z.number().positive().default(30),
      maxRunning: positive.max(60).default(16),
      queueLimit: z.int().min(0).default(64),
      gpuLayers: z.int().min(-1).default(-1),
    })
    .prefault({}),
  keys: z.array(z.string().min(8)).default([]),
  origins: z.array(z.string()).default([]),
});

export interface Settings {
  readonly home: string;
  readonly modelsFolder: string;
  readonly host: string;
  readonly port: number;
  readonly model: string | undefined;
  /** A Postgres server; absent: a database of our own below the home. */
  readonly databaseUrl: string | undefined;
  readonly hubUrl: string | undefined;
  readonly hubToken: string | undefined;
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const defaultPort = 4111;

/** Throws `invalid-config` naming the field of gradus.json or the variable that is wrong. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  flags: {
    readonly host?: string;
    readonly port?: string;
    readonly model?: string;
    readonly script?: string;
  } = {},
): Settings {
  const variable = (name: string): string | undefined => {
    const value = environment[name];
    return value === '' ? undefined : value;
  };
  const home = path.resolve(variable('GRADUS_HOME') ?? envPaths('gradus', { suffix: '' }).data);
  const read = readConfig(path.join(home, 'gradus.json'));
  const config = flags.script === undefined ? read : { ...read, script: flags.script };
  const port = flags.port ?? variable('GRADUS_PORT');
  return {
    home,
    modelsFolder: path.join(home, 'models'),
    host: flags.host ?? variable('GRADUS_HOST') ?? config.host ?? '127.0.0.1',
    port: port === undefined ? (config.port ?? defaultPort) : parsePort(port),
    model: flags.model ?? variable('GRADUS_MODEL') ?? config.model,
    databaseUrl: variable('GRADUS_DATABASE_URL'),
    hubUrl: variable('HF_ENDPOINT'),
    hubToken: variable('HF_TOKEN'),
    config,
    environment,
  };
}

function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return configSchema.parse({});
    throw new GradusError('invalid-config', { message: `${file} cannot be read.` }, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GradusError('invalid-config', { message: `${file} is not JSON: ${reason}` }, { cause: error });
  }
  try {
    return parse(configSchema, value, 'invalid-config');
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    throw new GradusError(
      error.code,
      { ...error.details, message: `${file}: ${error.message}` },
      { cause: error },
    );
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new GradusError('invalid-config', {
    message: `The port must be a whole number from 0 to 65535, not "${text}".`,
    param: 'port',
  });
}
