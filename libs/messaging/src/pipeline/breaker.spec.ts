import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Breaker, type BreakerReason } from './breaker.js';

let gate: { paused: boolean; pause(): void; resume(): void };
let opened: [BreakerReason, number][];

beforeEach(() => {
  jest.useFakeTimers();
  opened = [];
  gate = {
    paused: false,
    pause: () => void (gate.paused = true),
    resume: () => void (gate.paused = false),
  };
});

afterEach(() => {
  jest.useRealTimers();
});

const breaker = (keys = 3) =>
  new Breaker(gate, (...why) => void opened.push(why), { keys, pauseMs: 100, maxPauseMs: 400 });

describe('breaker', () => {
  it('pauses at once on an infrastructure fault, longer each time up to a limit, and probes in between', () => {
    const it = breaker();
    for (let n = 0; n < 5; n += 1) {
      it.infrastructureFailed();
      expect(gate.paused).toBe(true);
      jest.advanceTimersByTime(400);
      expect(gate.paused).toBe(false);
      expect(it.probing).toBe(true);
    }
    expect(opened.map(([, pauseMs]) => pauseMs)).toEqual([100, 200, 400, 400, 400]);
  });

  it('pauses for 5 s at most unless told otherwise: so long may nothing be done after an outage', () => {
    const it = new Breaker(gate, (...why) => void opened.push(why));
    for (let n = 0; n < 20; n += 1) {
      it.infrastructureFailed();
      jest.advanceTimersByTime(5_000);
      expect(gate.paused).toBe(false);
    }
  });

  it('counts distinct keys, not failures of one', () => {
    const it = breaker(3);
    for (let n = 0; n < 10; n += 1) it.faulted('a');
    it.faulted('b');
    expect(gate.paused).toBe(false);
    it.faulted('c');
    expect(gate.paused).toBe(true);
    expect(opened).toEqual([['keys', 100]]);
  });

  it('starts to count anew when something succeeds', () => {
    const it = breaker(3);
    it.faulted('a');
    it.faulted('b');
    it.succeeded();
    it.faulted('c');
    expect(gate.paused).toBe(false);
  });

  it('pauses again on the first failure of a probe, and forgets all of it on a success', () => {
    const it = breaker(3);
    it.infrastructureFailed();
    jest.advanceTimersByTime(100);
    it.faulted('a');
    expect(gate.paused).toBe(true);
    jest.advanceTimersByTime(200);
    it.succeeded();
    expect(it.probing).toBe(false);
    it.faulted('a');
    expect(gate.paused).toBe(false);
  });

  it('does nothing more when it is closed', () => {
    const it = breaker();
    it.infrastructureFailed();
    it.close();
    jest.advanceTimersByTime(1_000);
    expect(gate.paused).toBe(true);
    it.infrastructureFailed();
    expect(jest.getTimerCount()).toBe(0);
  });
});
