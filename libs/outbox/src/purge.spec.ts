import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { purge } from './purge.js';
import { command, COMMANDS, openTestStore, type TestStore, writing } from './store.fixture.js';

const WEEK_MS = 7 * 24 * 3_600_000;
let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const ids = async () =>
  (await db.query<{ id: string }>('select id from inbox order by id')).map(({ id }) => id);
const old = (minutesBeyond: number) => new Date(Date.now() - WEEK_MS - minutesBeyond * 60_000);

describe('the purge', () => {
  it('forgets an ending an hour after a repeat of it would be refused, so that none slips in between', async () => {
    await db.query(
      `insert into inbox (subscriber, id, ending, first_sent_at) values ('${COMMANDS.subscriber}', 'gone', 'done', $1),
        ('${COMMANDS.subscriber}', 'kept', 'done', $2), ('${COMMANDS.subscriber}', 'new', 'done', now())`,
      [old(61), old(59)],
    );
    expect(await purge(db.executor, WEEK_MS)).toBe(1);
    expect(await ids()).toEqual(['kept', 'new']);
    const repeats = ['gone', 'kept'].map((id) => command({ id, firstSentAt: old(id === 'gone' ? 61 : 59) }));
    expect(await db.store.process(COMMANDS, repeats, writing, false)).toMatchObject([
      { kind: 'too-old' },
      { kind: 'ended', repeated: true },
    ]);
    expect(await db.effects()).toEqual([]);
  });

  it('works in bounded steps until nothing is left', async () => {
    await db.query(`insert into inbox (subscriber, id, ending, first_sent_at)
      select 's', i::text, 'done', now() - interval '8 days' from generate_series(1, 2500) i`);
    expect(await purge(db.executor, WEEK_MS)).toBe(2_500);
    expect(await ids()).toEqual([]);
  });

  it('keeps to the window that the store has', async () => {
    await db.query(
      `insert into inbox (subscriber, id, ending, first_sent_at) values ('s', 'a', 'done', now() - interval '2 hours')`,
    );
    expect(await purge(db.executor, 2 * 3_600_000)).toBe(0);
    expect(await purge(db.executor, 1_800_000)).toBe(1);
  });

  it('forgets what operators replaced after 30 days, and keeps that they did', async () => {
    await db.query(`insert into operator_actions (action, subscriber, message_id, actor, hash_before, headers, body, at)
      values ('edit', 's', 'old', 'ada', 'h', '{}', 'x', now() - interval '31 days'), ('edit', 's', 'new', 'ada', 'h', '{}', 'x', now())`);
    await purge(db.executor, WEEK_MS);
    const actions = await db.store.deadLetters.actions({ originals: true });
    expect(actions).toMatchObject([
      { messageId: 'new', original: { body: Buffer.from('x') } },
      { messageId: 'old', hashBefore: 'h', original: null },
    ]);
  });

  it('forgets suspects that nobody saw for a day', async () => {
    await db.query(
      `insert into suspect_messages values ('s', 1, 1, now() - interval '25 hours'), ('s', 2, 1, now())`,
    );
    await purge(db.executor, WEEK_MS);
    expect(await db.query('select id from suspect_messages')).toEqual([{ id: '2' }]);
  });
});
