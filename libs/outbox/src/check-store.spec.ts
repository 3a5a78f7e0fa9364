import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { StartRefused } from '@taskwire/messaging';
import { checkStore } from './check-store.js';
import { install } from './install.js';
import { createOutbox } from './outbox.js';
import { type StoreSettings, storeSettings } from './settings.js';
import { pgExecutor } from './sql/pg-executor.js';
import { openTestStore, RecordingDriver, type TestStore } from './store.fixture.js';
import { Pool } from 'pg';

let db: TestStore;
const pools: Pool[] = [];

beforeAll(async () => {
  db = await openTestStore();
  await db.query('create schema skewed');
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(() => db.close());

const check = (given: Partial<StoreSettings> = {}) =>
  checkStore(db.executor, { settings: storeSettings(given) });

/** The same database as a session sees it that has these settings of the server. */
function under(options: string) {
  const pool = new Pool({ connectionString: db.url, max: 1, connectionTimeoutMillis: 5_000, options });
  pools.push(pool);
  return pgExecutor(pool);
}

/** A database whose clock is that far ahead: what is called there finds this one before PostgreSQL's own. */
async function clockAhead(seconds: number) {
  await db.query(`create or replace function skewed.clock_timestamp() returns timestamptz language sql volatile
    as $$ select pg_catalog.clock_timestamp() + interval '${seconds} seconds' $$`);
  return under('-c search_path=skewed,pg_catalog,public');
}

describe('the check of the store', () => {
  it('finds nothing in a database as it should be', async () => {
    expect(await check()).toEqual([]);
  });

  it('warns of a table that autovacuum leaves alone', async () => {
    await db.query('alter table outbox set (autovacuum_enabled = false)');
    const findings = await check();
    await db.query('alter table outbox reset (autovacuum_enabled)');
    expect(findings).toMatchObject([
      { level: 'warning', change: 'alter table outbox reset (autovacuum_enabled)' },
    ]);
    expect(await check()).toEqual([]);
  });

  it('warns of a transaction that keeps dead rows', async () => {
    const client = await db.pool.connect();
    const settings = storeSettings();
    try {
      await client.query('begin isolation level repeatable read');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      expect(await checkStore(db.executor, { settings, oldSnapshotMs: 0 })).toMatchObject([
        { level: 'warning', what: expect.stringContaining(`pid ${rows[0]?.pid}`) },
      ]);
      expect(await checkStore(db.executor, { settings })).toEqual([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it.each([
    ['refuses', 'a clock that is minutes off', 90, ['refused']],
    ['warns of', 'one that is seconds off', 5, ['warning']],
    ['lets through', 'one that is as good as the same', 0.5, []],
  ])('%s %s', async (_verb, _what, ahead, levels) => {
    const executor = await clockAhead(ahead);
    const findings = await checkStore(executor, { settings: storeSettings() });
    expect(findings.map(({ level }) => level)).toEqual(levels);
    for (const { what } of findings) expect(what).toMatch(/this process and of its database are \d+\.\d s/);
  });

  it('refuses transactions that would not see what others commit', async () => {
    const executor = under('-c default_transaction_isolation=serializable');
    expect(await checkStore(executor, { settings: storeSettings() })).toMatchObject([
      { level: 'refused', what: 'default_transaction_isolation is serializable' },
    ]);
  });

  it.each([
    ['shorter', 60_000, ['refused']],
    ['longer', 24 * 3_600_000, []],
  ])('of an inbox that remembers for a %s time than parked messages run', async (_, windowMs, levels) => {
    expect((await check({ windowMs })).map(({ level }) => level)).toEqual(levels);
  });
});

describe('a start', () => {
  it('is refused, naming all that stands in its way, and what to do', async () => {
    await db.query('alter table outbox_held rename to elsewhere');
    const outbox = createOutbox({
      ...{ executor: db.executor, driver: new RecordingDriver() },
      settings: { windowMs: 1_000 },
    });
    const start = outbox.start();
    await expect(start).rejects.toThrow(StartRefused);
    await expect(start).rejects.toThrow(
      /lacks outbox_held .*: apply the migrations in prisma\/ of @taskwire\/outbox, or call install\(\)\n.*remembers for 1 s/,
    );
    await outbox.stop();
    await db.query('alter table elsewhere rename to outbox_held');
  });

  it('says how long its inbox remembers, which the bus compares with its topics', () => {
    const given = {
      executor: db.executor,
      driver: new RecordingDriver(),
      settings: { windowMs: 86_400_000 },
    };
    expect(createOutbox(given).store.windowMs).toBe(86_400_000);
  });

  it('goes on with a warning in the log', async () => {
    const logged: string[] = [];
    const log = { warn: (text: string) => logged.push(text), error: () => undefined };
    const outbox = createOutbox({ executor: await clockAhead(5), driver: new RecordingDriver(), log });
    await outbox.start();
    await outbox.stop();
    expect(logged).toEqual([expect.stringMatching(/are \d\.\d s apart .*: set both by NTP$/)]);
  });
});

describe('install', () => {
  it('installs once, from several processes at once', async () => {
    const tables = [
      'inbox',
      'parked_messages',
      'outbox',
      'outbox_held',
      'outbox_lease',
      'scheduled_messages',
      'running_marks',
      'suspect_messages',
      'operator_actions',
    ];
    await db.query(`drop table ${tables.join()}`);
    await Promise.all([install(db.executor), install(db.executor), install(db.executor)]);
    expect(await check()).toEqual([]);
    await install(db.executor);
  });

  it('adds what a later version brought to tables that are there', async () => {
    await db.query(`drop table operator_actions`);
    await install(db.executor);
    expect(await db.store.deadLetters.actions()).toEqual([]);
  });
});
