import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLocalRedis } from '@taskwire/testing';
import { type RunningAuth, startAuth } from '../service.fixture.js';

const redis = await startLocalRedis();
let instances: RunningAuth[] = [];

beforeAll(async () => {
  if (redis === undefined) return;
  const env = { REDIS_URL: redis.url, RATE_LIMIT_LOGIN_ACCOUNT: '4' };
  instances = [await startAuth(env), await startAuth(env)];
}, 60_000);
afterAll(async () => {
  for (const auth of instances) await auth.close();
  await redis?.kill();
});

/** Logins one after the other, in turn at each instance. */
async function statuses(count: number, email: string): Promise<(number | undefined)[]> {
  const answers = [];
  for (let n = 0; n < count; n += 1) {
    const address = { 'x-forwarded-for': `198.51.100.${n}` };
    const login = { email, password: 'a guess' };
    answers.push(await instances[n % 2]?.internal('POST', '/v1/auth/login', login, address));
  }
  return answers.map((answer) => answer?.status);
}

(redis ? describe : describe.skip)('guessing passwords at two instances of auth (redis-server)', () => {
  it('is limited over both', async () => {
    expect(await statuses(6, `${randomUUID()}@example.com`)).toEqual([401, 401, 401, 401, 429, 429]);
  });

  it('is limited by each alone while Redis is lost, and is no fault', async () => {
    const email = `${randomUUID()}@example.com`;
    await redis?.kill();

    expect(await statuses(10, email)).toEqual([...Array<number>(8).fill(401), 429, 429]);
  });
});
