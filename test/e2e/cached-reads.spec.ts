import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Operation, User } from '@taskwire/contracts';
import { SharedRedis } from '@taskwire/service/redis';
import { startLocalRedis } from '@taskwire/testing';
import { call, type Client, signUp } from './client.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const ME = '/v1/auth/me';

const redis = await startLocalRedis();
let platform: Platform;
/** Two of them, over one Redis where there is one. */
let gateways: string[];
let ada: Client;

beforeAll(async () => {
  platform = await startPlatform({ env: { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: '1000000' } });
  gateways = [];
  const shared = redis && { REDIS_URL: redis.url };
  for (let n = 0; n < 2; n += 1) gateways.push(await platform.addGateway(shared));
}, 60_000);
afterAll(async () => {
  await platform?.stop();
  await redis?.kill();
}, 30_000);
beforeEach(async () => {
  ada = await signUp(platform.api);
});

const ask = <Body = User>(gateway: number, { token }: Client, path = ME, headers = {}) =>
  call<Body>(`${gateways[gateway]}${path}`, 'GET', undefined, {
    authorization: `Bearer ${token}`,
    ...headers,
  });
const rename = (gateway: number, { token }: Client, name: string) =>
  call<User>(`${gateways[gateway]}${ME}`, 'PATCH', { name }, { authorization: `Bearer ${token}` });

/** How often auth is asked for a profile meanwhile. */
async function asksOf(work: () => Promise<unknown>): Promise<number> {
  const { port } = new URL(platform.urls.auth);
  let asks = 0;
  const watch = (message: unknown) => {
    const { request } = message as { request: IncomingMessage };
    if (request.url === ME && request.socket.localPort === Number(port)) asks += 1;
  };
  subscribe('http.server.request.start', watch);
  try {
    await work();
  } finally {
    unsubscribe('http.server.request.start', watch);
  }
  return asks;
}

describe('a profile that was read', () => {
  it('is answered without auth, by every gateway over the same Redis, and 304 to who has it', async () => {
    const { headers, body } = await ask(0, ada);
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    const asks = await asksOf(async () => {
      expect((await ask(0, ada)).body).toEqual(body);
      expect(await ask(0, ada, ME, known)).toMatchObject({ status: 304, body: undefined });
      if (redis) expect(await ask(1, ada, ME, known)).toMatchObject({ status: 304, body: undefined });
    });

    expect(asks).toBe(0);
  });

  it('shows a change in the next read where it was made, and everywhere soon after', async () => {
    for (const gateway of [0, 1]) await ask(gateway, ada);
    for (const name of ['Countess', 'Ada Lovelace', 'Ada King']) {
      const { headers } = await rename(0, ada, name);
      const next = await ask(0, ada);

      expect([next.body.name, next.headers.get('etag')]).toEqual([name, headers.get('etag')]);
      await until(
        'the other gateway',
        () => ask(1, ada),
        ({ body }) => body.name === name,
      );
    }
  });

  it('never goes back, however reads and changes meet', async () => {
    const versions: number[][] = [[], []];
    let changing = true;
    const readers = [0, 1].map(async (gateway) => {
      while (changing) versions[gateway]?.push((await ask(gateway, ada)).body.version);
    });
    for (let n = 0; n < 10; n += 1) {
      expect((await rename(n % 2, ada, `Ada ${n}`)).status).toBe(200);
    }
    changing = false;
    await Promise.all(readers);

    for (const seen of versions) expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    for (const gateway of [0, 1]) {
      await until(
        'the last change',
        () => ask(gateway, ada),
        ({ body }) => body.name === 'Ada 9',
      );
    }
  });

  it('is given to its user alone, however many ask at once', async () => {
    const users = [ada];
    for (let n = 0; n < 5; n += 1) users.push(await signUp(platform.api));
    const asking = Array.from({ length: 20 }, (_, n) =>
      users.map(async (user) => [user.user.id, (await ask(n % 2, user)).body.id]),
    );

    for (const [wanted, got] of await Promise.all(asking.flat())) expect(got).toBe(wanted);
  });

  it('is no way in for who has no session any more', async () => {
    await ask(0, ada);
    await call(`${platform.api}/v1/auth/logout`, 'POST', { refreshToken: ada.refreshToken });
    const refused = await until(
      'the gateway knows that the session has ended',
      () => ask(0, ada),
      ({ status }) => status !== 200,
    );

    expect(refused.status).toBe(401);
  });
});

(redis ? describe : describe.skip)('a deleted account (redis-server)', () => {
  it('leaves nothing of its profile in Redis, nor in a gateway', async () => {
    const shared = new SharedRedis(redis?.url ?? '', () => undefined);
    const kept = async () => {
      const keys = await shared.client.keys('cache:*:*');
      const values = await Promise.all(keys.map((key) => shared.client.hgetall(key)));
      return JSON.stringify(values).includes(ada.email);
    };
    try {
      await until(
        'the connection',
        async () => shared.client.status,
        (status) => status === 'ready',
      );
      for (const gateway of [0, 1]) await ask(gateway, ada);
      expect(await kept()).toBe(true);
      const gone = await ada.call('POST', '/v1/auth/me/deletion', { password: ada.password });
      expect(gone.status).toBe(204);
      await until('it is gone from Redis', kept, (found) => !found);
      for (const gateway of [0, 1]) expect((await ask(gateway, ada)).status).not.toBe(200);

      expect(await kept()).toBe(false);
    } finally {
      shared.onApplicationShutdown();
    }
  });
});

describe('an operation', () => {
  it('is 304 to who knows what became of it', async () => {
    const write = { authorization: `Bearer ${ada.token}`, prefer: 'respond-async' };
    // Without its service the command can't end before it is answered.
    await platform.stopService('task');
    const sent = await call(`${gateways[0]}/v1/tasks/${ada.user.id}/complete`, 'POST', undefined, write);
    await platform.startService('task');
    const location = sent.headers.get('location') ?? '';
    const ended = await until(
      'its end',
      () => ask<Operation>(0, ada, location),
      ({ body }) => body.status !== 'pending',
    );
    const known = { 'if-none-match': ended.headers.get('etag') ?? '' };

    expect(ended.body.status).toBe('rejected');
    expect(await ask(1, ada, location, known)).toMatchObject({ status: 304, body: undefined });
    expect((await ask(1, ada, location, { 'if-none-match': '"other"' })).status).toBe(200);
  });
});
