/** Which store: the Postgres that the owner names, or a database of our own below the home. */
import path from 'node:path';
import { openPgliteStore } from '../store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../store/postgres/open-postgres-store.ts';
import type { Store } from '../store/store.ts';
import { systemClock } from './real-world.ts';
import type { Settings } from './settings.ts';

/** Throws `home-in-use` when another process has the embedded database, `database-unavailable`, `database-too-new`. */
export function openStore(settings: Settings, onTrouble: (error: unknown) => void): Promise<Store> {
  const clock = systemClock;
  if (settings.databaseUrl !== undefined) return openPostgresStore({ url: settings.databaseUrl, clock });
  return openPgliteStore({ folder: path.join(settings.home, 'data'), clock, onTrouble });
}
