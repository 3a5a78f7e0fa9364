import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';

interface Found {
  address?: string;
  missing?: string;
}
const { findRedis } = (await import(join(import.meta.dirname, 'redis.js'))) as {
  findRedis: () => Promise<Found>;
};

const before = process.env.TEST_REDIS_URL;
afterEach(() => {
  if (before === undefined) delete process.env.TEST_REDIS_URL;
  else process.env.TEST_REDIS_URL = before;
});

describe('the Redis for tests', () => {
  it('is the one that TEST_REDIS_URL names', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.TEST_REDIS_URL = url;
    const found = await findRedis();
    server.close();

    expect(found).toMatchObject({ name: 'Redis', address: url });
  });

  it('is named when it is missing, with the variable that names another', async () => {
    process.env.TEST_REDIS_URL = 'redis://127.0.0.1:1';

    expect((await findRedis()).missing).toBe('none at 127.0.0.1:1 (ECONNREFUSED), set TEST_REDIS_URL');
  });
});
