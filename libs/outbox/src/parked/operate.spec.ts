import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  command,
  COMMANDS,
  EVENTS,
  happened,
  openTestStore,
  parse,
  runOf,
  type TestStore,
  writing,
} from '../store.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { retryMs: [0] } });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const broken = runOf(() => Promise.reject(new Error('broken')));

async function deadEvents(...ids: string[]): Promise<void> {
  await db.store.process(
    EVENTS,
    ids.map((id) => happened({ id })),
    broken,
    true,
  );
  await db.store.drain(EVENTS, broken, parse);
  expect(await db.store.parked({ state: 'dead' })).toHaveLength(1);
}

describe('an operator', () => {
  it('sees what is parked and why, never the payload', async () => {
    await deadEvents('a', 'b');
    const [dead, waiting] = await db.store.parked();
    expect(dead).toMatchObject({
      subscriber: EVENTS.subscriber,
      id: 'a',
      type: 'thing.happened.v1',
      key: 'owner',
      state: 'dead',
      attempts: 2,
      reason: 'Error',
      error: 'broken',
      ended: false,
    });
    expect(dead?.firstFailedAt).toBeInstanceOf(Date);
    expect(waiting).toMatchObject({ id: 'b', state: 'waiting', reason: null });
    expect(dead).not.toHaveProperty('body');
    expect(await db.store.parked({ subscriber: 'other' })).toEqual([]);
    expect(await db.store.parked({ limit: 1 })).toHaveLength(1);
  });

  it('replays a dead message: it runs first, then those behind it', async () => {
    await deadEvents('a', 'b');
    expect(await db.store.replay(EVENTS.subscriber, 'b')).toBe('not-dead');
    expect(await db.store.replay(EVENTS.subscriber, 'a')).toBe('replayed');
    expect(await db.store.drain(EVENTS, writing, parse)).toBe(2);
    expect(await db.effects()).toEqual(['a', 'b']);
    expect(await db.store.replay(EVENTS.subscriber, 'a')).toBe('unknown');
  });

  it('discards a dead message: the next of its key becomes due, and a copy does not run', async () => {
    await deadEvents('a', 'b', 'c');
    expect(await db.store.discard(EVENTS.subscriber, 'a')).toBe(true);
    expect(await db.store.discard(EVENTS.subscriber, 'a')).toBe(false);
    expect(await db.store.drain(EVENTS, writing, parse)).toBe(2);
    expect(await db.store.process(EVENTS, [happened({ id: 'a' })], writing, false)).toMatchObject([
      { ending: 'failed', repeated: true },
    ]);
    expect(await db.effects()).toEqual(['b', 'c']);
  });

  it('discards a failed command but can not replay it: its caller was told', async () => {
    await db.store.process(COMMANDS, [command({ id: 'a' })], broken, true);
    expect(await db.store.parked()).toMatchObject([{ id: 'a', state: 'dead', ended: true }]);
    expect(await db.store.replay(COMMANDS.subscriber, 'a')).toBe('ended');
    expect(await db.store.discard(COMMANDS.subscriber, 'a')).toBe(true);
    expect(await db.store.readOperation(COMMANDS.subscriber, 'a')).toMatchObject({
      ending: 'failed',
      problem: { code: 'failed' },
    });
  });
});

describe('counts', () => {
  it('name what is parked and the keys that nothing will ever run', async () => {
    await deadEvents('a', 'b');
    expect(await db.store.counts()).toMatchObject({
      parked: [
        { subscriber: EVENTS.subscriber, state: 'dead', count: 1 },
        { subscriber: EVENTS.subscriber, state: 'waiting', count: 1 },
      ],
      alarms: [],
    });
    await db.query(`delete from parked_messages where id = 'a'`);
    expect(await db.store.counts()).toMatchObject({
      alarms: [
        {
          subscriber: EVENTS.subscriber,
          topic: 'thing.events',
          key: 'owner',
          reason: 'head-waiting',
          count: 1,
        },
      ],
    });
  });

  it('raise an alarm where more than 1,000 wait on one key', async () => {
    await deadEvents('a');
    await db.query(`insert into parked_messages (subscriber, id, topic, partition, key, state, attempts, headers, body)
      select '${EVENTS.subscriber}', 'w' || i, 'thing.events', 0, 'owner', 'waiting', 0, '{}', '' from generate_series(1, 1001) i`);
    expect((await db.store.counts()).alarms).toMatchObject([{ reason: 'many-waiting', count: 1001 }]);
  });

  it('are all zero in an empty store', async () => {
    expect(await db.store.counts()).toEqual({
      parked: [],
      outboxRows: 0,
      oldestOutboxMs: 0,
      heldRows: 0,
      scheduledRows: 0,
      alarms: [],
    });
  });
});
