import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SharedRedis } from '@taskwire/service/redis';
import { faultProxy, startLocalRedis, until } from '@taskwire/testing';
import { CacheInMemory } from './cache-in-memory.js';
import { CacheInRedis } from './cache-in-redis.js';
import type { KeptAnswer } from './kept-answer.js';
import { type Found, ReadCache } from './read-cache.js';

const server = await startLocalRedis();
let connections: SharedRedis[] = [];
/** As two gateways have it. */
let here: ReadCache;
let there: ReadCache;
let key: string;

beforeEach(async () => {
  if (server === undefined) return;
  key = randomUUID();
  connections = [server.url, server.url].map((url) => new SharedRedis(url, () => undefined));
  await connected();
  [here, there] = connections.map((redis) => new ReadCache(new CacheInMemory(), new CacheInRedis(redis))) as [
    ReadCache,
    ReadCache,
  ];
});
afterEach(() => {
  for (const redis of connections) redis.onApplicationShutdown();
});
afterAll(() => server?.kill());

const connected = () =>
  until('the connections', () => connections.every(({ client }) => client.status === 'ready'));
const answer = (version: number, lifetimeMs = 60_000): KeptAnswer => ({
  ...{ owner: 'ada', version, headers: {}, body: `version ${version}`, until: Date.now() + lifetimeMs },
});
const find = (cache: ReadCache) => cache.find(key, () => true);
async function keep(cache: ReadCache, kept: KeptAnswer, found?: Found): Promise<void> {
  const place = found ?? (await find(cache));
  if (place.layer !== 'service') throw new Error(`it was found in ${place.layer}`);
  await place.keep(kept);
}
const seen = async (cache: ReadCache) => {
  const found = await find(cache);
  return [found.layer, found.layer === 'service' ? null : found.kept.body];
};
const inRedis = async () => {
  const [redis] = connections.map(({ client }) => client);
  const [name] = (await redis?.keys(`*${key}*`)) ?? [];
  return name === undefined ? '' : ((await redis?.hget(name, 'kept')) ?? '');
};

(server ? describe : describe.skip)('what two gateways keep over one Redis (redis-server)', () => {
  it('is found by both, then by each in its own memory', async () => {
    await keep(here, answer(1));

    expect(await seen(here)).toEqual(['memory', 'version 1']);
    expect(await seen(there)).toEqual(['redis', 'version 1']);
    expect(await seen(there)).toEqual(['memory', 'version 1']);
  });

  it('goes from Redis when it has to be read again', async () => {
    await keep(here, answer(1, 300));
    await until('it is gone', async () => (await inRedis()) === '');

    expect(await seen(there)).toEqual(['service', null]);
    expect(await seen(here)).toEqual(['service', null]);
  });

  it('is void for both when one hears of a newer version, also what was being read meanwhile', async () => {
    const late = await find(there);
    await keep(here, answer(1));
    await here.forget(key, 2);
    await keep(there, answer(1), late);
    expect(await inRedis()).toBe('');
    expect(await seen(here)).toEqual(['service', null]);
    await keep(here, answer(2));

    expect(await inRedis()).toContain('version 2');
    await there.forget(key, 2);
    expect(await seen(there)).toEqual(['redis', 'version 2']);
  });

  it('leaves Redis when its owner is gone', async () => {
    await keep(here, answer(1));
    await there.forget(key, Number.MAX_SAFE_INTEGER);
    expect(await inRedis()).toBe('');
    const late = await find(there);
    await keep(there, answer(3), late);

    expect(await inRedis()).toBe('');
  });

  it('is void for both after one may have missed something, also what was being read meanwhile', async () => {
    await keep(there, answer(1));
    await there.forget(key, 2);
    const late = await find(there);
    await keep(here, answer(2));
    await there.clear();
    await keep(there, answer(2), late);

    expect(await seen(there)).toEqual(['service', null]);
  });

  it('does not come back with a Redis that was out of reach when it became void', async () => {
    await keep(here, answer(1));
    const proxy = await faultProxy({ target: new URL(server?.url ?? '').host });
    const behind = new SharedRedis(proxy.through(server?.url ?? ''), () => undefined);
    try {
      await until('the connection', () => behind.client.status === 'ready');
      const cache = new ReadCache(new CacheInMemory(), new CacheInRedis(behind));
      await proxy.down();
      await until('its loss', () => behind.client.status !== 'ready');
      await cache.forget(key, 2);
      await proxy.up();
      await until('the connection', () => behind.client.status === 'ready');
      expect(await inRedis()).toContain('version 1');

      expect(await seen(cache)).toEqual(['service', null]);
      expect(await seen(there)).toEqual(['service', null]);
    } finally {
      behind.onApplicationShutdown();
      await proxy.close();
    }
  });

  it('is kept by each alone while Redis is lost, without a fault', async () => {
    await server?.kill();
    await keep(here, answer(1));

    expect(await seen(here)).toEqual(['memory', 'version 1']);
    expect(await seen(there)).toEqual(['service', null]);
    await server?.start();
    await connected();
    await keep(there, answer(1));
    expect(await inRedis()).toContain('version 1');
  });
});
