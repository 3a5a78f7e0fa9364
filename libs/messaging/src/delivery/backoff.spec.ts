import { expect, it } from '@jest/globals';
import { pauseBefore, REDELIVERY_BACKOFF } from './backoff.js';

it('grows from 50 ms to 5 s and no further', () => {
  const pauses = [1, 2, 3, 7, 8, 1_000].map((attempt) => pauseBefore(attempt, REDELIVERY_BACKOFF));
  expect(pauses).toEqual([50, 100, 200, 3_200, 5_000, 5_000]);
});
