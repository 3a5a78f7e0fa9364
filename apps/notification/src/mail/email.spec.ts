import { describe, expect, it } from '@jest/globals';
import { delayAfter, MOST_ATTEMPTS } from './email.js';

describe('the wait before the next attempt', () => {
  it('grows from seconds to an hour, and then there is none', () => {
    const waits = Array.from({ length: MOST_ATTEMPTS }, (_, index) => delayAfter(index + 1, 0.5));
    expect(waits.slice(0, 4)).toEqual([5_000, 15_000, 45_000, 135_000]);
    expect(waits.slice(-3)).toEqual([3_600_000, 3_600_000, null]);
  });

  it('is spread by a fifth, so that a server that comes back is not overrun', () => {
    expect([delayAfter(1, 0), delayAfter(1, 1)]).toEqual([4_000, 6_000]);
  });
});
