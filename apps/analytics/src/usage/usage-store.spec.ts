import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestStore, requestOf, type TestStore } from '../analytics.fixture.js';
import { observationOf } from './count-requests.js';
import { quantile } from './histogram.js';
import { UsageStore } from './usage-store.js';

let test: TestStore;
let usage: UsageStore;
beforeAll(async () => {
  test = await createTestStore();
  usage = new UsageStore(test.db);
});
beforeEach(() => test.db.requestBucket.deleteMany());
afterAll(() => test.drop());

function count(...requests: ReturnType<typeof requestOf>[]): Promise<void> {
  return test.inTransaction((tx) => usage.add(tx, requests.map(observationOf)));
}

const requests = Array.from({ length: 1_000 }, (_, index) => requestOf({ durationMs: 1 + index }));

describe('request histograms', () => {
  it('merge without loss: batch by batch and day by day is the same as all at once', async () => {
    await count(...requests);
    const [once] = await usage.since('2026-01-01');
    await test.db.requestBucket.deleteMany();
    for (let start = 0; start < 1_000; start += 100) {
      const at = `2026-03-0${1 + (start % 300) / 100}T12:00:00.000Z`;
      await count(...requests.slice(start, start + 100).map(({ payload }) => requestOf({ ...payload, at })));
    }
    expect(await test.db.requestBucket.groupBy({ by: 'day' })).toHaveLength(3);
    const [merged] = await usage.since('2026-01-01');
    expect(merged?.durations).toEqual(once?.durations);
    expect(Math.abs(quantile(merged?.durations ?? new Map(), 0.95) - 950)).toBeLessThanOrEqual(950 * 0.021);
  });

  it('are kept by route and method, and weigh what was sampled', async () => {
    await count(
      requestOf({ weight: 5 }),
      requestOf({ method: 'POST', status: 503, weight: 3 }),
      requestOf({ method: 'POST', status: 404 }),
    );
    const total = (durations: ReadonlyMap<number, number>) =>
      [...durations.values()].reduce((a, b) => a + b, 0);
    expect(
      (await usage.since('2026-01-01')).map(({ route, errors, durations }) => [
        route,
        total(durations),
        errors,
      ]),
    ).toEqual([
      ['GET /v1/tasks', 5, 0],
      ['POST /v1/tasks', 4, 3],
    ]);
  });

  it('are read for the days asked for', async () => {
    await count(requestOf(), requestOf({ at: '2026-02-28T23:59:59.999Z' }));
    const [route] = await usage.since('2026-03-01');
    expect([...(route?.durations.values() ?? [])]).toEqual([1]);
  });
});
