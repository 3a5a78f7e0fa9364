import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Drainer } from './drainer.js';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function drainerOf(answers: number[]) {
  const calls: number[] = [];
  const drainer = new Drainer(() => {
    const settled = answers.shift() ?? 0;
    calls.push(settled);
    return Promise.resolve(settled);
  });
  return { drainer, calls };
}

describe('drainer', () => {
  it('looks seldom while nothing is parked', async () => {
    const { drainer, calls } = drainerOf([]);
    drainer.start();
    await jest.advanceTimersByTimeAsync(11 * 60_000);
    const before = calls.length;
    await jest.advanceTimersByTimeAsync(31_000);
    expect(calls.length - before).toBe(1);
    await drainer.stop();
  });

  it('looks every second after a start: what the process before it parked may be due soon', async () => {
    const { drainer, calls } = drainerOf([]);
    drainer.start();
    await jest.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls.length).toBeGreaterThanOrEqual(10);
    await drainer.stop();
  });

  it('looks every second after a failure: what was due then still is', async () => {
    let failures = 0;
    let looks = 0;
    const drainer = new Drainer(() => {
      looks += 1;
      return Promise.resolve(failures-- > 0 ? undefined : 0);
    });
    drainer.start();
    await jest.advanceTimersByTimeAsync(11 * 60_000);
    failures = 1;
    await jest.advanceTimersByTimeAsync(31_000);
    const before = looks;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(looks - before).toBeGreaterThanOrEqual(9);
    await drainer.stop();
  });

  it('looks every second once something was parked, until nothing can be due any more', async () => {
    const { drainer, calls } = drainerOf([]);
    drainer.start();
    await jest.advanceTimersByTimeAsync(1);
    drainer.alert();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls.length).toBeGreaterThanOrEqual(10);
    await jest.advanceTimersByTimeAsync(11 * 60_000);
    const before = calls.length;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(calls.length - before).toBeLessThanOrEqual(1);
    await drainer.stop();
  });

  it('goes on at once while there is work, a bounded number of times', async () => {
    const { drainer, calls } = drainerOf(Array.from({ length: 100 }, () => 50));
    drainer.start();
    await jest.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(20);
    await drainer.stop();
  });

  it('never runs twice at once, and waits for what runs when it stops', async () => {
    let running = 0;
    let most = 0;
    const finish = Promise.withResolvers<number>();
    const drainer = new Drainer(async () => {
      running += 1;
      most = Math.max(most, running);
      const settled = await finish.promise;
      running -= 1;
      return settled;
    });
    drainer.start();
    await jest.advanceTimersByTimeAsync(1);
    drainer.alert();
    await jest.advanceTimersByTimeAsync(5_000);
    const stopped = drainer.stop();
    finish.resolve(0);
    await stopped;
    expect({ running, most }).toEqual({ running: 0, most: 1 });
  });
});
