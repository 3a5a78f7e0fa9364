import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { command, COMMANDS, openTestStore, runOf, type TestStore, writing } from '../store.fixture.js';
import { type SqlExecutor, unwrap } from '../sql/executor.js';
import { pgExecutor, type PgHandle } from '../sql/pg-executor.js';
import { look } from './look.js';

let db: TestStore;
let connection: Pool;
let executor: SqlExecutor;
beforeAll(async () => {
  db = await openTestStore();
  connection = new Pool({ connectionString: db.url, max: 1, pipeline: true });
  executor = pgExecutor(connection);
});
afterAll(async () => {
  await connection.end();
  await db.close();
});
beforeEach(() => db.clear());

/** More often than PostgreSQL plans a named statement anew before it keeps a plan. */
const TIMES = 8;
const lookAt = (id: string) =>
  executor.transaction((tx) => look(tx, COMMANDS.subscriber, [command({ id })], 1e9));

describe('a look at a batch', () => {
  it('keeps to the indexes with a plan from when the tables were small', async () => {
    await db.store.process(COMMANDS, [command({ id: 'a' })], writing, false);
    // Each would make PostgreSQL plan anew.
    await db.query(`alter table inbox set (autovacuum_enabled = off)`);
    await db.query('vacuum analyze inbox, parked_messages, suspect_messages');
    for (let i = 0; i < TIMES; i++) await lookAt('a');
    await db.query(
      `insert into inbox (subscriber, id, ending, first_sent_at)
      select $1, n::text, 'done', now() from generate_series(1, 5000) n`,
      [COMMANDS.subscriber],
    );

    const scans = async () => {
      await connection.query('select pg_stat_force_next_flush()');
      const [row] = await db.query<{ scans: number }>(
        `select seq_scan::int as scans from pg_stat_user_tables where relname = 'inbox'`,
      );
      return row?.scans;
    };
    const before = await scans();
    expect(await lookAt('77')).toMatchObject([{ ending: 'done' }]);
    expect(await lookAt('x')).toMatchObject([{ ending: null }]);
    expect(await scans()).toBe(before);
  });

  it('leaves the planner to the handlers as it was', async () => {
    const settings: unknown[] = [];
    const run = runOf(async (_message, { tx }) => {
      const sql = `select current_setting('enable_seqscan') as value, current_setting('enable_indexscan') as other`;
      settings.push(...(await unwrap<PgHandle>(tx).query(sql)).rows);
    });
    await db.store.process(COMMANDS, [command()], run, false);
    await db.query(`alter database ${new URL(db.url).pathname.slice(1)} set enable_seqscan = off`);
    const other = new Pool({ connectionString: db.url, max: 1 });
    await db.another({ executor: pgExecutor(other) }).process(COMMANDS, [command()], run, false);
    await other.end();
    expect(settings).toEqual([
      { value: 'on', other: 'on' },
      { value: 'off', other: 'on' },
    ]);
  });
});
