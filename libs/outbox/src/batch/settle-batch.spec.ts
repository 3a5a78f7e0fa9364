import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, InfrastructureError } from '@taskwire/messaging';
import {
  command,
  COMMANDS,
  effect,
  EVENTS,
  happened,
  openTestStore,
  runOf,
  writing,
  type TestStore,
} from '../store.fixture.js';
import { SqlError } from '../sql/executor.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const process = (deliveries: readonly Delivery[], run = writing, last = false, group = COMMANDS) =>
  db.store.process(group, deliveries, run, last);

describe('messages that can not be handled', () => {
  const fault = (code: 'undecodable' | 'contract_mismatch' | 'unknown_type') => ({ code, detail: 'at /key' });

  it('end a command as its fault says', async () => {
    const batch = [
      command({ id: 'a', fault: fault('contract_mismatch') }),
      command({ id: 'b', fault: fault('unknown_type') }),
      command({ id: 'c' }),
    ];
    expect(await process(batch)).toMatchObject([
      { ending: 'failed', problem: { code: 'contract_mismatch' } },
      { ending: 'rejected', problem: { code: 'unknown_type' } },
      { ending: 'done' },
    ]);
  });

  it('park an event dead at once; one that broke its contract blocks its key, an undecodable one does not', async () => {
    const batch = [
      happened({ id: 'a1', key: 'a', fault: fault('contract_mismatch') }),
      happened({ id: 'a2', key: 'a' }),
      happened({ id: 'b1', key: 'b', fault: fault('undecodable') }),
      happened({ id: 'b2', key: 'b' }),
    ];
    expect(await process(batch, writing, false, EVENTS)).toMatchObject([
      { kind: 'parked', state: 'dead' },
      { kind: 'parked', state: 'waiting' },
      { kind: 'parked', state: 'dead' },
      { ending: 'done' },
    ]);
  });

  it('block nothing where a dead message lets its key continue', async () => {
    const batch = [happened({ id: 'a1', fault: fault('contract_mismatch') }), happened({ id: 'a2' })];
    expect(await process(batch, writing, false, { ...EVENTS, afterDead: 'continue' })).toMatchObject([
      { kind: 'parked', state: 'dead' },
      { ending: 'done' },
    ]);
  });

  it('are stored even when their id holds what PostgreSQL can not', async () => {
    const odd = happened({ id: 'a\0b', key: 'k\0', fault: fault('undecodable') });
    expect(await process([odd], writing, false, EVENTS)).toEqual([{ kind: 'parked', state: 'dead' }]);
  });
});

describe('faults of the place', () => {
  const place = (sqlState: string) => runOf(() => Promise.reject(new SqlError(sqlState, 'out')));

  it.each(['08006', '25006', '53200', '57P01', '58030'])(
    '%s settles nothing and counts no attempt',
    async (state) => {
      await expect(process([command(), command()], place(state), true)).rejects.toBeInstanceOf(
        InfrastructureError,
      );
      expect(await db.query('select * from inbox')).toEqual([]);
      expect(await db.query('select * from parked_messages')).toEqual([]);
    },
  );

  it('are seen in the causes of what a handler throws', async () => {
    const wrapped = runOf(() =>
      Promise.reject(new Error('could not save', { cause: new SqlError('57P01', 'shutdown') })),
    );
    await expect(process([command()], wrapped, true)).rejects.toBeInstanceOf(InfrastructureError);
  });

  it('include a server that ends the connection in the middle of a batch', async () => {
    const kill = runOf(async (message, context) => {
      await effect(message, context);
      await db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
      );
      return effect(message, context);
    });
    await expect(process([command({ id: 'a' })], kill, true)).rejects.toBeInstanceOf(InfrastructureError);
    expect(await process([command({ id: 'a' })])).toMatchObject([{ ending: 'done', repeated: false }]);
    expect(await db.effects()).toEqual(['a']);
  });

  it.each(['40001', '40P01'])('%s runs the batch again by itself', async (state) => {
    let failures = 2;
    const run = runOf((message, context) => {
      if (failures-- > 0) throw new SqlError(state, 'collided');
      return effect(message, context);
    });
    expect(await process([command({ id: 'a' }), command({ id: 'b' })], run)).toMatchObject([
      { ending: 'done' },
      { ending: 'done' },
    ]);
  });

  it('a message that never stops colliding gives the batch back', async () => {
    await expect(process([command()], place('40P01'), true)).rejects.toThrow('kept colliding');
  });
});

describe('rows that several partitions write', () => {
  it('are locked in order when the handler says which: no deadlock, every write counts', async () => {
    await db.query('create table counters (id int primary key, n int not null)');
    await db.query('insert into counters select i, 0 from generate_series(1, 5) i');
    const rowsOf = (id: string) => [...id].map((c) => (c.charCodeAt(0) % 5) + 1);
    const run = runOf(
      async (message, context) => {
        const tx = context.tx as unknown as { query(text: string, values: unknown[]): Promise<unknown> };
        for (const row of rowsOf(message.id))
          await tx.query('update counters set n = n + 1 where id = $1', [row]);
      },
      (message) => rowsOf(message.id).map((row) => `counter ${row}`),
    );
    const batches = Array.from({ length: 8 }, (_, p) =>
      Array.from({ length: 20 }, (_, i) =>
        command({ id: `${(p * 7919 + i * 104729).toString(36)}-${p}`, key: `k${p}`, partition: p }),
      ),
    );
    await Promise.all(batches.map((batch) => process(batch, run)));
    const expected = batches.flat().reduce((sum, { message }) => sum + message.id.length, 0);
    expect(await db.query('select sum(n)::int as n from counters')).toEqual([{ n: expected }]);
    const [{ deadlocks }] = (await db.query<{ deadlocks: string }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )) as [{ deadlocks: string }];
    expect(deadlocks).toBe('0');
  });
});
