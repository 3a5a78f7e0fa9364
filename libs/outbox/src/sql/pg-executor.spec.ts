import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FaultProxy, faultProxy } from '@taskwire/testing';
import { Pool } from 'pg';
import { openTestStore, type TestStore, until } from '../store.fixture.js';
import { unwrap } from './executor.js';
import { lock } from './locks.js';
import { pgExecutor, type PgHandle } from './pg-executor.js';
import { UNNAMED } from './statement-name.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const insert = `insert into effects (id) values ('a')`;

describe('a transaction', () => {
  it('commits what its work did, and answers with its result', async () => {
    const result = await db.executor.transaction(async (tx) => {
      await tx.execute(insert);
      return 'result';
    });
    expect([result, await db.effects()]).toEqual(['result', ['a']]);
  });

  it('leaves nothing of work that fails, and passes its error on', async () => {
    const error = new Error('mine');
    const failing = db.executor.transaction(async (tx) => {
      await tx.execute(insert);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await db.effects()).toEqual([]);
  });

  it('is READ COMMITTED whatever the default is', async () => {
    await db.query(
      `do $$ begin execute format('alter database %I set default_transaction_isolation to serializable', current_database()); end $$`,
    );
    const pool = new Pool({ connectionString: db.url });
    const [row] = await pgExecutor(pool).transaction((tx) =>
      tx.query<{ level: string }>(`select current_setting('transaction_isolation') as level`),
    );
    await pool.end();
    expect(row?.level).toBe('read committed');
  });

  it('in which a failure was swallowed commits nothing, and says so', async () => {
    const swallowing = db.executor.transaction(async (tx) => {
      await tx.execute(insert);
      await tx.query('select 1/0').catch(() => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ sqlState: '25P02' });
  });

  it('gives its connection back after each end, and survives one that the server ended', async () => {
    const pool = new Pool({ connectionString: db.url, max: 1 });
    const executor = pgExecutor(pool);
    const ended = executor.transaction(async (tx) => {
      const [mine] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await db.query('select pg_terminate_backend($1)', [mine?.pid]);
      await until('the end', async () => {
        const rows = await db.query('select 1 from pg_stat_activity where pid = $1', [mine?.pid]);
        return rows.length === 0;
      });
      await tx.query('select 1');
    });
    await expect(ended).rejects.toMatchObject({ name: 'SqlError' });
    for (let i = 0; i < 3; i++) await executor.transaction((tx) => tx.query('select 1'));
    await pool.end();
  });

  it('counts the writes of its handle, and closes it', async () => {
    let handle: PgHandle | undefined;
    await db.executor.transaction(async (tx) => {
      handle = unwrap<PgHandle>(tx.handle);
      await handle.query('select 1');
      expect(tx.writes).toBe(0);
      expect(await handle.query(`${insert} returning id`)).toEqual({ rows: [{ id: 'a' }], rowCount: 1 });
      await tx.execute(insert);
      expect(tx.writes).toBe(1);
    });
    await expect(handle?.query(insert)).rejects.toThrow('await all queries before it returns');
    expect(await db.effects()).toHaveLength(2);
  });
});

describe('faults', () => {
  it('of statements carry their SQLSTATE', async () => {
    await expect(db.executor.query('select 1/0')).rejects.toMatchObject({
      name: 'SqlError',
      sqlState: '22012',
    });
  });

  it('of a server that is not there, and of a pool that has no connection left, are faults of the place', async () => {
    const away = new Pool({ connectionString: 'postgresql://postgres@127.0.0.1:1/none' });
    await expect(pgExecutor(away).query('select 1')).rejects.toMatchObject({ sqlState: '08006' });
    await expect(pgExecutor(away).transaction(() => Promise.resolve())).rejects.toMatchObject({
      sqlState: '08006',
    });
    const small = new Pool({ connectionString: db.url, max: 1, connectionTimeoutMillis: 50 });
    const taken = await small.connect();
    await expect(pgExecutor(small).transaction(() => Promise.resolve())).rejects.toMatchObject({
      sqlState: '08006',
    });
    taken.release();
    await small.end();
  });
});

describe('statements', () => {
  it('keep their plans by name, but for those that say otherwise', async () => {
    const pool = new Pool({ connectionString: db.url, max: 1 });
    const executor = pgExecutor(pool);
    await executor.query('select 1 as kept');
    await executor.query(`${UNNAMED} select 2 as forgotten`);
    const { rows } = await pool.query<{ statement: string }>('select statement from pg_prepared_statements');
    await pool.end();
    expect(rows).toEqual([{ statement: 'select 1 as kept' }]);
  });
});

describe('locks', () => {
  it('of one name are held by one transaction at a time, and bound every later wait', async () => {
    const order: string[] = [];
    const held = Promise.withResolvers<undefined>();
    const first = db.executor.transaction(async (tx) => {
      await lock(tx, 'rows', ['x', 'y', 'x']);
      order.push('first');
      const [limits] = await tx.query<{ lock: string }>(`select current_setting('lock_timeout') as lock`);
      expect(limits?.lock).toBe('10s');
      await held.promise;
    });
    await until('the first', () => order.length === 1);
    await db.executor.transaction((tx) => lock(tx, 'outgoing', ['x']));
    await db.executor.transaction((tx) => lock(tx, 'rows', ['z']));
    const second = db.executor.transaction(async (tx) => {
      await lock(tx, 'rows', ['y']);
      order.push('second');
    });
    held.resolve(undefined);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('taken in two orders do not deadlock', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const take = (order: string[]) => db.executor.transaction((tx) => lock(tx, 'rows', order));
    await Promise.all(Array.from({ length: 20 }, (_, i) => take(i % 2 === 0 ? names : [...names].reverse())));
  });

  it('bound waits even when none is taken', async () => {
    const [limits] = await db.executor.transaction(async (tx) => {
      await lock(tx, 'rows', []);
      return tx.query<{ lock: string }>(`select current_setting('lock_timeout') as lock`);
    });
    expect(limits?.lock).toBe('10s');
  });
});

describe('a connection that is open by half', () => {
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await faultProxy({ target: new URL(db.url).host });
  });
  afterAll(() => proxy.close());
  afterEach(() => proxy.heal());

  /** The only connection of its pool is used once, then nothing comes through to it any more. */
  async function blackHole(pipeline: boolean) {
    const pool = new Pool({ connectionString: proxy.through(db.url), max: 1, pipeline });
    pool.on('error', () => undefined);
    const executor = pgExecutor(pool, { promptMs: 1_500 });
    await executor.query('select 1');
    return { pool, executor, vanish: () => proxy.add({ type: 'timeout', timeout: 0 }) };
  }

  describe.each([
    ['that pipelines', true],
    ['that does not', false],
  ])('%s', (_, pipeline) => {
    it('ends a statement as a fault of the place, and the next one gets another connection', async () => {
      const { pool, vanish } = await blackHole(pipeline);
      const executor = pgExecutor(pool, { answerMs: 1_500 });
      const restore = vanish();
      await expect(executor.query('select 1')).rejects.toMatchObject({ sqlState: '08006' });
      restore();
      expect(await executor.query('select 2 as n')).toEqual([{ n: 2 }]);
      await pool.end();
    });

    it('ends a transaction that can not begin', async () => {
      const { pool, executor, vanish } = await blackHole(pipeline);
      const restore = vanish();
      const begun = executor.transaction((tx) => tx.query('select 1'));
      await expect(begun).rejects.toMatchObject({ sqlState: '08006' });
      restore();
      expect(await executor.transaction((tx) => tx.query('select 2 as n'))).toEqual([{ n: 2 }]);
      await pool.end();
    });

    it('ends a transaction whose work gave up on it: the rollback is not waited for', async () => {
      const { pool, executor, vanish } = await blackHole(pipeline);
      let restore = (): void => undefined;
      const given = executor.transaction(async (tx) => {
        await tx.query('select 1');
        restore = vanish();
        tx.query('select 2').catch(() => undefined);
        throw new Error('gave up');
      });
      await expect(given).rejects.toThrow('gave up');
      restore();
      expect(await executor.query('select 3 as n')).toEqual([{ n: 3 }]);
      await pool.end();
    });
  });
});
