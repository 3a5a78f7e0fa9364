import { describe, expect, it } from '@jest/globals';
import { limitHeaders } from './limit-headers.js';
import { RateLimit } from './rate-limit.js';

describe('RateLimit', () => {
  it('lets as many requests through as the limit says, for each key', async () => {
    const limit = new RateLimit('ip', 2);

    const quotas = [
      await limit.take('a'),
      await limit.take('a'),
      await limit.take('a'),
      await limit.take('b'),
    ];

    expect(quotas.map(({ exceeded }) => exceeded)).toEqual([false, false, true, false]);
    expect(quotas.map(({ remaining }) => remaining)).toEqual([1, 0, 0, 1]);
    expect(quotas[2]?.resetSeconds).toBeGreaterThan(0);
    expect(quotas[2]?.resetSeconds).toBeLessThanOrEqual(60);
  });
});

describe('limitHeaders', () => {
  it('tells each limit that the request met', () => {
    const quotas = [
      { name: 'ip', limit: 600, remaining: 598, resetSeconds: 30, exceeded: false },
      { name: 'user', limit: 300, remaining: 0, resetSeconds: 12, exceeded: true },
    ] as const;

    expect(limitHeaders(quotas)).toEqual({
      'ratelimit-policy': '"ip";q=600;w=60, "user";q=300;w=60',
      ratelimit: '"ip";r=598;t=30, "user";r=0;t=12',
    });
  });
});
