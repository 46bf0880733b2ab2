/**
 * A Postgres server that a test starts, stops, kills and starts again. It listens on a socket in its own
 * folder, so that it takes no port. Postgres refuses to run as root; then it runs as an unprivileged user.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { cacheOnce, preparePostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { openTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface PostgresServerOptions {
  /** True: fsync is on, as crash tests need. Default: off, since a test's rows need not survive a power cut. */
  readonly isDurable?: boolean;
  /** More settings, as in `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class PostgresServer implements AsyncDisposable {
  readonly #binaries: PostgresBinaries;
  readonly #folder: TemporaryFolder;
  readonly #options: PostgresServerOptions;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor(binaries: PostgresBinaries, options: PostgresServerOptions) {
    this.#binaries = binaries;
    this.#folder = openTemporaryFolder();
    this.#options = options;
  }

  /** Starts a server with an empty cluster; 0.2 s once the cache is filled. */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const binaries = await preparePostgresBinaries();
    const template = join(binaries.cacheFolder, 'data');
    await cacheOnce(template, (unfinished) => makeCluster(binaries, unfinished));
    const server = new PostgresServer(binaries, options);
    try {
      openToServerUser(server.#folder.path);
      cpSync(template, server.#dataFolder, { recursive: true });
      mkdirSync(server.#socketFolder);
      giveToServerUser(server.#dataFolder);
      giveToServerUser(server.#socketFolder);
      await server.startAgain();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The address of one of its databases. */
  url(database = 'postgres'): string {
    return `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(this.#socketFolder)}`;
  }

  /** A new database; returns its address. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await withClient(this.url(), (client) => client.query(`CREATE DATABASE ${name}`));
    return this.url(name);
  }

  /** After `stop` or `kill`: starts on the same data and resolves when it answers. */
  async startAgain(): Promise<void> {
    const settings = {
      listen_addresses: '',
      unix_socket_directories: this.#socketFolder,
      fsync: this.#options.isDurable === true ? 'on' : 'off',
      shared_buffers: '16MB',
      ...this.#options.settings,
    };
    const child = spawn(
      this.#binaries.postgres,
      [
        '-D',
        this.#dataFolder,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.#folder.path, ...serverUser() },
    );
    this.#process = child;
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4000)));
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) throw new Error(`Postgres did not start: ${log}`);
      if (await isAnswering(this.url())) return;
      await wait(25);
    }
    throw new Error(`Postgres did not answer within 5 s: ${log}`);
  }

  /** Stops at once but in order; open connections are cut. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends it as a crash does: all of its processes quit without writing anything more. */
  async kill(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGQUIT');
    await this.#folder[Symbol.asyncDispose]();
  }

  get #dataFolder(): string {
    return join(this.#folder.path, 'data');
  }

  get #socketFolder(): string {
    return join(this.#folder.path, 's');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

function makeCluster(binaries: PostgresBinaries, folder: string): void {
  mkdirSync(folder);
  giveToServerUser(folder);
  const result = spawnSync(
    binaries.initdb,
    ['-D', folder, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { encoding: 'utf8', cwd: '/', ...serverUser() },
  );
  if (result.status !== 0) throw new Error(`initdb failed: ${result.stderr}`);
}

/** `nobody` on every Linux that we know. */
const unprivilegedId = 65_534;

function serverUser(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
}

/** The server's user must reach its folders through those of the test's. */
function openToServerUser(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chmodSync(folder, 0o755);
  const parent = dirname(folder);
  const { mode } = statSync(parent);
  if ((mode & 0o001) === 0) chmodSync(parent, (mode & 0o777) | 0o011);
}

function giveToServerUser(folder: string): void {
  chmodSync(folder, 0o700);
  if (process.getuid?.() !== 0) return;
  chownSync(folder, unprivilegedId, unprivilegedId);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chownSync(join(entry.parentPath, entry.name), unprivilegedId, unprivilegedId);
  }
}

async function isAnswering(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false;
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
