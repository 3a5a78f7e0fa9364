import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, InfrastructureError, Rejection } from '@taskwire/messaging';
import {
  command,
  COMMANDS,
  effect,
  EVENTS,
  failing,
  Happened,
  happened,
  openTestStore,
  runOf,
  type TestStore,
  until,
  writing,
} from '../store.fixture.js';
import { SqlError } from '../sql/executor.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() =>
  db.query('truncate inbox, parked_messages, outbox, running_batches, suspect_messages, effects'),
);

const process = (deliveries: readonly Delivery[], run = writing, last = false, group = COMMANDS) =>
  db.store.process(group, deliveries, run, last);
const done = (delivery: Delivery, repeated = false) => ({
  kind: 'ended',
  ending: 'done',
  reply: { id: delivery.message.id },
  problem: null,
  repeated,
});

describe('a batch of new messages', () => {
  it('runs each once, in order, and answers each with its reply', async () => {
    const batch = ['a', 'b', 'c'].map((id) => command({ id }));
    expect(await process(batch)).toEqual(batch.map((delivery) => done(delivery)));
    expect(await db.effects()).toEqual(['a', 'b', 'c']);
  });

  it('spans partitions and topics', async () => {
    const batch = [
      command({ id: 'a', partition: 1 }),
      command({ id: 'b', partition: 2 }),
      command({ id: 'c', topic: 'other' }),
    ];
    expect((await process(batch)).map((outcome) => outcome.kind)).toEqual(['ended', 'ended', 'ended']);
  });
});

describe('duplicates', () => {
  it('answers every copy within one batch, and runs one', async () => {
    const [a, b] = [command({ id: 'a' }), command({ id: 'b' })];
    const copy = { ...a };
    expect(await process([a, copy, b, copy])).toEqual([done(a), done(a, true), done(b), done(a, true)]);
    expect(await db.effects()).toEqual(['a', 'b']);
  });

  it('answers with the stored ending after the commit', async () => {
    const a = command({ id: 'a' });
    await process([a]);
    expect(await process([a, command({ id: 'b' })])).toMatchObject([{ repeated: true }, { repeated: false }]);
    expect(await db.effects()).toEqual(['a', 'b']);
  });

  it('runs one of two when both are in batches that run at once', async () => {
    const batch = Array.from({ length: 20 }, (_, i) => command({ id: `m${i}` }));
    const outcomes = await Promise.all([
      process(batch),
      db.another().process(COMMANDS, batch, writing, false),
    ]);
    const repeated = outcomes.flat().filter((outcome) => outcome.kind === 'ended' && outcome.repeated);
    expect(repeated).toHaveLength(20);
    expect(await db.effects()).toEqual(batch.map(({ message }) => message.id));
  });

  it('keeps the inboxes of two subscribers apart', async () => {
    const a = happened({ id: 'a' });
    await process([a], writing, false, EVENTS);
    await process([a], writing, false, { ...EVENTS, subscriber: 'other.events' });
    expect(await db.effects()).toEqual(['a', 'a']);
  });
});

describe('the same id with another request hash', () => {
  const one = command({ id: 'a', requestHash: 'one' });
  const two = command({ id: 'a', requestHash: 'two' });

  it('is a conflict after the commit, and the first one still gets its ending', async () => {
    await process([one]);
    expect(await process([two, one])).toMatchObject([
      { kind: 'conflict' },
      { kind: 'ended', repeated: true },
    ]);
  });

  it('is a conflict within one batch', async () => {
    expect(await process([one, two])).toMatchObject([
      { kind: 'ended', repeated: false },
      { kind: 'conflict' },
    ]);
    expect(await db.effects()).toEqual(['a']);
  });

  it('fits an ending that was stored without a hash', async () => {
    await db.store.cancel(COMMANDS.subscriber, 'a', { firstSentAt: new Date() });
    expect(await process([one])).toMatchObject([{ kind: 'ended', ending: 'cancelled', repeated: true }]);
  });
});

describe('time', () => {
  it('refuses what was first sent longer ago than the inbox remembers', async () => {
    const old = command({ id: 'a', firstSentAt: new Date(Date.now() - 7 * 24 * 3_600_000 - 60_000) });
    expect(await process([old, command({ id: 'b' })])).toMatchObject([
      { kind: 'too-old' },
      { ending: 'done' },
    ]);
    expect(await db.effects()).toEqual(['b']);
  });

  it('ends a command past its deadline as expired, and only then', async () => {
    const late = command({ id: 'a', deadline: new Date(Date.now() - 1_000) });
    const early = command({ id: 'b', deadline: new Date(Date.now() + 60_000) });
    expect(await process([late, early])).toMatchObject([
      { ending: 'expired', problem: { code: 'expired' } },
      { ending: 'done' },
    ]);
    expect(await process([late])).toMatchObject([{ ending: 'expired', repeated: true }]);
  });
});

describe('rejections', () => {
  const refuse = (when: 'before' | 'after', id: string) =>
    runOf(async (message, context) => {
      if (message.id === id && when === 'before') throw new Rejection('no', 'not this one');
      context.publish(Happened, { key: 'k', n: message.id }, message);
      const reply = await effect(message, context);
      if (message.id === id) throw new Rejection('no', 'not this one');
      return reply;
    });

  it.each(['before', 'after'] as const)(
    'a refusal %s a write leaves nothing of its message behind',
    async (when) => {
      const batch = ['a', 'b', 'c'].map((id) => command({ id }));
      expect(await process(batch, refuse(when, 'b'))).toMatchObject([
        { ending: 'done' },
        { ending: 'rejected', reply: null, problem: { code: 'no', detail: 'not this one' } },
        { ending: 'done' },
      ]);
      expect(await db.effects()).toEqual(['a', 'c']);
      const sent = await db.query<{ n: string }>(`select payload::json->>'n' as n from outbox order by seq`);
      expect(sent.map(({ n }) => n)).toEqual(['a', 'c']);
    },
  );

  it('runs the batch once when the refusal came before a write', async () => {
    let calls = 0;
    const run = refuse('before', 'b');
    await process(
      ['a', 'b'].map((id) => command({ id })),
      Object.assign((...args: Parameters<typeof run>) => ((calls += 1), run(...args)), {}),
    );
    expect(calls).toBe(1);
  });

  it('rolls back a refusal that does not say whether it wrote, when the transaction was written to', async () => {
    const outcomes = await process(
      [command({ id: 'a' }), command({ id: 'b' })],
      async (messages, context) => {
        for (const message of messages) await effect(message, context);
        return messages.map((message) =>
          message.id === 'b' ? { rejection: new Rejection('no') } : { reply: null },
        );
      },
    );
    expect(outcomes).toMatchObject([{ ending: 'done' }, { ending: 'rejected' }]);
    expect(await db.effects()).toEqual(['a']);
  });

  it('is answered from the inbox when it is repeated', async () => {
    await process([command({ id: 'a' })], refuse('after', 'a'));
    expect(await process([command({ id: 'a' })])).toMatchObject([
      { ending: 'rejected', repeated: true, problem: { code: 'no' } },
    ]);
  });
});

describe('faults of a handler', () => {
  it('are to be run again, with what comes later on their key; the rest is settled', async () => {
    const batch = [
      command({ id: 'a1', key: 'a' }),
      command({ id: 'b1', key: 'b' }),
      command({ id: 'a2', key: 'a' }),
    ];
    expect(await process(batch, failing(new Map([['a1', 9]])))).toMatchObject([
      { kind: 'again', error: { message: 'no luck with a1' } },
      { kind: 'ended' },
      { kind: 'again', error: undefined },
    ]);
    expect(await db.effects()).toEqual(['b1']);
  });

  it('settle a command on the last attempt: failed, with a dead letter, and its key goes on', async () => {
    const batch = [command({ id: 'a1' }), command({ id: 'a2' })];
    expect(await process(batch, failing(new Map([['a1', 9]])), true)).toMatchObject([
      { ending: 'failed', problem: { code: 'failed' } },
      { ending: 'done' },
    ]);
    expect(await db.query('select id, state, key, reason, error from parked_messages')).toEqual([
      { id: 'a1', state: 'dead', key: null, reason: 'Error', error: 'no luck with a1' },
    ]);
    expect(await process(batch)).toMatchObject([{ ending: 'failed', repeated: true }, { repeated: true }]);
  });

  it('park an event on the last attempt, and what comes later on its key behind it', async () => {
    const batch = [
      happened({ id: 'a1', key: 'a' }),
      happened({ id: 'b1', key: 'b' }),
      happened({ id: 'a2', key: 'a' }),
    ];
    expect(await process(batch, failing(new Map([['a1', 9]])), true, EVENTS)).toMatchObject([
      { kind: 'parked', state: 'retry' },
      { kind: 'ended' },
      { kind: 'parked', state: 'waiting' },
    ]);
    expect(await process([happened({ id: 'a3', key: 'a' })], writing, false, EVENTS)).toEqual([
      { kind: 'parked', state: 'waiting' },
    ]);
    expect(await process(batch, writing, false, EVENTS)).toMatchObject([
      { kind: 'parked', state: 'already' },
      { repeated: true },
      { kind: 'parked', state: 'already' },
    ]);
    expect(await db.effects()).toEqual(['b1']);
  });

  it('hold up nothing where there is no order', async () => {
    const batch = [
      happened({ id: 'a1', key: null, partition: 0 }),
      happened({ id: 'a2', key: null, partition: 0 }),
    ];
    expect(await process(batch, failing(new Map([['a1', 9]])), true, EVENTS)).toMatchObject([
      { kind: 'parked', state: 'retry' },
      { ending: 'done' },
    ]);
  });

  it('that a reply can not be stored are the fault of its message alone', async () => {
    const run = runOf((message) => (message.id === 'a' ? { big: 1n } : 'fine'));
    const batch = [command({ id: 'a' }), command({ id: 'b' })];
    expect(await process(batch, run, true)).toMatchObject([
      { ending: 'failed' },
      { ending: 'done', reply: 'fine' },
    ]);
  });

  it('end a run that takes too long, and what it still does is refused', async () => {
    const store = db.another({ settings: { handlerMs: 100 } });
    let late: Promise<unknown> | undefined;
    const slow = runOf((message, context) => {
      if (message.id !== 'a') return effect(message, context);
      return new Promise((resolve) => {
        setTimeout(() => {
          late = effect(message, context);
          late.then(resolve, resolve);
        }, 300);
      });
    });
    const outcomes = await store.process(
      COMMANDS,
      [command({ id: 'a' }), command({ id: 'b', key: 'b' })],
      slow,
      true,
    );
    expect(outcomes).toMatchObject([{ ending: 'failed' }, { ending: 'done' }]);
    await until('the late query', () => late !== undefined);
    await expect(late).rejects.toThrow('the transaction of this handler is over');
    expect(await db.effects()).toEqual(['b']);
  });

  it('count savepoints: a careful batch of more than 64 is settled in several commits', async () => {
    const batch = Array.from({ length: 150 }, (_, i) =>
      command({ id: `m${String(i).padStart(3, '0')}`, key: `k${i % 7}` }),
    );
    const outcomes = await process(batch, failing(new Map([['m100', 1]])), true);
    expect(outcomes.every((outcome) => outcome.kind === 'ended')).toBe(true);
    expect(await db.effects()).toHaveLength(150);
    expect(await db.query('select distinct xmin::text from effects')).toHaveLength(150);
  });
});

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
