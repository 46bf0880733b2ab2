/** Migrations go forward, once, one process at a time, and leave a newer database alone. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { migrate, migrations } from '../../src/store/migrations/migrate.ts';
import type { Migration } from '../../src/store/migrations/migration.ts';
import { openPgliteStore } from '../../src/store/pglite/open-pglite-store.ts';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts';
import type { Database } from '../../src/store/schema.ts';
import { PostgresServer } from '../../src/testing/postgres-server.ts';
import { createRealClock } from '../../src/testing/real-clock.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { pgliteTemplate } from '../../src/testing/temporary-store.ts';
import { newResponse } from './contract/cases.ts';

const clock = createRealClock();
const addColumn: Migration = {
  version: migrations.length + 1,
  name: 'add-a-column',
  statements: ['ALTER TABLE gradus.keys ADD COLUMN colour text', `UPDATE gradus.keys SET colour = 'red'`],
};
const breakHalfWay: Migration = {
  version: migrations.length + 2,
  name: 'break-half-way',
  statements: ['CREATE TABLE gradus.half (a int)', 'SELECT nonsense'],
};

describe('migrations', { timeout: 280_000 }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await PostgresServer.start();
  });
  after(() => server[Symbol.asyncDispose]());

  const withDatabase = async (
    url: string,
    work: (db: Kysely<Database>, pool: pg.Pool) => Promise<void>,
  ): Promise<void> => {
    const pool = new pg.Pool({ connectionString: url });
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }).withSchema('gradus');
    try {
      await work(db, pool);
    } finally {
      await db.destroy();
    }
  };

  it('the list is numbered from 1 without gaps', () => {
    assert.deepEqual(
      migrations.map((migration) => migration.version),
      migrations.map((_, index) => index + 1),
    );
  });

  it('of processes that start at once one migrates and all go on', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgresStore({ url, clock })));
    const row = newResponse();
    await stores[0]?.responses.create(row);
    for (const store of stores) assert.deepEqual(await store.responses.load(row.id), row);
    const { rows } = (await stores[1]?.pool.query(
      'SELECT version, name FROM gradus.migrations ORDER BY 1',
    )) ?? { rows: [] };
    assert.deepEqual(
      rows,
      migrations.map(({ version, name }) => ({ version, name })),
    );
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it('a database that a newer Gradus wrote is refused and not touched', async () => {
    const url = await server.createDatabase();
    await withDatabase(url, async (db, pool) => {
      await migrate(db, [...migrations, addColumn]);
      const before = await pool.query('SELECT * FROM gradus.migrations ORDER BY 1');
      await assert.rejects(migrate(db), {
        code: 'database-too-new',
        message: `The database has version ${migrations.length + 1}; this Gradus knows versions up to ${migrations.length}.`,
      });
      await assert.rejects(openPostgresStore({ url, clock }), { code: 'database-too-new' });
      assert.deepEqual((await pool.query('SELECT * FROM gradus.migrations ORDER BY 1')).rows, before.rows);
    });
  });

  it('the embedded store refuses a newer database as well, and gives its folder back', async () => {
    await using folder = openTemporaryFolder();
    const options = { folder: folder.path, clock, templateFolder: pgliteTemplate() };
    const store = await openPgliteStore(options);
    await store.pool.query(`INSERT INTO gradus.migrations (version, name) VALUES (999, 'from-the-future')`);
    await store[Symbol.asyncDispose]();
    for (let i = 0; i < 2; i++) {
      await assert.rejects(openPgliteStore(options), { code: 'database-too-new' });
    }
  });

  it('a migration that fails leaves nothing of itself, and those before it stay', async () => {
    const url = await server.createDatabase();
    await withDatabase(url, async (db, pool) => {
      await assert.rejects(migrate(db, [...migrations, addColumn, breakHalfWay]), /nonsense/);
      const found = await pool.query(
        `SELECT to_regclass('gradus.half') AS half, (SELECT max(version) FROM gradus.migrations) AS version`,
      );
      assert.deepEqual(found.rows, [{ half: null, version: migrations.length + 1 }]);
    });
  });

  it('a list with a migration in the wrong place is a bug that is thrown', async () => {
    const url = await server.createDatabase();
    await withDatabase(url, async (db) => {
      await assert.rejects(
        migrate(db, [...migrations, breakHalfWay]),
        /break-half-way is in the wrong place/,
      );
    });
  });
});
