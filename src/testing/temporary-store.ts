/** Stores that live as long as one test: an embedded one from a kept template, and one on a Postgres of its own. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../store/store.ts';
import { openPgliteStore } from '../store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../store/postgres/open-postgres-store.ts';
import { cacheRoot } from './postgres-binaries.ts';
import { PostgresServer } from './postgres-server.ts';
import { createRealClock } from './real-clock.ts';
import { openTemporaryFolder } from './temporary-folder.ts';

/** Makes empty stores of one kind. */
export interface StoreMaker extends AsyncDisposable {
  readonly kind: Store['kind'];
  /** A store in a place of its own; closing it leaves nothing behind. */
  open(clock?: Clock): Promise<Store>;
}

/** An embedded store takes 4 s to make the first time on a machine, 0.7 s from then on. */
export function createPgliteStoreMaker(): StoreMaker {
  return {
    kind: 'pglite',
    async open(clock = createRealClock()) {
      await using opened = new AsyncDisposableStack();
      const folder = opened.use(openTemporaryFolder());
      const store = await openPgliteStore({ folder: folder.path, clock, templateFolder: pgliteTemplate() });
      return withCleanup(store, opened.move());
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Starts a server; each store gets a database of its own on it. */
export async function createPostgresStoreMaker(): Promise<StoreMaker> {
  const server = await PostgresServer.start();
  return {
    kind: 'postgres',
    open: async (clock = createRealClock()) =>
      openPostgresStore({ url: await server.createDatabase(), clock }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Where the new, empty database is kept that embedded stores of tests are copied from. */
export function pgliteTemplate(): string {
  const file = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return join(cacheRoot(), `pglite-${version}`);
}

function withCleanup(store: Store, rest: AsyncDisposableStack): Store {
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rest.disposeAsync();
    },
  };
}
