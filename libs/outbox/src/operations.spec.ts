import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '@taskwire/messaging';
import {
  command,
  COMMANDS,
  effect,
  openTestStore,
  runOf,
  type TestStore,
  until,
  writing,
} from './store.fixture.js';

let db: TestStore;
const { subscriber } = COMMANDS;
const firstSentAt = new Date();
const past = () => ({ firstSentAt, deadline: new Date(Date.now() - 1_000) });
const future = () => ({ firstSentAt, deadline: new Date(Date.now() + 60_000) });

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

describe('an operation', () => {
  it('that nobody knows is pending, before its deadline', async () => {
    expect(await db.store.readOperation(subscriber, 'a')).toBeNull();
    expect(await db.store.expire(subscriber, 'a', future())).toBeNull();
    expect(await db.query('select * from inbox')).toEqual([]);
  });

  it('that was done stays done, with its reply and the hash of its request', async () => {
    await db.store.process(COMMANDS, [command({ id: 'a', requestHash: 'h' })], writing, false);
    const ending = {
      ending: 'done',
      reply: { id: 'a' },
      problem: null,
      requestHash: 'h',
      endedAt: expect.any(Date),
      endedAgoMs: expect.any(Number),
    };
    expect(await db.store.readOperation(subscriber, 'a')).toEqual(ending);
    expect(await db.store.expire(subscriber, 'a', past())).toEqual(ending);
    expect(await db.store.cancel(subscriber, 'a', { firstSentAt })).toEqual(ending);
  });

  it('read past its deadline ends as expired, and never runs afterwards', async () => {
    expect(await db.store.expire(subscriber, 'a', past())).toMatchObject({
      ending: 'expired',
      problem: { code: 'expired' },
    });
    const outcome = await db.store.process(
      COMMANDS,
      [command({ id: 'a', requestHash: 'h' })],
      writing,
      false,
    );
    expect(outcome).toMatchObject([{ ending: 'expired', repeated: true }]);
    expect(await db.effects()).toEqual([]);
  });

  it('that was cancelled never runs, and can not expire any more', async () => {
    expect(await db.store.cancel(subscriber, 'a', { firstSentAt })).toMatchObject({ ending: 'cancelled' });
    expect(await db.store.expire(subscriber, 'a', past())).toMatchObject({ ending: 'cancelled' });
    await db.store.process(COMMANDS, [command({ id: 'a' })], writing, false);
    expect(await db.effects()).toEqual([]);
  });
});

describe('an ending that is inserted while the command runs', () => {
  it('before the batch stores its own wins: the batch rolls back and runs again without it', async () => {
    const runs: string[] = [];
    const run = runOf(async (message, context) => {
      runs.push(message.id);
      const reply = await effect(message, context);
      if (message.id === 'b') await db.store.expire(subscriber, 'b', past());
      return reply;
    });
    const outcomes = await db.store.process(
      COMMANDS,
      ['a', 'b', 'c'].map((id) => command({ id })),
      run,
      false,
    );
    expect(outcomes).toMatchObject([
      { ending: 'done' },
      { ending: 'expired', repeated: true },
      { ending: 'done' },
    ]);
    expect(await db.effects()).toEqual(['a', 'c']);
    expect(runs).toEqual(['a', 'b', 'c', 'a', 'c']);
  });

  it('after the batch stored its own waits for the commit, not long, and answers pending', async () => {
    const stored = Promise.withResolvers<undefined>();
    const commit = Promise.withResolvers<undefined>();
    const executor = {
      ...db.executor,
      transaction: <T>(...[work, before]: Parameters<typeof db.executor.transaction<T>>) =>
        db.executor.transaction<T>(async (tx, ran) => {
          const result = await work(tx, ran);
          stored.resolve(undefined);
          await commit.promise;
          return result;
        }, before),
    };
    const batch = db.another({ executor }).process(COMMANDS, [command({ id: 'a' })], writing, false);
    await stored.promise;
    expect(await db.store.expire(subscriber, 'a', past())).toBeNull();
    commit.resolve(undefined);
    await batch;
    expect(await db.store.expire(subscriber, 'a', past())).toMatchObject({ ending: 'done' });
  });

  it('at any moment leaves one ending, and an effect exactly when it is done', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `m${i}`);
    const answers = new Map<string, Outcome>();
    const batches = async () => {
      for (let i = 0; i < ids.length; i += 6) {
        const batch = ids.slice(i, i + 6).map((id) => command({ id }));
        const outcomes = await db.store.process(COMMANDS, batch, writing, false);
        outcomes.forEach((outcome, n) => answers.set(batch[n]?.message.id ?? '', outcome));
      }
    };
    const readers = async () => {
      for (const [i, id] of ids.entries()) {
        const expire =
          i % 2 === 0
            ? db.store.expire(subscriber, id, past())
            : db.store.cancel(subscriber, id, { firstSentAt });
        await expire;
      }
    };
    await Promise.all([batches(), readers()]);
    const endings = await db.query<{ id: string; ending: string }>('select id, ending from inbox');
    expect(endings).toHaveLength(ids.length);
    for (const { id, ending } of endings) expect(answers.get(id)).toMatchObject({ kind: 'ended', ending });
    const done = endings.filter(({ ending }) => ending === 'done').map(({ id }) => id);
    expect(new Set(await db.effects())).toEqual(new Set(done));
    expect(await db.effects()).toHaveLength(done.length);
  });

  it('and one that holds up a batch only briefly does not fail it', async () => {
    const client = await db.pool.connect();
    await client.query('begin');
    await client.query(
      `insert into inbox (subscriber, id, ending, first_sent_at) values ($1, 'a', 'cancelled', now())`,
      [subscriber],
    );
    const batch = db.store.process(COMMANDS, [command({ id: 'a' }), command({ id: 'b' })], writing, false);
    await until('the batch to wait', async () => {
      const waiting = await db.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting.length === 1;
    });
    await client.query('commit');
    client.release();
    expect(await batch).toMatchObject([{ ending: 'cancelled' }, { ending: 'done' }]);
    expect(await db.effects()).toEqual(['b']);
  });
});
