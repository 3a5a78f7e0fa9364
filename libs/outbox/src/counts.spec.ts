import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EVENTS, happened, openTestStore, parse, runOf, type TestStore } from './store.fixture.js';

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
  expect(await db.store.deadLetters.list({ state: 'dead' })).toHaveLength(1);
}

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
