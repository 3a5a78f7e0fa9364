import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startLocalRedis, until } from '@taskwire/testing';
import { SharedLimit } from './shared-limit.js';
import { SharedRedis } from './shared-redis.js';

const REPLICAS = 4;
const QUOTA = 500;

const server = await startLocalRedis();
let replicas: SharedRedis[] = [];
let losses: Error[] = [];

beforeEach(async () => {
  losses = [];
  if (server === undefined) return;
  const { url } = server;
  replicas = Array.from({ length: REPLICAS }, () => new SharedRedis(url, (error) => losses.push(error)));
  await connected();
});
afterEach(() => {
  for (const redis of replicas) redis.onApplicationShutdown();
});
afterAll(() => server?.kill());

const connected = () =>
  until('the connections', () => replicas.every(({ client }) => client.status === 'ready'));

/** What of as many takes as are asked for, all at once and in turn on each replica, is let through. */
async function admitted(limits: readonly SharedLimit[], takes: number): Promise<number> {
  const all = Array.from({ length: Math.ceil(takes / limits.length) }, () => limits).flat();
  const taken = await Promise.all(all.map((limit) => limit.take('ada')));
  return taken.filter(({ exceeded }) => !exceeded).length;
}
const limitsOf = (name: string, quota: number) =>
  replicas.map((redis) => new SharedLimit(name, quota, redis));

describe('a limit without Redis', () => {
  it('counts in the process', async () => {
    expect(await admitted([new SharedLimit('alone', 3)], 5)).toBe(3);
  });
});

(server ? describe : describe.skip)('a limit of four replicas over one Redis (redis-server)', () => {
  it('lets the quota through, by 2 % at most more or less', async () => {
    const count = await admitted(limitsOf('together', QUOTA), 2 * QUOTA);

    expect(Math.abs(count - QUOTA)).toBeLessThanOrEqual(QUOTA * 0.02);
  });

  it('is told by each of them', async () => {
    const [first, second] = limitsOf('told', 3);
    await first?.take('ada');

    expect(await second?.take('ada')).toMatchObject({ exceeded: false, remaining: 1 });
    expect(await first?.take('eve')).toMatchObject({ exceeded: false, remaining: 2 });
  });

  it('is counted by each alone, at once, when Redis is killed, and together when it is back', async () => {
    const limits = limitsOf('killed', 10);
    expect(await admitted(limits, 20)).toBe(10);
    await server?.kill();
    expect(await admitted(limits, 80)).toBe(REPLICAS * 10);
    await server?.start();
    await connected();

    expect(await admitted(limits, 40)).toBe(10);
    expect(losses.length).toBeGreaterThan(0);
  });

  it('costs a few callers a short time-out when Redis answers no more, and then nobody', async () => {
    const limits = limitsOf('frozen', 1_000);
    server?.freeze();
    try {
      // Nothing would ever come back from a frozen one: without a time-out of ours this takes as long as the test may.
      expect(await admitted(limits, 40)).toBe(40);
      const before = losses.length;
      expect(await admitted(limits, 400)).toBe(400);

      // One caller of each replica may look whether it is back.
      expect(losses.length - before).toBeLessThanOrEqual(REPLICAS);
    } finally {
      server?.thaw();
    }
  });
});
