import { describe, expect, it } from '@jest/globals';
import { delayAfter, holdAfter, MOST_TRIES } from './webhook.js';

describe('the tries of a delivery', () => {
  it('go on for more than three days, and end', () => {
    const delays = Array.from({ length: MOST_TRIES }, (_, index) => delayAfter(index + 1, 0.5));
    expect(delays.at(-1)).toBeNull();
    expect(delays.slice(0, 3)).toEqual([5_000, 300_000, 1_800_000]);
    const total = delays.reduce<number>((sum, delay) => sum + (delay ?? 0), 0);
    expect(total).toBeGreaterThan(3 * 24 * 3_600_000);
    expect(delays.slice(0, -1)).toEqual(delays.slice(0, -1).toSorted((a, b) => (a ?? 0) - (b ?? 0)));
  });

  it('are spread, so that those of many deliveries do not come together', () => {
    expect([delayAfter(1, 0), delayAfter(1, 1)]).toEqual([4_000, 6_000]);
  });
});

describe('an endpoint that fails', () => {
  it('is left alone for longer each time, up to ten minutes', () => {
    expect([1, 2, 3, 30].map(holdAfter)).toEqual([2_000, 4_000, 8_000, 600_000]);
  });
});
