import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { contracts, type Feed, FeedAppended, subscriptions } from '@taskwire/contracts';
import {
  Bus,
  type CommandContract,
  type OutgoingMessage,
  type PayloadOf,
  subscription,
  topologyOf,
} from '@taskwire/messaging';
import { postgresDriver } from '@taskwire/messaging/postgres';
import { type RunningService, startService } from '@taskwire/service';
import { createTestDatabase, startStubAuth, type StubAuth, until } from '@taskwire/testing';
import { service as definition } from './service.js';

const INTERNAL_TOKEN = 'internal-token-of-the-notification-specs';

/** The running service with a bus and an auth of its own, seen from outside. */
export class TestNotification {
  private running: RunningService | undefined;
  /** Ids of the entries that gateways were told of. */
  readonly pushed: string[] = [];

  private constructor(
    readonly auth: StubAuth,
    readonly bus: Bus,
    private readonly urls: readonly string[],
    private readonly settings: NodeJS.ProcessEnv,
    private readonly drop: () => Promise<unknown>,
  ) {}

  static async start(settings: NodeJS.ProcessEnv = {}): Promise<TestNotification> {
    const databases = [await createTestDatabase(), await createTestDatabase()];
    const urls = databases.map(({ url }) => url);
    const bus = new Bus({
      driver: postgresDriver({ url: urls[1] ?? '' }),
      topology: topologyOf(contracts, subscriptions),
    });
    const drop = () => Promise.all(databases.map((database) => database.drop()));
    const test = new TestNotification(await startStubAuth(), bus, urls, settings, drop);
    await bus.listen(subscription('spec.feed', { kind: 'broadcast', events: [FeedAppended] }), {
      receive: ({ payload }) => void test.pushed.push((payload as PayloadOf<typeof FeedAppended>).entry.id),
      resync: () => undefined,
    });
    await test.startAgain();
    return test;
  }

  async startAgain(): Promise<void> {
    this.running = await startService(definition, {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      PORT: '0',
      DATABASE_URL: this.urls[0],
      BUS_DATABASE_URL: this.urls[1],
      BUS_TTL_MS: '600',
      RELAY_LEASE_MS: '600',
      AUTH_URL: this.auth.url,
      INTERNAL_TOKEN,
      WEBHOOK_KEY: 'webhook-key-of-the-notification-specs',
      ...this.settings,
    });
  }

  async stop(): Promise<void> {
    await this.running?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.bus.close();
    await this.auth.close();
    await this.drop();
  }

  get url(): string {
    return this.running?.url ?? '';
  }

  async send(...messages: OutgoingMessage[]): Promise<void> {
    expect(await this.bus.driver.send(messages)).toEqual(messages.map(() => undefined));
  }

  request<C extends CommandContract>(contract: C, payload: PayloadOf<C>, actor: string) {
    return this.bus.request(contract, payload, {
      id: randomUUID(),
      identity: { actor, roles: ['user'], session: null },
      firstSentAt: new Date(),
      deadline: new Date(Date.now() + 60_000),
    });
  }

  async get(path: string, token = ''): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, text: await response.text() };
  }

  async post(path: string, token: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  /** The whole feed, once it has so many entries. */
  feedWith(userId: string, count: number): Promise<Feed> {
    return until(`${count} entries in the feed`, async () => {
      const { text } = await this.get(`/internal/feed/${userId}?after=0`, INTERNAL_TOKEN);
      const feed = JSON.parse(text) as Feed;
      return feed.last >= count && feed;
    });
  }
}
