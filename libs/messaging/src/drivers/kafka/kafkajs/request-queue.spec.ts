import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mendRequestQueue } from './request-queue.js';

mendRequestQueue();

function queue(throttledUntil: number, pending: readonly unknown[] = []): { checks: number } & RequestQueue {
  const made = Object.create(RequestQueue.prototype) as { checks: number } & RequestQueue;
  return Object.assign(made, {
    throttledUntil,
    pending,
    throttleCheckTimeoutId: null,
    checks: 0,
    checkPendingRequests() {
      made.checks += 1;
    },
  });
}

describe('the mended request queue of kafkajs', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it.each([
    ['nothing is throttled', -1, [], 0],
    ['something waits for its turn', -1, ['request'], 10],
    ['the throttle is over', 0, [], 0],
  ])('never asks for a time in the past: %s', (_what, throttledUntil, pending, ms) => {
    const timer = jest.spyOn(globalThis, 'setTimeout');
    queue(throttledUntil, pending).scheduleCheckPendingRequests();
    expect(timer.mock.calls.map(([, delay]) => delay)).toEqual([ms]);
  });

  it('waits until a throttle ends', () => {
    const throttled = queue(Date.now() + 500, ['request']);
    throttled.scheduleCheckPendingRequests();
    jest.advanceTimersByTime(499);
    expect(throttled.checks).toBe(0);
    jest.advanceTimersByTime(1);
    expect(throttled.checks).toBe(1);
  });

  it('has one timer at a time', () => {
    const busy = queue(-1);
    for (let i = 0; i < 5; i += 1) busy.scheduleCheckPendingRequests();
    jest.runAllTimers();
    expect(busy.checks).toBe(1);
    busy.scheduleCheckPendingRequests();
    jest.runAllTimers();
    expect(busy.checks).toBe(2);
  });
});
