import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startLocalRedis } from '@taskwire/testing';
import { type Client, call, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';

const GATEWAYS = 4;
const QUOTA = 200;

const redis = await startLocalRedis();
let platform: Platform;
let gateways: string[];

beforeAll(async () => {
  if (redis === undefined) return;
  platform = await startPlatform();
  gateways = [];
  for (let n = 0; n < GATEWAYS; n += 1) {
    const limits = { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: String(QUOTA), RATE_LIMIT_TOKEN: '150' };
    gateways.push(await platform.addGateway({ REDIS_URL: redis.url, ...limits }));
  }
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await redis?.kill();
}, 30_000);

/** Answered by the gateway alone. */
const ask = (token: string, gateway: number) =>
  call(`${gateways[gateway % GATEWAYS]}/v1/operations/none`, 'GET', undefined, {
    authorization: `Bearer ${token}`,
  });
/** Statuses of so many requests, in turn at each gateway, a few at a time at each. */
async function statuses(token: string, count: number): Promise<Record<number, number>> {
  const seen: Record<number, number> = {};
  let next = 0;
  const client = async () => {
    while (next < count) {
      const { status } = await ask(token, next++);
      seen[status] = (seen[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 2 * GATEWAYS }, client));
  return seen;
}
async function again({ email, password }: Client): Promise<string> {
  const login = { email, password };
  return (await call<{ accessToken: string }>(`${platform.api}/v1/auth/login`, 'POST', login)).body
    .accessToken;
}

(redis ? describe : describe.skip)('four gateways over one Redis (redis-server)', () => {
  it('together let a token and a user have their quota, by 2 % at most more or less', async () => {
    const ada = await signUp(platform.api);
    const first = await statuses(ada.token, 300);
    const second = await statuses(await again(ada), 100);

    expect(first).toEqual({ 404: expect.any(Number), 429: expect.any(Number) });
    expect(Math.abs((first[404] ?? 0) - 150)).toBeLessThanOrEqual(150 * 0.02);
    // What the first token was refused did not count against the user.
    expect(Math.abs((first[404] ?? 0) + (second[404] ?? 0) - QUOTA)).toBeLessThanOrEqual(QUOTA * 0.02);
  });

  it('name the limits that a request met', async () => {
    const { headers } = await ask((await signUp(platform.api)).token, 0);

    expect(headers.get('ratelimit-policy')).toBe(
      '"ip";q=1000000;w=60, "token";q=150;w=60, "user";q=200;w=60',
    );
  });

  it('go on with a limit each when Redis is killed meanwhile: no fault, and no request lost', async () => {
    const eve = await signUp(platform.api);
    const asking = statuses(eve.token, 120);
    await redis?.kill();
    const seen = await asking;
    const after = await statuses(eve.token, 900);

    expect(seen).toEqual({ 404: 120 });
    expect(after).toEqual({ 404: expect.any(Number), 429: expect.any(Number) });
    expect((after[404] ?? 0) + 120).toBeLessThanOrEqual((GATEWAYS + 1) * 150);
  });
});
