import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bootCheck } from './boot-check.js';
import { install } from './install.js';
import { createOutbox } from './outbox.js';
import type { SqlExecutor } from './sql/executor.js';
import { openTestStore, RecordingDriver, type TestStore } from './store.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());

/** Answers some statements as another server would. */
function answering(part: string, rows: object[]): SqlExecutor {
  return {
    ...db.executor,
    query: async <Row extends object>(text: string, values?: readonly (string | null)[]) =>
      text.includes(part) ? (rows as Row[]) : db.executor.query<Row>(text, values),
  };
}

describe('before it starts', () => {
  it('a database as it should be has no warning about dead rows', async () => {
    expect(await bootCheck(answering('autovacuum', [{ value: 'on' }]))).toEqual([]);
  });

  it('warns when nothing removes dead rows', async () => {
    expect(await bootCheck(answering('autovacuum', [{ value: 'off' }]))).toEqual([
      expect.stringContaining('set autovacuum = on'),
    ]);
  });

  it('warns of a transaction that keeps dead rows', async () => {
    const old = answering('pg_stat_activity', [{ pid: 42, application: 'report', minutes: 90 }]);
    const warnings = await bootCheck({ ...old, query: old.query });
    expect(warnings.at(-1)).toContain('a transaction of 90 minutes (pid 42, report)');
  });

  it('refuses a database without its tables, and says what to do', async () => {
    await db.query('alter table outbox_held rename to elsewhere');
    const outbox = createOutbox({ executor: db.executor, driver: new RecordingDriver() });
    await expect(outbox.start()).rejects.toThrow(
      'the database lacks outbox_held: apply the migrations in prisma/ of @taskwire/outbox, or call install()',
    );
    await outbox.stop();
    await db.query('alter table elsewhere rename to outbox_held');
  });

  it('installs once, from several processes at once', async () => {
    const tables = [
      'inbox',
      'parked_messages',
      'outbox',
      'outbox_held',
      'outbox_lease',
      'scheduled_messages',
      'running_batches',
      'suspect_messages',
      'operator_actions',
    ];
    await db.query(`drop table ${tables.join()}`);
    await Promise.all([install(db.executor), install(db.executor), install(db.executor)]);
    expect(await bootCheck(answering('autovacuum', [{ value: 'on' }]))).toEqual([]);
    await install(db.executor);
  });

  it('adds what a later version brought to tables that are there', async () => {
    await db.query(`drop table operator_actions`);
    await install(db.executor);
    expect(await db.store.deadLetters.actions()).toEqual([]);
  });
});
