import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contracts, FeedAppended, type Notification, subscriptions } from '@taskwire/contracts';
import { type BroadcastSubscription, Bus, type Listening, topologyOf } from '@taskwire/messaging';
import { MemoryBroker, MemoryDriver } from '@taskwire/messaging/memory';
import { SharedRedis } from '@taskwire/service/redis';
import type { Logger } from '@taskwire/telemetry';
import { startLocalRedis, until } from '@taskwire/testing';
import { entry } from './feed.fixture.js';
import type { FeedReader } from './feed-reader.js';
import { FeedOverRedis } from './feed-over-redis.js';
import type { Frame } from './frame.js';
import { LiveConnection } from './live-connection.js';
import { LiveConnections } from './live-connections.js';
import type { Transport } from './transport.js';

const ADA = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c11';
const EVE = '0b4c6f5e-3f0e-7c55-9d0a-4f7f5b1f3c12';
const log = { info: () => undefined, warn: () => undefined } as unknown as Logger;

/** Counts how often the feed's broadcast is heard here. */
class CountedBus extends Bus {
  heard = 0;
  override async listen(...args: [BroadcastSubscription, never]): Promise<Listening> {
    const listening = await super.listen(...args);
    this.heard += 1;
    return {
      close: async () => {
        this.heard -= 1;
        await listening.close();
      },
    };
  }
}

class FeedOfAll implements FeedReader {
  readonly entries = new Map<string, Notification[]>();
  reads = 0;
  async read(userId: string, after: number) {
    this.reads += 1;
    const all = this.entries.get(userId) ?? [];
    return { entries: all.slice(after), more: false, last: all.length };
  }
  async position(userId: string): Promise<number> {
    return (await this.read(userId, 0)).last;
  }
}

interface Gateway {
  readonly bus: CountedBus;
  readonly redis: SharedRedis;
  readonly source: FeedOverRedis;
  connect(userId: string): number[];
  stop(): Promise<void>;
}

const server = await startLocalRedis();
let broker: MemoryBroker;
let feed: FeedOfAll;
let gateways: Gateway[];
let sender: Bus;

const busOver = <B extends Bus>(Kind: new (options: ConstructorParameters<typeof Bus>[0]) => B): B =>
  new Kind({ driver: new MemoryDriver(broker), topology: topologyOf(contracts, subscriptions) });

async function startGateway(): Promise<Gateway> {
  const bus = busOver(CountedBus);
  await bus.start();
  const redis = new SharedRedis(server?.url ?? '', () => undefined);
  const connections = new LiveConnections(() => false);
  const source = new FeedOverRedis(bus, redis, connections, log);
  await source.onApplicationBootstrap();
  return {
    ...{ bus, redis, source },
    connect: (userId) => {
      const ids: number[] = [];
      const admission = { userId, sessionId: userId, expiresAt: new Date(Date.now() + 600_000) };
      const connection = new LiveConnection(admission, transportTo(ids), feed, 0);
      connections.add(connection);
      void source.follow(userId).then(() => connection.catchUp());
      return ids;
    },
    stop: async () => {
      await source.beforeApplicationShutdown();
      connections.closeAll('shutdown');
      await bus.close();
      source.onApplicationShutdown();
      redis.onApplicationShutdown();
    },
  };
}

function transportTo(ids: number[]): Transport {
  return {
    position: () => undefined,
    send: ({ id }: Frame) => void ids.push(id),
    beat: () => undefined,
    buffered: 0,
    drained: () => Promise.resolve(),
    close: () => undefined,
    onClosed: () => undefined,
  };
}

/** Appends to the feed, then tells the bus of it, as notification does. */
async function append(userId: string): Promise<void> {
  const entries = feed.entries.get(userId) ?? [];
  const added = entry(entries.length + 1);
  feed.entries.set(userId, [...entries, added]);
  await sender.publish(FeedAppended, { userId, event: 'task.created.v1', entry: added });
}

const heard = () => gateways.reduce((sum, { bus }) => sum + bus.heard, 0);
const oneHearsTheBus = () => until('one hears the bus', () => heard() === 1, 30_000);
const relay = () => gateways.find(({ bus }) => bus.heard === 1) as Gateway;
const others = () => gateways.filter(({ bus }) => bus.heard === 0);

(server ? describe : describe.skip)('feeds over Redis (redis-server)', () => {
  beforeEach(async () => {
    broker = new MemoryBroker();
    feed = new FeedOfAll();
    sender = busOver(Bus);
    await sender.start();
    gateways = [await startGateway(), await startGateway(), await startGateway()];
    await oneHearsTheBus();
  });
  afterEach(async () => {
    for (const gateway of gateways) await gateway.stop();
    await sender.close();
  });
  afterAll(() => server?.kill());

  it('are heard over the bus by one gateway, and pushed by each to its users', async () => {
    const [first, second] = others();
    const clients = [relay().connect(ADA), first?.connect(ADA), second?.connect(EVE)];
    await until('all have read', () => feed.reads === 3);
    for (let n = 0; n < 50; n += 1) for (const userId of [ADA, EVE]) await append(userId);
    const all = Array.from({ length: 50 }, (_, n) => n + 1);
    await until('the last entries', () => clients.every((ids) => ids?.at(-1) === 50));

    for (const ids of clients) expect(ids).toEqual(all);
    // Nothing had to be looked for.
    expect(feed.reads).toBe(3);
  });

  it('are read again where the entry is one of a version that is not known here', async () => {
    const [first] = others();
    const ids = first?.connect(ADA);
    await until('it has read', () => feed.reads === 1);
    feed.entries.set(ADA, [entry(1)]);
    await relay().redis.client.publish(`0:live:${ADA}`, '{"number":"one"}');

    await until('the entry', () => ids?.join() === '1');
  });

  it('come from another gateway when the first ends, with what came in between', async () => {
    const ending = relay();
    const clients = others().map((gateway) => gateway.connect(ADA));
    await until('they have read', () => feed.reads === 2);
    gateways = others();
    await ending.stop();
    await append(ADA);
    await oneHearsTheBus();
    await append(ADA);
    await until('the entries', () => clients.every((ids) => ids.length === 2));

    expect(clients).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('come from another gateway when the first is cut off from Redis, with what came in between', async () => {
    const cut = relay();
    const clients = gateways.map((gateway) => gateway.connect(ADA));
    await until('they have read', () => feed.reads === 3);
    cut.redis.client.disconnect();
    await append(ADA);
    await until('another one hears the bus', () =>
      gateways.some((one) => one !== cut && one.bus.heard === 1),
    );
    await append(ADA);
    await until('the entries', () => clients.every((ids) => ids.length === 2));

    expect(clients).toEqual(gateways.map(() => [1, 2]));
  });

  it('come over the bus while Redis answers nothing, and none is left out when it does again', async () => {
    const clients = gateways.map((gateway) => gateway.connect(ADA));
    await until('they have read', () => feed.reads === 3);
    server?.freeze();
    try {
      await append(ADA);
      await until('all hear the bus', () => heard() === 3, 30_000);
      await append(ADA);
      await until('the entries', () => clients.every((ids) => ids.length === 2));
    } finally {
      server?.thaw();
    }
    await oneHearsTheBus();
    await append(ADA);
    await until('the last entry', () => clients.every((ids) => ids.length === 3));

    expect(clients).toEqual(gateways.map(() => [1, 2, 3]));
  });
});
