import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@taskwire/service';
import { PurgeExpired } from './purge-expired.js';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

let removable: number;
let calls: { before: Date; limit: number }[];
let failing: boolean;
let warnings: string[];
let purge: PurgeExpired;

beforeEach(() => {
  jest.useFakeTimers();
  [removable, calls, failing, warnings] = [0, [], false, []];
  const store = {
    purge: (before: Date, limit: number) => {
      calls.push({ before, limit });
      if (failing) return Promise.reject(new Error('no connection'));
      const removed = Math.min(removable, limit);
      removable -= removed;
      return Promise.resolve(removed);
    },
  };
  const log = { warn: (_fields: object, message: string) => warnings.push(message) };
  purge = new PurgeExpired([store], log as unknown as Logger);
  purge.onApplicationBootstrap();
});
afterEach(async () => {
  await purge.onApplicationShutdown();
  jest.useRealTimers();
});

describe('what has expired', () => {
  it('is removed each hour, a day later, in batches until nothing is left', async () => {
    removable = 2_500;
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(removable).toBe(0);
    expect(calls).toHaveLength(4);
    expect(calls[0]).toEqual({ before: new Date(Date.now() - DAY), limit: 1_000 });
  });

  it('is tried again after a fault', async () => {
    failing = true;
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(warnings).toHaveLength(1);

    [failing, removable] = [false, 1];
    await jest.advanceTimersByTimeAsync(HOUR);
    expect(removable).toBe(0);
  });

  it('stays once the service stops', async () => {
    await purge.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(2 * HOUR);
    expect(calls).toEqual([]);
  });
});
