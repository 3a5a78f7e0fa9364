import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InfrastructureError } from '@taskwire/messaging';
import { Pool } from 'pg';
import { createStore } from '../store.js';
import { pgExecutor } from '../sql/pg-executor.js';
import {
  command,
  COMMANDS,
  EVENTS,
  happened,
  openTestStore,
  runOf,
  type TestStore,
} from '../store.fixture.js';
import { CONTINUE, makeDead } from './dead-letters.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { retryMs: [0] } });
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const letters = () => db.store.deadLetters;
const ids = async (...args: Parameters<TestStore['store']['deadLetters']['list']>) =>
  (await letters().list(...args)).map(({ id }) => id);

describe('the list of parked messages', () => {
  it('says what is parked and why, never what it says', async () => {
    await makeDead(db, ['a', 'b']);
    const [dead, waiting] = await letters().list();
    expect(dead).toMatchObject({
      subscriber: EVENTS.subscriber,
      id: 'a',
      type: 'thing.happened.v1',
      key: 'owner',
      state: 'dead',
      attempts: 2,
      reason: 'Error',
      error: 'broken',
      ending: null,
    });
    expect(dead?.firstFailedAt).toBeInstanceOf(Date);
    expect(waiting).toMatchObject({ id: 'b', state: 'waiting', reason: null });
    expect(dead).not.toHaveProperty('body');
    expect(dead).not.toHaveProperty('headers');
  });

  it('is filtered by subscriber, state, type, key and age', async () => {
    await makeDead(db, ['a', 'b'], 'one');
    await makeDead(db, ['c'], 'two');
    await db.query(`update parked_messages set parked_at = now() - interval '2 hours' where id = 'c'`);
    expect(await ids({ subscriber: 'other' })).toEqual([]);
    expect(await ids({ subscriber: EVENTS.subscriber, state: 'dead' })).toEqual(['a', 'c']);
    expect(await ids({ state: 'waiting' })).toEqual(['b']);
    expect(await ids({ type: 'thing.happened.v1', key: 'one' })).toEqual(['a', 'b']);
    expect(await ids({ type: 'thing.vanished.v1' })).toEqual([]);
    expect(await ids({ olderThanMs: 3_600_000 })).toEqual(['c']);
  });

  it('finds by key what holds up nothing any more', async () => {
    await makeDead(db, ['a'], 'one', CONTINUE);
    expect(await letters().list({ key: 'one' })).toMatchObject([{ id: 'a', key: null }]);
  });

  it('comes in pages', async () => {
    await makeDead(db, ['a', 'b', 'c', 'd', 'e']);
    const first = await letters().list({ limit: 2 });
    const after = first.at(-1)?.seq ?? '';
    expect(first.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await ids({ limit: 2, after })).toEqual(['c', 'd']);
    expect(await ids({ state: 'dead', after })).toEqual([]);
  });

  it('survives headers that PostgreSQL will not read', async () => {
    await makeDead(db, ['a']);
    await db.query(`update parked_messages set headers = $1`, [
      JSON.stringify({ type: 'x', odd: 'nul \0 here' }),
    ]);
    expect(await letters().list()).toMatchObject([{ id: 'a', type: null }]);
    expect(await ids({ type: 'x' })).toEqual([]);
    expect(await ids({ key: 'owner' })).toEqual(['a']);
  });

  it('is counted by state, as filtered', async () => {
    await makeDead(db, ['a', 'b', 'c'], 'one');
    await makeDead(db, ['d'], 'two');
    expect(await letters().count()).toEqual({ dead: 2, retry: 0, waiting: 2 });
    expect(await letters().count({ key: 'two' })).toEqual({ dead: 1, retry: 0, waiting: 0 });
  });

  it('says of a failed command how it ended', async () => {
    const broken = runOf(() => Promise.reject(new Error('broken')));
    await db.store.process(COMMANDS, [command({ id: 'a' })], broken, true);
    expect(await letters().list()).toMatchObject([{ id: 'a', state: 'dead', key: null, ending: 'failed' }]);
  });
});

describe('one parked message', () => {
  it('comes with headers, body and its hash', async () => {
    await makeDead(db, ['a']);
    const body = Buffer.from(JSON.stringify({ key: 'owner', n: 'a' }));
    expect(await letters().read(EVENTS.subscriber, 'a')).toMatchObject({
      headers: { id: 'a', type: 'thing.happened.v1' },
      body,
      bodyHash: createHash('sha256').update(body).digest('hex'),
      lane: { ahead: 0, behind: 0, next: [] },
    });
    expect(await letters().read(EVENTS.subscriber, 'z')).toBeNull();
    expect(await letters().read('other', 'a')).toBeNull();
  });

  it('comes with its place among those of its key', async () => {
    await makeDead(db, ['a', 'b', 'c', 'd']);
    await makeDead(db, ['other'], 'else');
    const lane = async (id: string) => (await letters().read(EVENTS.subscriber, id))?.lane;
    expect(await lane('a')).toMatchObject({
      ahead: 0,
      behind: 3,
      next: [{ id: 'b', state: 'waiting', type: 'thing.happened.v1' }, { id: 'c' }, { id: 'd' }],
    });
    expect(await lane('c')).toMatchObject({ ahead: 2, behind: 1, next: [{ id: 'd' }] });
  });

  it('has no lane where it holds up nothing', async () => {
    await makeDead(db, ['a'], 'one', CONTINUE);
    expect(await letters().read(EVENTS.subscriber, 'a')).toMatchObject({ lane: null });
  });

  it('is found by an id that has a NUL in it', async () => {
    await db.store.process(
      EVENTS,
      [happened({ id: 'a\0b', fault: { code: 'undecodable', detail: 'x' } })],
      runOf(() => null),
      true,
    );
    expect(await letters().read(EVENTS.subscriber, 'a\0b')).toMatchObject({ reason: 'undecodable' });
  });
});

it('a database that is away is a fault of the place', async () => {
  const pool = new Pool({ connectionString: 'postgresql://nobody@127.0.0.1:1/none' });
  const { deadLetters: of } = createStore({ executor: pgExecutor(pool) });
  const act = { actor: 'ada' };
  for (const call of [
    of.list(),
    of.count(),
    of.read('s', 'a'),
    of.replay({}, act, { dryRun: true }),
    of.discard('s', 'a', act),
    of.edit('s', 'a', (message) => message, act),
    of.actions(),
  ]) {
    await expect(call).rejects.toBeInstanceOf(InfrastructureError);
  }
  await pool.end();
});
