import { expect, it } from '@jest/globals';
import { withinMs } from './within.js';

it('says whether something ended in time, however it ended', async () => {
  expect(await withinMs(Promise.resolve(), 1_000)).toBe(true);
  expect(await withinMs(Promise.reject(new Error('failed')), 1_000)).toBe(true);
  expect(await withinMs(new Promise(() => undefined), 5)).toBe(false);
});
