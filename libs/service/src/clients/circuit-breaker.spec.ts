import { beforeEach, describe, expect, it } from '@jest/globals';
import { CircuitBreaker } from './circuit-breaker.js';

let now: number;
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 0;
  breaker = new CircuitBreaker(() => now);
  for (let n = 0; n < 5; n += 1) breaker.failed();
});

describe('an open circuit', () => {
  it('lets nobody through for a while, then one', () => {
    expect(breaker.admits()).toBe(false);
    now = 2_000;

    expect([breaker.admits(), breaker.admits(), breaker.admits()]).toEqual([true, false, false]);
  });

  it('closes when that one succeeds', () => {
    now = 2_000;
    breaker.admits();
    breaker.succeeded();

    expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
  });

  it('stays open for as long again when that one fails', () => {
    now = 2_000;
    breaker.admits();
    now = 2_500;
    breaker.failed();

    now = 4_400;
    expect(breaker.admits()).toBe(false);
    now = 4_500;
    expect(breaker.admits()).toBe(true);
  });
});
