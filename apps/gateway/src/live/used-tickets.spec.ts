import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SharedRedis } from '@taskwire/service/redis';
import { startLocalRedis, until } from '@taskwire/testing';
import { UsedTicketsInRedis } from './used-tickets.js';

const server = await startLocalRedis();

(server ? describe : describe.skip)('tickets of several gateways (redis-server)', () => {
  const gateways: SharedRedis[] = [];

  beforeAll(async () => {
    for (let i = 0; i < 2; i += 1) gateways.push(new SharedRedis(server?.url ?? '', () => undefined));
    await until('the connections', () => gateways.every(({ client }) => client.status === 'ready'));
  });
  afterAll(async () => {
    for (const redis of gateways) redis.onApplicationShutdown();
    await server?.kill();
  });

  it('work once, whichever gateway they come to', async () => {
    const nonce = randomUUID();
    const taken = [];
    for (const redis of gateways) taken.push(await new UsedTicketsInRedis(redis).take(nonce, 30));

    expect(taken).toEqual([true, false]);
  });
});

describe('tickets while Redis is lost', () => {
  it('are remembered by each gateway alone', async () => {
    const lost = new SharedRedis('redis://127.0.0.1:1', () => undefined);
    const tickets = new UsedTicketsInRedis(lost);

    expect(await tickets.take('nonce', 30)).toBe(true);
    expect(await tickets.take('nonce', 30)).toBe(false);
    lost.onApplicationShutdown();
  });
});
