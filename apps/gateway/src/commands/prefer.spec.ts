import { describe, expect, it } from '@jest/globals';
import { preferenceOf } from './prefer.js';

describe('preferenceOf', () => {
  it.each([
    [undefined, 5_000, undefined],
    ['respond-async', 0, 'respond-async'],
    ['Respond-Async', 0, 'respond-async'],
    ['wait=10', 10_000, 'wait=10'],
    ['wait="3"', 3_000, 'wait=3'],
    ['wait=0', 0, 'wait=0'],
    ['wait=600', 30_000, 'wait=30'],
    ['respond-async, wait=10', 10_000, 'respond-async, wait=10'],
    ['wait = 2; foo=bar, wait=9', 2_000, 'wait=2'],
    ['wait=soon', 5_000, undefined],
    ['return=minimal', 5_000, undefined],
  ])('reads %p as a wait of %p ms', (header, waitMs, applied) => {
    expect(preferenceOf(header)).toEqual({ waitMs, applied });
  });
});
