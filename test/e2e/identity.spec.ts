import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { User } from '@taskwire/contracts';
import { answerOf, apiAt, signUp } from './client.js';
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

describe('a change of the profile that is repeated', () => {
  it('is answered with what there is by then, and does nothing again', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const ada = await signUp(platform.api);
    const rename = (name: string, headers = {}) => ada.call<User>('PATCH', '/v1/auth/me', { name }, headers);
    const first = await rename('Ann', key);
    const second = await rename('Bea');
    const again = await rename('Ann', key);

    expect(first.body).toMatchObject({ name: 'Ann', version: 2 });
    expect(again).toMatchObject({ status: 200, body: second.body });
    expect(again.headers.get('etag')).toBe('"3"');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});
