import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type GroupSettings, InfrastructureError, Rejection, type Run } from '@taskwire/messaging';
import type { OutboxStore } from '../outbox-store.js';
import {
  effect,
  EVENTS,
  failing,
  Happened,
  happened,
  openTestStore,
  parse,
  runOf,
  type TestStore,
  until,
  writing,
} from '../store.fixture.js';
import { SqlError } from '../sql/executor.js';

let db: TestStore;
let store: OutboxStore;

beforeAll(async () => {
  db = await openTestStore({ settings: { retryMs: [0, 0, 0] } });
  store = db.store;
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const CONTINUE: GroupSettings = { ...EVENTS, afterDead: 'continue' };
const broken = runOf(() => Promise.reject(new Error('broken')));

const unknown = (...args: Parameters<typeof parse>) => ({
  ...parse(...args),
  fault: { code: 'unknown_type' as const, detail: 'no handler for this type' },
});

/** Parks the first event of a key, and the others behind it. */
async function parkAll(ids: readonly string[], group = EVENTS, key: string | null = 'k'): Promise<void> {
  const outcomes = await store.process(
    group,
    ids.map((id) => happened({ id, key, partition: 0 })),
    broken,
    true,
  );
  expect(outcomes.every((outcome) => outcome.kind === 'parked')).toBe(true);
}

const states = () =>
  db.query<{ id: string; state: string }>(
    'select id, state, key, attempts from parked_messages order by seq',
  );
const drain = (run: Run, group = EVENTS, by = store) => by.drain(group, run, parse);

describe('draining', () => {
  it('runs the head and all that waits behind it in order, once, and stores their endings', async () => {
    await parkAll(['a', 'b', 'c']);
    expect((await states()).map(({ state }) => state)).toEqual(['retry', 'waiting', 'waiting']);
    expect(await drain(writing)).toBe(3);
    expect(await db.effects()).toEqual(['a', 'b', 'c']);
    expect(await drain(writing)).toBe(0);
    const again = await store.process(
      EVENTS,
      [happened({ id: 'b', key: 'k', partition: 0 })],
      writing,
      false,
    );
    expect(again).toMatchObject([{ ending: 'done', repeated: true }]);
  });

  it('leaves what is not due yet, and its followers', async () => {
    const patient = db.another({ settings: { retryMs: [60_000] } });
    await patient.process(
      EVENTS,
      ['a', 'b'].map((id) => happened({ id })),
      broken,
      true,
    );
    expect(await drain(writing)).toBe(0);
    expect(await db.effects()).toEqual([]);
  });

  it('takes a long key in several commits of 50, without letting newcomers overtake', async () => {
    const ids = Array.from({ length: 120 }, (_, i) => `m${i}`);
    await parkAll(ids);
    expect(await drain(writing)).toBe(50);
    expect(
      await store.process(EVENTS, [happened({ id: 'late', key: 'k', partition: 0 })], writing, false),
    ).toEqual([{ kind: 'parked', state: 'waiting' }]);
    expect(await drain(writing)).toBe(50);
    expect(await drain(writing)).toBe(21);
    expect(await db.effects()).toEqual([...ids, 'late']);
  });

  it('runs what holds up nothing together, and one failure among it stops no other', async () => {
    await parkAll(['a', 'b', 'c'], EVENTS, null);
    expect(await drain(failing(new Map([['b', 1]])))).toBe(2);
    expect(await drain(writing)).toBe(1);
    expect(await db.effects()).toEqual(['a', 'c', 'b']);
  });

  it('lets two instances drain many keys at once: each message once, in order per key', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => i);
    for (const key of ['x', 'y', 'z']) {
      const batch = ids.map((i) => happened({ id: `${key}${i}`, key }));
      await store.process(EVENTS, batch, broken, true);
    }
    const other = db.another();
    const failures = new Map([
      ['x3', 1],
      ['y10', 1],
      ['z0', 1],
    ]);
    const run = failing(failures);
    await until('all to be drained', async () => {
      await Promise.all([drain(run), drain(run, EVENTS, other), drain(run)]);
      return (await states()).length === 0;
    });
    const done = await db.effects();
    for (const key of ['x', 'y', 'z']) {
      expect(done.filter((id) => id.startsWith(key))).toEqual(ids.map((i) => `${key}${i}`));
    }
  });

  it('and new messages of the same key at once keep the order', async () => {
    await parkAll(['m0']);
    const newcomers = async () => {
      for (let i = 1; i <= 20; i++)
        await store.process(EVENTS, [happened({ id: `m${i}`, key: 'k', partition: 0 })], writing, false);
    };
    const drainers = async () => {
      for (let i = 0; i < 20; i++) await drain(writing, EVENTS, db.another());
    };
    await Promise.all([newcomers(), drainers()]);
    await until('the rest', async () => (await drain(writing)) === 0 && (await states()).length === 0);
    expect(await db.effects()).toEqual(Array.from({ length: 21 }, (_, i) => `m${i}`));
  });

  it('publishes what handlers publish, and answers a refusal as an ending', async () => {
    await parkAll(['a', 'b']);
    const run = runOf(async (message, context) => {
      await effect(message, context);
      context.publish(Happened, { key: 'k', n: message.id });
      if (message.id === 'a') throw new Rejection('no');
    });
    expect(await drain(run)).toBe(2);
    expect(await db.effects()).toEqual(['b']);
    expect(await db.query(`select payload::json->>'n' as n from outbox`)).toEqual([{ n: 'b' }]);
    expect(await store.readOperation(EVENTS.subscriber, 'a')).toMatchObject({
      ending: 'rejected',
      problem: { code: 'no' },
    });
  });

  it('locks the further rows that a handler declares', async () => {
    await parkAll(['a']);
    const declared: string[] = [];
    await drain(runOf(effect, (message) => (declared.push(message.id), ['shared'])));
    expect(declared).toEqual(['a']);
  });
});

describe('a message that keeps failing', () => {
  it('runs as often as there are pauses, then is dead and blocks its key', async () => {
    await parkAll(['a', 'b']);
    const run = failing(new Map([['a', 99]]));
    for (let round = 0; round < 5; round++) await drain(run);
    expect(run.runs).toEqual(['a', 'a', 'a']);
    expect(await states()).toMatchObject([
      { id: 'a', state: 'dead', key: 'k', attempts: 4 },
      { id: 'b', state: 'waiting', key: 'k' },
    ]);
    expect(
      await store.process(EVENTS, [happened({ id: 'c', key: 'k', partition: 0 })], writing, false),
    ).toMatchObject([{ kind: 'parked', state: 'waiting' }]);
  });

  it('lets its key go on where the group says so', async () => {
    await parkAll(['a', 'b'], CONTINUE);
    const run = failing(new Map([['a', 99]]));
    for (let round = 0; round < 5; round++) await drain(run, CONTINUE);
    expect(await states()).toMatchObject([{ id: 'a', state: 'dead', key: null }]);
    expect(await db.effects()).toEqual(['b']);
  });

  it('keeps what was done before it in the same commit', async () => {
    await parkAll(['a', 'b', 'c']);
    expect(await drain(failing(new Map([['b', 1]])))).toBe(1);
    expect(await db.effects()).toEqual(['a']);
    expect(await states()).toMatchObject([
      { id: 'b', state: 'retry', attempts: 1 },
      { id: 'c', state: 'waiting' },
    ]);
    expect(await drain(writing)).toBe(2);
  });

  it('by taking too long is counted like any other', async () => {
    await parkAll(['a', 'b']);
    const hasty = db.another({ settings: { retryMs: [0, 0], handlerMs: 50 } });
    const slow = runOf((message, context) =>
      message.id === 'a' ? new Promise(() => undefined) : effect(message, context),
    );
    await drain(slow, EVENTS, hasty);
    await drain(slow, EVENTS, hasty);
    expect(await states()).toMatchObject([
      { id: 'a', state: 'dead', attempts: 3 },
      { id: 'b', state: 'waiting' },
    ]);
    const [row] = await db.query<{ reason: string }>(`select reason from parked_messages where id = 'a'`);
    expect(row?.reason).toBe('HandlerTimeout');
  });

  it('because it no longer fits its contract is dead at once', async () => {
    await parkAll(['a']);
    const faulty = (...args: Parameters<typeof parse>) => ({
      ...parse(...args),
      fault: { code: 'contract_mismatch' as const, detail: 'at /n' },
    });
    expect(await store.drain(EVENTS, writing, faulty)).toBe(0);
    expect(await db.query('select state, reason from parked_messages')).toEqual([
      { state: 'dead', reason: 'contract_mismatch' },
    ]);
  });

  it('because this version does not know its type is left for one that does, in order', async () => {
    await parkAll(['a', 'b']);
    expect(await store.drain(EVENTS, writing, unknown)).toBe(0);
    expect(await states()).toMatchObject([
      { id: 'a', state: 'retry', attempts: 2 },
      { id: 'b', state: 'waiting' },
    ]);
    expect(await drain(writing)).toBe(2);
    expect(await db.effects()).toEqual(['a', 'b']);
  });

  it('because no version knows its type is dead after as many attempts as any other', async () => {
    await parkAll(['a']);
    for (let round = 0; round < 5; round++) await store.drain(EVENTS, writing, unknown);
    expect(await db.query('select state, reason, attempts from parked_messages')).toEqual([
      { state: 'dead', reason: 'unknown_type', attempts: 4 },
    ]);
  });
});

describe('faults of the place', () => {
  it('count no attempt of a parked message', async () => {
    await parkAll(['a']);
    const away = runOf(() => Promise.reject(new SqlError('57P01', 'shutdown')));
    await expect(drain(away)).rejects.toBeInstanceOf(InfrastructureError);
    expect(await states()).toMatchObject([{ state: 'retry', attempts: 1 }]);
  });

  it('a collision leaves the rows to the next round', async () => {
    await parkAll(['a']);
    let failures = 1;
    const run = runOf((message, context) => {
      if (failures-- > 0) throw new SqlError('40P01', 'deadlock');
      return effect(message, context);
    });
    expect(await drain(run)).toBe(0);
    expect(await drain(run)).toBe(1);
  });
});

describe('more parked messages than a subscription may have', () => {
  it('pause it instead of parking on', async () => {
    const small = db.another({ settings: { parkedLimit: 2 } });
    await small.process(
      EVENTS,
      ['a', 'b'].map((id) => happened({ id })),
      broken,
      true,
    );
    const full = db.another({ settings: { parkedLimit: 2 } });
    await expect(full.process(EVENTS, [happened({ id: 'c' })], broken, true)).rejects.toThrow(
      'test.events has 2 parked messages',
    );
    expect(await full.process(EVENTS, [happened({ id: 'd', key: 'other' })], writing, true)).toMatchObject([
      { ending: 'done' },
    ]);
  });
});
