import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SharedRedis } from '@taskwire/service/redis';
import { startLocalRedis } from '@taskwire/testing';
import { type Client, apiAt, answerOf, signUp } from './client.js';
import { type LiveClient, openEvents, openSocket } from './live-clients.js';
import { type Platform, startPlatform } from './platform.js';
import { until } from './until.js';

const redis = await startLocalRedis();
let platform: Platform;
/** One hears the bus and passes on, the other hears that. */
let gateways: [string, string];
let shared: SharedRedis;
let ada: Client;

beforeAll(async () => {
  if (redis === undefined) return;
  platform = await startPlatform({ env: { RATE_LIMIT_IP: '1000000', RATE_LIMIT_USER: '1000000' } });
  shared = new SharedRedis(redis.url, () => undefined);
  gateways = [
    await platform.addGateway({ REDIS_URL: `${redis.url}?keyPrefix=e2e:` }),
    await platform.addGateway({ REDIS_URL: `${redis.url}?keyPrefix=e2e:` }),
  ];
}, 60_000);
afterAll(async () => {
  shared?.onApplicationShutdown();
  await platform?.stop();
  await redis?.kill();
}, 30_000);
beforeEach(async () => {
  if (redis) ada = await signUp(platform.api);
});

const events = (gateway: number, after: number, { token } = ada) =>
  openEvents(`${gateways[gateway]}/v1/live`, {
    authorization: `Bearer ${token}`,
    'last-event-id': String(after),
  });
async function socket(gateway: number, after: number): Promise<LiveClient> {
  const { body } = await answerOf(ada.api.POST('/v1/live/tickets'));
  const url = (gateways[gateway] ?? '').replace('http', 'ws');
  return openSocket(`${url}/v1/live/ws?ticket=${body.ticket}&lastEventId=${after}`);
}
async function write(gateway: number, count: number): Promise<void> {
  const api = apiAt(gateways[gateway] ?? '', ada.token);
  const writes = Array.from({ length: count }, (_, n) => api.POST('/v1/tasks', { body: { title: `${n}` } }));
  for (const { status } of await Promise.all(writes.map(answerOf))) expect(status).toBe(201);
}
const idsOf = async (client: LiveClient, count: number) =>
  (await client.frames(count)).map(({ id, event }) => (event === 'reset' ? event : id));
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** The users whose channels a gateway hears. */
async function heardUsers(): Promise<string[]> {
  const channels = await shared.use(
    async (client) => (await client.pubsub('CHANNELS', '*:live:*')) as string[],
    () => [],
  );
  return channels.map((channel) => channel.split(':').at(-1) ?? '');
}
const heardByRedis = ({ user } = ada) =>
  until('the other gateway hears Redis', heardUsers, (users) => users.includes(user.id));

(redis ? describe : describe.skip)('live events of several gateways over one Redis (redis-server)', () => {
  it('reach every connection once and in order, whichever gateway wrote', async () => {
    const clients = [await events(0, 0), await events(1, 0), await socket(0, 0), await socket(1, 0)];
    await heardByRedis();
    await Promise.all([write(0, 10), write(1, 10)]);
    await write(0, 1);

    for (const client of clients) expect(await idsOf(client, 22)).toEqual(upTo(22));
    for (const client of clients) client.close();
  });

  it('come to a gateway for the users that are connected to it, and for them alone', async () => {
    const eve = await signUp(platform.api);
    const both = [ada.user.id, eve.user.id];
    const clients = [await events(1, 0), await events(0, 0, eve)];
    // Whoever is not at the gateway that hears the bus, which may be either: a slow machine makes it change.
    await until(
      'one of the gateways hears Redis',
      async () => (await heardUsers()).filter((user) => both.includes(user)),
      (heard) => heard.length === 1,
    );
    for (const client of clients) client.close();

    await until(
      'neither is heard any more',
      heardUsers,
      (heard) => !heard.some((user) => both.includes(user)),
    );
  });

  it('go on at the other gateway after the last frame, without gap or duplicate', async () => {
    const first = await events(0, 0);
    await write(1, 5);
    await first.frames(6);
    first.close();
    const writing = write(0, 20);
    const second = await events(1, 6);
    await writing;
    expect(await idsOf(second, 20)).toEqual(upTo(26, 7));
    second.close();
    const writingMore = write(1, 20);
    const third = await socket(0, 26);
    await writingMore;
    await write(1, 1);

    expect(await idsOf(third, 21)).toEqual(upTo(47, 27));
    third.close();
  });

  it('begin with a reset at either gateway for who knows more than there is', async () => {
    for (const gateway of [0, 1]) {
      const client = await events(gateway, 1_000);

      expect(await client.frames(1)).toMatchObject([{ event: 'reset', data: { reason: 'ahead' } }]);
      client.close();
    }
  });

  it('lose, repeat and disorder nothing while Redis is killed and comes back', async () => {
    const clients = [await events(0, 0), await events(1, 0)];
    await heardByRedis();
    const before = write(0, 10);
    await redis?.kill();
    await before;
    await write(1, 10);
    for (const client of clients) expect(await idsOf(client, 21)).toEqual(upTo(21));
    await redis?.start();
    await write(0, 10);
    await heardByRedis();
    await write(1, 10);

    for (const client of clients) expect(await idsOf(client, 41)).toEqual(upTo(41));
    for (const client of clients) client.close();
  });
});
