import { Notification } from '@taskwire/contracts';
import type { SharedRedis } from '@taskwire/service/redis';
import type { Appended } from './feed-source.js';

type Redis = SharedRedis['client'];

/** For every gateway: that the relay lives, and that it may have missed something. */
export type Notice = 'beat' | 'resync';

export interface Hearer {
  /** Notices are heard, and users can be followed. */
  onReady(): void;
  /** Undefined: one that this version can't read. */
  onEntry(userId: string, entry: Notification | undefined): void;
  onNotice(notice: Notice): void;
  /** What was followed is not any more. */
  onLost(): void;
}

const USERS_AT_ONCE = 1_000;
const NOTICES = 'live';

/** Channels are not under Redis' own key prefixes, nor in its numbered databases. */
function channelsIn({ options }: Redis) {
  const prefix = `${options.keyPrefix ?? ''}${options.db ?? 0}:`;
  return { notices: prefix + NOTICES, ofUser: (userId: string) => `${prefix}${NOTICES}:${userId}` };
}

/** Sends to who hears `UserChannels`. Resolves to false when Redis doesn't have it. */
export class ChannelSender {
  constructor(private readonly redis: SharedRedis) {}

  entries(appended: readonly Appended[]): Promise<boolean> {
    const { ofUser } = channelsIn(this.redis.client);
    return this.publish(
      appended.map(({ userId, entry }) => ['publish', ofUser(userId), JSON.stringify(entry)]),
    );
  }

  notice(notice: Notice): Promise<boolean> {
    return this.publish([['publish', channelsIn(this.redis.client).notices, notice]]);
  }

  private publish(commands: string[][]): Promise<boolean> {
    return this.redis.use(
      async (redis) => {
        for (const [error] of (await redis.pipeline(commands).exec()) ?? []) if (error) throw error;
        return true;
      },
      () => false,
    );
  }
}

/** The channels of Redis that this gateway hears, over a connection of their own: those of the users it follows. */
export class UserChannels {
  private readonly subscriber: Redis;
  private readonly prefix: string;
  private readonly notices: string;
  private followed = new Map<string, Promise<boolean>>();
  private isReady = false;
  private isRenewing = false;

  constructor(
    redis: SharedRedis,
    private readonly hearer: Hearer,
  ) {
    // A connection that is new follows nothing: who uses it has to say so again.
    this.subscriber = redis.client.duplicate({ autoResubscribe: false });
    const { notices, ofUser } = channelsIn(redis.client);
    [this.notices, this.prefix] = [notices, ofUser('')];
    this.subscriber.on('error', () => undefined); // The other connection's failures are in the log.
    this.subscriber.on('ready', () => void this.begin());
    this.subscriber.on('close', () => {
      [this.isReady, this.isRenewing] = [false, false];
      this.followed = new Map();
      hearer.onLost();
    });
    this.subscriber.on('message', (channel: string, text: string) => {
      if (channel === notices) hearer.onNotice(text as Notice);
      else hearer.onEntry(channel.slice(this.prefix.length), read(text));
    });
  }

  /** What is sent to these users from now on is heard. False when that can't be said: Redis is lost. */
  async follow(userIds: readonly string[]): Promise<boolean> {
    const { followed } = this;
    const fresh = userIds.filter((userId) => !followed.has(userId));
    for (let from = 0; from < fresh.length; from += USERS_AT_ONCE) {
      const users = fresh.slice(from, from + USERS_AT_ONCE);
      const subscribed = this.subscribe(users.map((userId) => this.prefix + userId));
      for (const userId of users) followed.set(userId, subscribed);
    }
    const all = await Promise.all(new Set(userIds.flatMap((userId) => followed.get(userId) ?? [])));
    return all.every(Boolean) && followed === this.followed;
  }

  unfollow(userIds: readonly string[]): void {
    const gone = userIds.filter((userId) => this.followed.delete(userId));
    for (let from = 0; from < gone.length; from += USERS_AT_ONCE) {
      const channels = gone.slice(from, from + USERS_AT_ONCE).map((userId) => this.prefix + userId);
      this.subscriber.unsubscribe(...channels).catch(() => this.renew());
    }
  }

  unfollowAll(): void {
    this.unfollow([...this.followed.keys()]);
  }

  /** Notices are heard. */
  get ready(): boolean {
    return this.isReady && !this.isRenewing;
  }

  /** By a new connection: this one may be dead without a sign. */
  renew(): void {
    if (this.isRenewing || this.subscriber.status !== 'ready') return;
    // A server that doesn't answer leaves it open for a while.
    this.isRenewing = true;
    this.subscriber.disconnect(true);
  }

  close(): void {
    this.subscriber.disconnect();
  }

  private async begin(): Promise<void> {
    this.followed = new Map();
    this.isReady = await this.subscribe([this.notices]);
    if (this.isReady) this.hearer.onReady();
  }

  private async subscribe(channels: readonly string[]): Promise<boolean> {
    try {
      await this.subscriber.subscribe(...channels);
      return true;
    } catch {
      // What it follows now can't be known.
      this.renew();
      return false;
    }
  }
}

function read(text: string): Notification | undefined {
  try {
    return Notification.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
