import { expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.js';

const now = new Date('2026-03-01T08:00:00.000Z');

it.each([
  ['nothing', undefined, 0],
  ['seconds', '120', 120_000],
  ['a date', 'Sun, 01 Mar 2026 08:00:30 GMT', 30_000],
  ['a date that is over', 'Sun, 01 Mar 2026 07:00:00 GMT', 0],
  ['more than an hour', '86400', 3_600_000],
  ['nonsense', 'soon', 0],
  ['two of them', ['1', '2'], 0],
])('takes %s for how long to wait', (_, header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});
