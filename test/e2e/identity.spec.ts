import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerOf, apiAt } from './client.js';
import { type Platform, startPlatform } from './platform.js';

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(async () => {
  await platform?.stop();
}, 30_000);

describe('a password that is tried first', () => {
  it.each([
    ['baseball', 'common'],
    ['Grace Hopper 1906', 'your name'],
    ['short', '8 to 128 characters'],
  ])('is refused with the field and the reason: %s', async (password, reason) => {
    const body = { email: `e2e-${randomUUID()}@example.org`, password, name: 'Grace Hopper' };
    const answer = await answerOf(apiAt(platform.api).POST('/v1/auth/register', { body }));

    expect(answer.status).toBe(400);
    expect(answer.problem?.errors).toEqual([
      { pointer: '/password', detail: expect.stringContaining(reason) },
    ]);
  });
});
