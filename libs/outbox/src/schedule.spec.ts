import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Rejection } from '@taskwire/messaging';
import { createOutbox } from './outbox.js';
import { moveAllDue, moveDue } from './schedule.js';
import {
  command,
  COMMANDS,
  effect,
  Happened,
  openTestStore,
  RecordingDriver,
  runOf,
  type TestStore,
  until,
} from './store.fixture.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const log = { warn: () => undefined, error: () => undefined };
const soon = () => new Date(Date.now() - 1);
const later = () => new Date(Date.now() + 3_600_000);

const schedule = (id: string, at: Date, n = id) =>
  db.store.write((context) => {
    context.schedule(Happened, { key: 'k', n }, { id, at });
    return Promise.resolve();
  });
const sent = async () =>
  (await db.query<{ n: string }>(`select payload::json->>'n' as n from outbox order by seq`)).map(
    ({ n }) => n,
  );
const scheduled = async () =>
  (await db.query<{ id: string }>('select id from scheduled_messages order by id')).map(({ id }) => id);

describe('a scheduled message', () => {
  it('is moved to the outbox when it is due, once, first sent then', async () => {
    await schedule('a', soon());
    await schedule('b', later());
    const [stored] = await db.query<{ headers: Record<string, string> }>(
      `select headers from scheduled_messages where id = 'a'`,
    );
    expect(await moveDue(db.executor)).toBe(1);
    expect(await moveDue(db.executor)).toBe(0);
    expect([await sent(), await scheduled()]).toEqual([['a'], ['b']]);
    const [moved] = await db.query<{ headers: Record<string, string> }>('select headers from outbox');
    expect(Date.parse(moved?.headers['firstsent'] ?? '')).toBeGreaterThanOrEqual(
      Date.parse(stored?.headers['firstsent'] ?? ''),
    );
    expect(moved?.headers['id']).toBe(stored?.headers['id']);
  });

  it('is moved by the same id, with another payload and time', async () => {
    await schedule('a', soon(), 'old');
    await schedule('a', later(), 'new');
    expect(await moveDue(db.executor)).toBe(0);
    await schedule('a', soon(), 'newest');
    await moveDue(db.executor);
    expect(await sent()).toEqual(['newest']);
  });

  it('is gone once cancelled, also in the transaction that scheduled it', async () => {
    await schedule('a', soon());
    await db.store.write((context) => {
      context.cancelSchedule('a');
      context.schedule(Happened, { key: 'k', n: 'b' }, { id: 'b', at: soon() });
      context.cancelSchedule('b');
      context.cancelSchedule('c');
      context.schedule(Happened, { key: 'k', n: 'c' }, { id: 'c', at: soon() });
      return Promise.resolve();
    });
    expect(await scheduled()).toEqual(['c']);
  });

  it('of a command that is refused, or that failed, is not stored; nor is its cancelling', async () => {
    await schedule('kept', later());
    const run = runOf(async (message, context) => {
      context.schedule(
        Happened,
        { key: 'k', n: message.id },
        { id: message.id, at: later(), cause: message },
      );
      if (message.id === 'no') context.cancelSchedule('kept', message);
      await effect(message, context);
      if (message.id === 'no') throw new Rejection('no');
      if (message.id === 'broken') throw new Error('broken');
    });
    await db.store.process(
      COMMANDS,
      ['yes', 'no', 'broken'].map((id) => command({ id })),
      run,
      true,
    );
    expect(await scheduled()).toEqual(['kept', 'yes']);
  });

  it('is moved once by many movers at the same time, all of a large number, in the order of their times', async () => {
    await db.store.write((context) => {
      for (let i = 0; i < 450; i++) {
        context.schedule(
          Happened,
          { key: 'k', n: String(i) },
          { id: `s${i}`, at: new Date(Date.now() - 10_000 + i) },
        );
      }
      return Promise.resolve();
    });
    const moves: number[] = [];
    const mover = () => moveAllDue(db.executor, () => void moves.push(1));
    await Promise.all([mover(), mover(), mover()]);
    await mover();
    expect(new Set(await sent()).size).toBe(450);
    expect(await sent()).toHaveLength(450);
    expect(moves.length).toBeGreaterThanOrEqual(3);
    expect(await scheduled()).toEqual([]);
  });

  it('keeps its order when one mover moves all', async () => {
    for (const [id, at] of [
      ['b', 2_000],
      ['a', 3_000],
      ['c', 1_000],
    ] as const)
      await schedule(id, new Date(Date.now() - at));
    await moveAllDue(db.executor, () => undefined);
    expect(await sent()).toEqual(['a', 'b', 'c']);
  });

  it('that was due while nothing ran is sent after the next start', async () => {
    await schedule('a', soon());
    const driver = new RecordingDriver();
    const outbox = createOutbox({ executor: db.executor, driver, log, scheduleMs: 10 });
    await outbox.start();
    await until('the event', () => driver.stored.length === 1);
    await outbox.stop();
    const again = createOutbox({ executor: db.executor, driver, log, scheduleMs: 10 });
    await again.start();
    await schedule('b', soon());
    await until('the second event', () => driver.stored.length === 2);
    await again.stop();
    expect(driver.numbers()).toEqual(['a', 'b']);
  });
});
