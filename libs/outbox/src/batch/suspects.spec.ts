import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Delivery, InfrastructureError } from '@taskwire/messaging';
import { faultProxy } from '@taskwire/testing';
import { Pool } from 'pg';
import {
  command,
  COMMANDS,
  effect,
  EVENTS,
  happened,
  openTestStore,
  parse,
  runOf,
  type TestStore,
  until,
  writing,
} from '../store.fixture.js';
import { type SqlExecutor, SqlError } from '../sql/executor.js';
import { pgExecutor } from '../sql/pg-executor.js';
import { MarksLeft, RunningMarks, type Slot } from './suspects.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { processKills: 3, retryMs: [0] } });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const placesOf = (deliveries: readonly Delivery[]) => deliveries.map((delivery) => delivery.message);

interface Death {
  readonly quarantined?: boolean;
  readonly slot?: Slot;
  readonly subscriber?: string;
}

/** What a process leaves behind that dies while these run: a mark, and no connection. */
async function dieWith(
  deliveries: readonly Delivery[],
  { quarantined = false, slot = 'batch', subscriber = COMMANDS.subscriber }: Death = {},
): Promise<void> {
  const connections = new Pool({ connectionString: db.url, max: 1 });
  const marks = new RunningMarks(subscriber, slot, randomUUID());
  await markOver(pgExecutor(connections), marks, deliveries, quarantined);
  const [mine] = (await connections.query<{ pid: number }>('select pg_backend_pid() as pid')).rows;
  await connections.end();
  const alive = 'select 1 from pg_stat_activity where pid = $1';
  await until('its connection to end', async () => (await db.query(alive, [mine?.pid])).length === 0);
}

async function markOver(
  executor: SqlExecutor,
  marks: RunningMarks,
  deliveries: readonly Delivery[],
  quarantined = false,
): Promise<void> {
  const places = placesOf(deliveries);
  try {
    await marks.mark(executor, places, quarantined);
  } catch (error) {
    if (!(error instanceof MarksLeft)) throw error;
    await marks.blame(executor, error, places);
    await marks.mark(executor, places, quarantined);
  }
}

/** Runs, and tells in which calls. */
function recording(): { calls: string[][]; run: typeof writing } {
  const calls: string[][] = [];
  return {
    calls,
    run: (messages, context) => {
      calls.push(messages.map((message) => message.id));
      return writing(messages, context);
    },
  };
}

const batch = () => ['a', 'b', 'c', 'd'].map((id) => command({ id, partition: 0 }));
const suspects = () => db.query('select id from suspect_messages');
const marked = () => db.query(`select 1 from running_marks where ids <> '{}'`);

describe('after a process died', () => {
  it('the next owner of the partition runs the messages that were running singly, in their place', async () => {
    const deliveries = batch();
    await dieWith(deliveries.slice(1, 3));
    const { calls, run } = recording();
    const outcomes = await db.store.process(COMMANDS, deliveries, run, false);
    expect(outcomes.every((outcome) => outcome.kind === 'ended')).toBe(true);
    expect(calls).toEqual([['a'], ['b'], ['c'], ['d']]);
    expect(await db.effects()).toEqual(['a', 'b', 'c', 'd']);
    expect(await suspects()).toEqual([]);
  });

  it('those of other partitions and subscribers run together', async () => {
    await dieWith([command({ id: 'x', partition: 1 })]);
    await dieWith(batch(), { subscriber: 'another' });
    const { calls, run } = recording();
    await db.store.process(COMMANDS, batch(), run, false);
    expect(calls).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('what it had settled is not run again, and what comes next runs together', async () => {
    await db.store.process(COMMANDS, batch(), writing, false);
    await db.query(`update running_marks set owner = 'gone', pid = 0`);
    const { calls, run } = recording();
    const next = ['e', 'f'].map((id) => command({ id, partition: 0 }));
    const outcomes = await db.another().process(COMMANDS, [...batch(), ...next], run, false);
    expect(outcomes.slice(0, 4)).toMatchObject(batch().map(() => ({ ending: 'done', repeated: true })));
    expect(calls).toEqual([['e', 'f']]);
  });

  it('a command that was running alone each time ends as failed, and the others are done', async () => {
    const deliveries = batch();
    await dieWith(deliveries);
    for (let kills = 0; kills < 3; kills++) await dieWith(deliveries.slice(1, 2), { quarantined: true });
    const { calls, run } = recording();
    expect(await db.store.process(COMMANDS, deliveries, run, false)).toMatchObject([
      { ending: 'done' },
      { ending: 'failed', problem: { code: 'failed' } },
      { ending: 'done' },
      { ending: 'done' },
    ]);
    expect(calls.flat()).not.toContain('b');
    expect(await db.store.deadLetters.list()).toMatchObject([
      { id: 'b', state: 'dead', reason: 'process_died' },
    ]);
  });

  it('those that were only beside what kills are done, however often it does', async () => {
    const deliveries = batch();
    for (let deaths = 0; deaths < 10; deaths++) await dieWith(deliveries);
    const { calls, run } = recording();
    const outcomes = await db.store.process(COMMANDS, deliveries, run, false);
    expect(outcomes).toMatchObject(deliveries.map(() => ({ ending: 'done' })));
    expect(calls).toEqual([['a'], ['b'], ['c'], ['d']]);
    expect(await suspects()).toEqual([]);
  });

  it('a parked event that was running alone each time is dead, and was run alone before', async () => {
    const broken = runOf(() => Promise.reject(new Error('broken')));
    const events = ['a', 'b'].map((id) => happened({ id, partition: 0 }));
    await db.store.process(EVENTS, events, broken, true);
    const draining = { slot: 'drain', subscriber: EVENTS.subscriber } as const;
    await dieWith(events, draining);
    const { calls, run } = recording();
    expect(await db.store.drain(EVENTS, run, parse)).toBe(1);
    expect(calls).toEqual([['a']]);
    for (let kills = 0; kills < 3; kills++)
      await dieWith(events.slice(1), { ...draining, quarantined: true });
    expect(await db.store.drain(EVENTS, run, parse)).toBe(0);
    expect(await db.store.deadLetters.list()).toMatchObject([
      { id: 'b', state: 'dead', reason: 'process_died' },
    ]);
  });
});

describe('a process that lives', () => {
  it('is not taken for dead by another instance that runs the same messages', async () => {
    const other = new RunningMarks(COMMANDS.subscriber, 'batch', randomUUID());
    const { calls, run } = recording();
    for (let i = 0; i < 5; i++) await markOver(db.executor, other, batch());
    await db.store.process(COMMANDS, batch(), run, false);
    expect(calls).toHaveLength(1);
  });

  it('is, when its mark is older than any batch: a pooler may keep the connections of the dead', async () => {
    await markOver(db.executor, new RunningMarks(COMMANDS.subscriber, 'batch', randomUUID()), batch());
    await db.query(`update running_marks set marked_at = marked_at - interval '3 minutes'`);
    const { calls, run } = recording();
    await db.store.process(COMMANDS, batch(), run, false);
    expect(calls).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  it('suspects nothing of its own batch that failed, and leaves no mark behind', async () => {
    const away = runOf(() => Promise.reject(new SqlError('57P01', 'shutdown')));
    await expect(db.store.process(COMMANDS, batch(), away, false)).rejects.toThrow('shutdown');
    expect(await marked()).toEqual([]);
    const { calls, run } = recording();
    await db.store.process(COMMANDS, batch(), run, false);
    expect(calls).toHaveLength(1);
  });

  it('counts no kill for what it could not unmark itself', async () => {
    let away = false;
    const executor: SqlExecutor = {
      ...db.executor,
      transaction: (work, before) =>
        away ? Promise.reject(new SqlError('08006', 'away')) : db.executor.transaction(work, before),
    };
    const store = db.another({ executor });
    const failing = runOf(() => {
      away = true;
      return Promise.reject(new SqlError('08006', 'away'));
    });
    for (let i = 0; i < 5; i++) {
      away = false;
      await expect(store.process(COMMANDS, batch(), failing, false)).rejects.toThrow('away');
    }
    away = false;
    expect(await marked()).toHaveLength(1);
    const { calls, run } = recording();
    await store.process(COMMANDS, batch(), run, false);
    expect(calls).toHaveLength(1);
    expect(await suspects()).toEqual([]);
  });

  it('waits no longer than for any begin where it can not unmark: all connections are open by half', async () => {
    const proxy = await faultProxy({ target: new URL(db.url).host });
    const pool = new Pool({ connectionString: proxy.through(db.url), max: 2 });
    pool.on('error', () => undefined);
    // Whatever waits for an answer instead is not done within this test.
    const store = db.another({ executor: pgExecutor(pool, { promptMs: 1_000, answerMs: 600_000 }) });
    await Promise.all([pool.query('select pg_sleep(0.1)'), pool.query('select pg_sleep(0.1)')]);
    expect(pool.idleCount).toBe(2);
    proxy.add({ type: 'timeout', timeout: 0 });
    await expect(store.process(COMMANDS, batch(), writing, false)).rejects.toThrow(InfrastructureError);
    await proxy.heal();
    const outcomes = await store.process(COMMANDS, batch(), writing, false);
    expect(outcomes).toMatchObject(batch().map(() => ({ ending: 'done' })));
    await pool.end();
    await proxy.close();
  }, 60_000);

  it('keeps marks of batches and of drains apart', async () => {
    await db.store.process(
      EVENTS,
      [happened({ id: 'p' })],
      runOf(() => Promise.reject(new Error('x'))),
      true,
    );
    const draining = Promise.withResolvers<undefined>();
    const started = Promise.withResolvers<undefined>();
    const slow = runOf(async (message, context) => {
      started.resolve(undefined);
      await draining.promise;
      return effect(message, context);
    });
    const drained = db.store.drain(EVENTS, slow, parse);
    await started.promise;
    const processed = db.store.process(
      EVENTS,
      [happened({ id: 'q', key: 'other', partition: 0 })],
      writing,
      false,
    );
    draining.resolve(undefined);
    expect(await drained).toBe(1);
    expect(await processed).toMatchObject([{ ending: 'done' }]);
    expect(await suspects()).toEqual([]);
  });
});
