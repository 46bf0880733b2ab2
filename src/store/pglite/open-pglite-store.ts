/** The store of one machine: an embedded Postgres in a folder that this process alone holds. */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Clock } from '../../kernel/clock.ts';
import { createSqlStore } from '../sql-store.ts';
import type { Store } from '../store.ts';
import { createDataFolder } from './data-folder.ts';
import { Engine } from './engine.ts';
import { lockFolder } from './folder-lock.ts';
import { Switchboard } from './switchboard.ts';
import { startUpkeep } from './upkeep.ts';

export interface PgliteStoreOptions {
  /** Holds the database in `database/` and its lock in `database.lock`. Made when missing. */
  readonly folder: string;
  readonly clock: Clock;
  /** See `DataFolderOptions`. */
  readonly templateFolder?: string;
  /** Told when the upkeep in the background fails. Default: nobody is. */
  readonly onTrouble?: (error: unknown) => void;
}

/**
 * Opens the store in `folder`: about 4 s the first time, 0.5 s later.
 * Throws 'home-in-use' when another process has it, 'database-too-new' after a newer Gradus.
 */
export async function openPgliteStore(options: PgliteStoreOptions): Promise<Store> {
  const { clock, templateFolder, onTrouble = () => undefined } = options;
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(join(options.folder, 'database.lock'), {
    pid: process.pid,
    host: hostname(),
    since: new Date(clock.nowMs()).toISOString(),
  });
  try {
    const folder = join(options.folder, 'database');
    await createDataFolder({ folder, ...(templateFolder === undefined ? {} : { templateFolder }) });
    return await openLocked({ folder, clock, lock, onTrouble });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

interface Locked {
  readonly folder: string;
  readonly clock: Clock;
  /** Given back when the store closes, or when it does not open. */
  readonly lock: Disposable;
  readonly onTrouble: (error: unknown) => void;
}

async function openLocked({ folder, clock, lock, onTrouble }: Locked): Promise<Store> {
  const engine = await Engine.open(folder);
  const switchboard = new Switchboard(engine, { idleTransactionTimeoutMs: 60_000 });
  const pool = new pg.Pool({ stream: () => switchboard.openSession(), max: 20 });
  // A session that its client does not use breaks only with the engine, and that tells everybody itself.
  pool.on('error', () => undefined);
  const upkeep = startUpkeep({ pool, clock, onTrouble });
  return createSqlStore({
    kind: 'pglite',
    pool,
    clock,
    patienceMs: 0,
    maxWaiting: 0,
    endUpkeep: async () => upkeep[Symbol.asyncDispose](),
    close: async () => {
      await engine[Symbol.asyncDispose]();
      lock[Symbol.dispose]();
    },
  });
}
