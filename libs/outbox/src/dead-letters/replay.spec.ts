import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OutboxStore } from '../outbox-store.js';
import {
  command,
  COMMANDS,
  EVENTS,
  happened,
  openTestStore,
  parse,
  runOf,
  type TestStore,
  until,
  writing,
} from '../store.fixture.js';
import { ADA, CONTINUE, makeDead, shape, skipWaits } from './dead-letters.fixture.js';
import type { ReplaySelection } from './dead-letters.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { retryMs: [0], replayPerSecond: 20 } });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const replay = (selection: ReplaySelection = {}, by: OutboxStore = db.store) =>
  by.deadLetters.replay(selection, ADA, { dryRun: false });
const dryRun = (selection: ReplaySelection = {}, perSecond?: number) =>
  db.store.deadLetters.replay(selection, ADA, {
    dryRun: true,
    ...(perSecond !== undefined && { perSecond }),
  });
const drain = (group = EVENTS, by: OutboxStore = db.store) => by.drain(group, writing, parse);
const parked = () => db.query('select id, state, attempts from parked_messages order by seq');
const actions = () => db.store.deadLetters.actions();

describe('a dry run', () => {
  it('says what would run, in which order, when, and what waits behind it; and does nothing', async () => {
    await makeDead(db, ['a', 'a2', 'a3'], 'one');
    await makeDead(db, ['b'], 'two');
    const before = await parked();
    const plan = await dryRun();
    expect(plan).toMatchObject({ applied: false, next: null });
    expect(shape(plan)).toEqual([
      ['a', 'runs', 0],
      ['b', 'runs', 50],
    ]);
    expect(plan.steps.map((step) => step.waitingBehind)).toEqual([2, 0]);
    expect(await parked()).toEqual(before);
    expect(await actions()).toEqual([]);
    expect(await drain()).toBe(0);
  });

  it('names what the inbox has: it would have no effect', async () => {
    await makeDead(db, ['a'], 'one');
    await db.query(
      `insert into inbox (subscriber, id, ending, first_sent_at) values ($1, 'a', 'done', now())`,
      [EVENTS.subscriber],
    );
    expect(await dryRun()).toMatchObject({
      steps: [{ id: 'a', verdict: 'no-effect', ending: 'done', afterMs: null }],
    });
  });

  it('names what is refused: commands that ended, and what is not dead', async () => {
    await db.store.process(
      COMMANDS,
      [command({ id: 'c' })],
      runOf(() => Promise.reject(new Error('no'))),
      true,
    );
    await makeDead(db, ['a', 'b']);
    expect(shape(await dryRun())).toEqual([
      ['c', 'ended', null],
      ['a', 'runs', 0],
    ]);
    expect(shape(await dryRun({ subscriber: EVENTS.subscriber, id: 'b' }))).toEqual([
      ['b', 'not-dead', null],
    ]);
    expect(shape(await dryRun({ subscriber: EVENTS.subscriber, id: 'z' }))).toEqual([]);
    expect(shape(await dryRun({ subscriber: 'other', id: 'a' }))).toEqual([]);
  });

  it('can be slower than the rate, not faster', async () => {
    await makeDead(db, ['a'], 'one');
    await makeDead(db, ['b'], 'two');
    expect(shape(await dryRun({}, 2))).toEqual([
      ['a', 'runs', 0],
      ['b', 'runs', 500],
    ]);
    expect(shape(await dryRun({}, 1_000)).at(-1)).toEqual(['b', 'runs', 50]);
  });
});

describe('a replay', () => {
  it('runs a dead message first, then those behind it, once', async () => {
    await makeDead(db, ['a', 'b']);
    expect(shape(await replay({ subscriber: EVENTS.subscriber, id: 'a' }))).toEqual([['a', 'runs', 0]]);
    expect(await parked()).toMatchObject([{ id: 'a', state: 'retry', attempts: 0 }, { state: 'waiting' }]);
    expect(await drain()).toBe(2);
    expect(await db.effects()).toEqual(['a', 'b']);
    expect(shape(await replay({ subscriber: EVENTS.subscriber, id: 'a' }))).toEqual([]);
  });

  it('takes what its filter finds, and nothing else', async () => {
    await makeDead(db, ['a'], 'one');
    await makeDead(db, ['b'], 'two');
    expect(shape(await replay({ key: 'two' }))).toEqual([['b', 'runs', 0]]);
    expect(await drain()).toBe(1);
    expect(await db.effects()).toEqual(['b']);
  });

  it('takes a bounded number, and says where to go on past those that are refused', async () => {
    const broken = runOf(() => Promise.reject(new Error('no')));
    await db.store.process(COMMANDS, [command({ id: 'c1' }), command({ id: 'c2' })], broken, true);
    await makeDead(db, ['a'], 'one');
    await makeDead(db, ['b'], 'two');
    const first = await replay({ limit: 2 });
    expect(shape(first).map(([id, verdict]) => [id, verdict])).toEqual([
      ['c1', 'ended'],
      ['c2', 'ended'],
    ]);
    const second = await replay({ limit: 2, after: first.next ?? '' });
    expect(shape(second).map(([id]) => id)).toEqual(['a', 'b']);
    expect(shape(await replay({ limit: 2, after: second.next ?? '' }))).toEqual([]);
  });

  it('keeps to the rate over several calls: the next queue up behind what still waits', async () => {
    for (const key of ['one', 'two', 'three', 'four']) await makeDead(db, [key], key);
    await replay({ key: 'one' });
    await db.query(
      `update parked_messages set due = clock_timestamp() + interval '10 seconds' where id = 'one'`,
    );
    const [two, three] = (await replay({ limit: 2 })).steps;
    const gap = (three?.afterMs ?? 0) - (two?.afterMs ?? 0);
    expect(two?.afterMs).toBeGreaterThan(5_000);
    expect(gap).toBe(50);
  });

  it('is not slowed by what is tried again by itself', async () => {
    await makeDead(db, ['a'], 'one');
    await db.query(
      `insert into parked_messages (subscriber, id, topic, partition, key, state, due, attempts, headers, body)
      values ($1, 'failed', 'thing.events', 0, 'else', 'retry', now() + interval '1 hour', 1, '{}', '')`,
      [EVENTS.subscriber],
    );
    expect(shape(await replay({ key: 'one' }))).toEqual([['a', 'runs', 0]]);
  });

  it('keeps the order of what holds up nothing', async () => {
    await makeDead(db, ['a', 'b', 'c'], null, CONTINUE);
    expect(shape(await replay())).toEqual([
      ['a', 'runs', 0],
      ['b', 'runs', 50],
      ['c', 'runs', 100],
    ]);
    expect(await db.query('select id from parked_messages order by due')).toEqual([
      { id: 'a' },
      { id: 'b' },
      { id: 'c' },
    ]);
    await skipWaits(db);
    expect(await drain(CONTINUE)).toBe(3);
    expect(await db.effects()).toEqual(['a', 'b', 'c']);
  });

  it('that fails again is dead again, and can be replayed again', async () => {
    await makeDead(db, ['a']);
    await replay();
    await db.store.drain(
      EVENTS,
      runOf(() => Promise.reject(new Error('still'))),
      parse,
    );
    await db.store.drain(
      EVENTS,
      runOf(() => Promise.reject(new Error('still'))),
      parse,
    );
    expect(await db.store.deadLetters.list()).toMatchObject([{ state: 'dead', error: 'still' }]);
    await replay();
    expect(await drain()).toBe(1);
    expect((await actions()).map(({ action }) => action)).toEqual(['replay', 'replay']);
  });

  it('writes down who, what and why', async () => {
    await makeDead(db, ['a']);
    await db.store.deadLetters.replay({}, { ...ADA, reason: 'fixed\0' }, { dryRun: false });
    const [action] = await actions();
    expect(action).toMatchObject({
      ...{ action: 'replay', subscriber: EVENTS.subscriber, messageId: 'a', type: 'thing.happened.v1' },
      ...{ actor: 'ada', reason: 'fixed\uFFFD', traceId: 'trace-1', original: null },
    });
    expect(action?.hashAfter).toBe(action?.hashBefore);
  });
});

describe('exactly one effect', () => {
  const KEYS = Array.from({ length: 30 }, (_, i) => `key${i}`);

  it('when two operators replay the same through two instances, while both drain', async () => {
    for (const key of KEYS) await makeDead(db, [`${key}-head`, `${key}-next`], key);
    const other = db.another();
    const plans = await Promise.all([replay(), replay({}, other), replay(), replay({}, other)]);
    const replayed = plans.flatMap(({ steps }) => steps.filter(({ verdict }) => verdict === 'runs'));
    expect(new Set(replayed.map(({ id }) => id)).size).toBe(KEYS.length);
    expect(replayed).toHaveLength(KEYS.length);
    expect(await actions()).toHaveLength(KEYS.length);
    await skipWaits(db);
    await until('all to be drained', async () => {
      await Promise.all([drain(), drain(EVENTS, other)]);
      return (await parked()).length === 0;
    });
    const effects = await db.effects();
    expect(effects).toHaveLength(2 * KEYS.length);
    for (const key of KEYS) {
      expect(effects.filter((id) => id.startsWith(`${key}-`))).toEqual([`${key}-head`, `${key}-next`]);
    }
  });

  it('when a copy comes over the bus meanwhile', async () => {
    await makeDead(db, ['a']);
    const copy = happened({ id: 'a', partition: 0 });
    const [, , outcomes] = await Promise.all([
      replay(),
      drain(),
      db.store.process(EVENTS, [copy], writing, false),
    ]);
    expect(outcomes).toMatchObject([{ kind: expect.stringMatching(/parked|ended/) }]);
    await until('it to be drained', async () => (await drain(), (await parked()).length === 0));
    expect(await db.store.process(EVENTS, [copy], writing, false)).toMatchObject([{ repeated: true }]);
    expect(await db.effects()).toEqual(['a']);
  });

  it('when its connection is cut in the middle: nothing is replayed, nothing is written down', async () => {
    for (const key of KEYS) await makeDead(db, [key], key);
    // Held by somebody else, so that the replay stands in its transaction with the first of its locks.
    const holder = await db.pool.connect();
    await holder.query('begin');
    await holder.query(`lock table operator_actions in exclusive mode`);
    const cut = replay();
    const blocked = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await until('the replay to stand', async () => (await db.query(blocked)).length === 1);
    await db.query(`select pg_terminate_backend(pid) from (${blocked}) b`);
    await expect(cut).rejects.toThrow();
    await holder.query('rollback');
    holder.release();
    expect(await db.store.deadLetters.count()).toMatchObject({ dead: KEYS.length, retry: 0 });
    expect(await actions()).toEqual([]);

    expect((await replay()).steps).toHaveLength(KEYS.length);
    await skipWaits(db);
    await until('all to be drained', async () => (await drain(), (await parked()).length === 0));
    expect((await db.effects()).sort()).toEqual(KEYS.toSorted());
  });
});
