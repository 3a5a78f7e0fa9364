import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '@taskwire/messaging';
import {
  command,
  COMMANDS,
  EVENTS,
  happened,
  openTestStore,
  type TestStore,
  writing,
} from '../store.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

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
