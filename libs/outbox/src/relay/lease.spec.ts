import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestStore, type TestStore, until } from '../store.fixture.js';
import { Lease } from './lease.js';
import { relaySettings } from './settings.js';

let db: TestStore;

beforeAll(async () => {
  db = await openTestStore();
});
afterAll(() => db.close());
beforeEach(() => db.clear());

const lease = (owner: string, leaseMs = 60_000, marginMs = 0) =>
  new Lease(db.executor, 'outbox', owner, { leaseMs, marginMs });

describe('a lease', () => {
  it('belongs to one owner at a time, who may renew it', async () => {
    const [a, b] = [lease('a'), lease('b')];
    expect(await a.renew()).toBe(true);
    expect(await b.renew()).toBe(false);
    expect(await a.renew()).toBe(true);
    expect([a.owns(), b.owns()]).toEqual([true, false]);
  });

  it('goes to one of many who ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => lease(`o${i}`).renew()));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('is free once released, by its owner only', async () => {
    const [a, b] = [lease('a'), lease('b')];
    await a.renew();
    await b.release();
    expect(await b.renew()).toBe(false);
    await a.release();
    expect(a.owns()).toBe(false);
    expect(await b.renew()).toBe(true);
  });

  it('ends for its owner before it is free for others', async () => {
    const [a, b] = [lease('a', 300, 150), lease('b', 300, 150)];
    await a.renew();
    await until('the end', () => !a.owns());
    expect(await b.renew()).toBe(false);
    await until('the other owner', () => b.renew());
    expect(a.owns()).toBe(false);
  });

  it('is kept by two names apart', async () => {
    await lease('a').renew();
    const other = new Lease(db.executor, 'another', 'b', { leaseMs: 60_000, marginMs: 0 });
    expect(await other.renew()).toBe(true);
  });
});

describe('settings that would let a lease end between two renewals', () => {
  it('are refused', () => {
    expect(() => relaySettings({ leaseMs: 1_000, renewMs: 900, marginMs: 100 })).toThrow(
      /must be less than leaseMs \(1000\)/,
    );
    expect(relaySettings({ leaseMs: 1_000, renewMs: 300, marginMs: 200 })).toMatchObject({ batchSize: 500 });
  });
});
