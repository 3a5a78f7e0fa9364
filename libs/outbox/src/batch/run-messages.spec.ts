import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, Rejection } from '@taskwire/messaging';
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
  until,
  writing,
  type TestStore,
} from '../store.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const process = (deliveries: readonly Delivery[], run = writing, last = false, group = COMMANDS) =>
  db.store.process(group, deliveries, run, last);

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
