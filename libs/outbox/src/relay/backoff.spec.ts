import { describe, expect, it } from '@jest/globals';
import { until } from '../store.fixture.js';
import { PartitionBackoff } from './backoff.js';
import { Signal } from './signal.js';

describe('the back-off of a partition', () => {
  it('leaves it out for a growing while, and ends with a success', async () => {
    const backoff = new PartitionBackoff();
    expect([backoff.paused(), backoff.nextMs()]).toEqual([[], Infinity]);
    expect(backoff.failed('t/1')).toBe(1);
    const first = backoff.nextMs();
    expect(backoff.paused()).toEqual(['t/1']);
    expect(backoff.failed('t/1')).toBe(2);
    expect(backoff.nextMs()).toBeGreaterThan(first);
    await until('the end of the pause', () => backoff.paused().length === 0);
    expect(backoff.nextMs()).toBe(1);
    backoff.succeeded('t/1');
    expect(backoff.nextMs()).toBe(Infinity);
    expect(backoff.failed('t/1')).toBe(1);
  });

  it('is 1 s at most: so long may a partition stand still after an outage', () => {
    const backoff = new PartitionBackoff();
    for (let i = 0; i < 40; i++) backoff.failed('t/1');
    expect(backoff.nextMs()).toBeLessThanOrEqual(1_000);
  });
});

describe('a signal', () => {
  it('is not lost when it is raised before anybody waits, and is used up by one wait', async () => {
    const signal = new Signal();
    signal.raise();
    signal.raise();
    await signal.wait(60_000);
    const second = signal.wait(60_000).then(() => 'woken');
    expect(await Promise.race([second, new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe(
      'waits',
    );
    signal.raise();
    expect(await second).toBe('woken');
  });

  it('lets the wait end by itself', async () => {
    await new Signal().wait(1);
  });
});
