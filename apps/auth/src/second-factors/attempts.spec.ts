import { expect, it } from '@jest/globals';
import { waitMs } from './attempts.js';

const failedAt = new Date('2026-03-01T08:00:00.000Z');
const after = (seconds: number) => new Date(failedAt.getTime() + seconds * 1000);

it.each([
  ['none', 0, 0, 0],
  ['four', 4, 0, 0],
  ['five', 5, 0, 30],
  ['five, a while ago', 5, 20, 10],
  ['five, long ago', 5, 31, 0],
  ['six', 6, 0, 60],
  ['many', 50, 0, 3_600],
])('after %s in a row', (_, failures, passed, seconds) => {
  expect(waitMs({ failures, failedAt }, after(passed))).toBe(seconds * 1000);
});
