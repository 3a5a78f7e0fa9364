import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RateLimit } from './limits/rate-limit.js';
import { UsedTicketsInRedis } from './live/used-tickets.js';
import { connectRedis } from './redis.js';

const url = process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:6379';
const found = await isThere(url);
if (!found && process.env.CI === 'true') throw new Error(`there is no Redis at ${url}: set TEST_REDIS_URL`);

async function isThere(address: string): Promise<boolean> {
  const redis = connectRedis(address, () => undefined);
  try {
    await ready(redis);
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

function ready(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    redis.once('ready', () => resolve());
    redis.once('error', reject);
  });
}

(found ? describe : describe.skip)('with Redis (TEST_REDIS_URL)', () => {
  const gateways: Redis[] = [];

  beforeAll(async () => {
    for (let i = 0; i < 2; i += 1) {
      const redis = connectRedis(url, () => undefined);
      await ready(redis);
      gateways.push(redis);
    }
  });
  afterAll(() => {
    for (const redis of gateways) redis.disconnect();
  });

  it('a limit counts over all gateways', async () => {
    const user = randomUUID();
    const exceeded = [];
    for (const redis of [...gateways, ...gateways]) {
      exceeded.push((await new RateLimit('user', 3, redis).take(user)).exceeded);
    }

    expect(exceeded).toEqual([false, false, false, true]);
  });

  it('a ticket works once, whichever gateway it comes to', async () => {
    const nonce = randomUUID();
    const taken = [];
    for (const redis of gateways) taken.push(await new UsedTicketsInRedis(redis).take(nonce, 30));

    expect(taken).toEqual([true, false]);
  });
});

describe('while Redis is lost', () => {
  it('a gateway counts and remembers alone', async () => {
    const lost = connectRedis('redis://127.0.0.1:1', () => undefined);
    const limit = new RateLimit('user', 1, lost);
    const tickets = new UsedTicketsInRedis(lost);

    expect((await limit.take('ada')).exceeded).toBe(false);
    expect((await limit.take('ada')).exceeded).toBe(true);
    expect(await tickets.take('nonce', 30)).toBe(true);
    expect(await tickets.take('nonce', 30)).toBe(false);
    lost.disconnect();
  });
});
