import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
} from '@nestjs/common';
import { type Bus, SingleFlight } from '@taskwire/messaging';
import type { SharedRedis } from '@taskwire/service/redis';
import type { Logger } from '@taskwire/telemetry';
import { FeedOverBus } from './feed-over-bus.js';
import { FeedRelay } from './feed-relay.js';
import type { FeedSource } from './feed-source.js';
import type { LiveConnections } from './live-connections.js';
import { UserChannels } from './user-channels.js';

const LOOK_MS = 500;
/** Longer than the relay's lease, so that a new one comes first. */
const SILENT_MS = 5_000;
/** A connection to Redis that comes and goes is not worth the reads of each change. */
const SETTLED_MS = 2_000;

/**
 * The feeds of the users that are connected here, by their channels in Redis. One gateway hears the bus and passes on; the
 * others hear the bus only while they can't hear that one. Each change between the two ends with a read of all feeds.
 */
export class FeedOverRedis
  implements FeedSource, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly overBus: FeedOverBus;
  private readonly relay: FeedRelay;
  private readonly channels: UserChannels;
  /** Who connects is followed. */
  private follows = false;
  /** Everybody is, and the bus is not heard. */
  private hears = false;
  private readyAt = -Infinity;
  private beatAt = -Infinity;
  private readonly looking = new SingleFlight(
    () => this.choose(),
    (fault) => this.log.warn({ detail: (fault as Error).message }, 'live events can not be heard now'),
  );
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: Bus,
    redis: SharedRedis,
    private readonly connections: LiveConnections,
    private readonly log: Logger,
  ) {
    this.relay = new FeedRelay(redis);
    this.overBus = new FeedOverBus(bus, {
      deliver: (appended) => {
        connections.deliver(appended);
        this.relay.pass(appended);
      },
      resync: () => {
        this.relay.miss();
        return connections.resync();
      },
    });
    this.channels = new UserChannels(redis, {
      onReady: () => (this.readyAt = performance.now()),
      onEntry: (userId, entry) => {
        if (entry === undefined) connections.reread(userId);
        else connections.deliver({ userId, entry });
      },
      onNotice: (notice) => {
        if (notice === 'beat') this.beatAt = performance.now();
        else if (this.hears) void connections.resync();
      },
      onLost: () => {
        if (this.hears && this.timer) this.log.warn('live events come over the bus: Redis is lost');
        [this.follows, this.hears] = [false, false];
        this.beatAt = -Infinity;
        this.look();
      },
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.overBus.open();
    this.timer = setInterval(() => this.look(), LOOK_MS).unref();
    this.look();
  }

  async follow(userId: string): Promise<void> {
    // If that fails, the connection to Redis is lost, and the bus is heard again.
    if (this.follows) await this.channels.follow([userId]);
  }

  unfollow(userId: string): void {
    this.channels.unfollow([userId]);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.looking.idle();
    await this.relay.leave();
  }

  onApplicationShutdown(): void {
    this.channels.close();
  }

  private look(): void {
    if (this.timer !== undefined) this.looking.poke();
  }

  private async choose(): Promise<void> {
    if (this.timer === undefined) return;
    const { up } = await this.bus.health();
    const led = this.relay.leads;
    if (up) await this.relay.hold();
    else await this.relay.leave();
    if (this.relay.leads && !led) this.log.info('live events are passed on to other gateways from here');
    if (!this.relay.leads) this.renewWhenSilent();
    if (!this.relay.leads && this.isFed()) await this.hearRedis();
    else await this.hearBus();
    await this.relay.beat();
  }

  private isFed(): boolean {
    const now = performance.now();
    return this.channels.ready && now - this.readyAt > SETTLED_MS && now - this.beatAt < SILENT_MS;
  }

  /** A connection can be dead without a sign. */
  private renewWhenSilent(): void {
    const heardAt = Math.max(this.readyAt, this.beatAt);
    if (this.channels.ready && performance.now() - heardAt > SILENT_MS) this.channels.renew();
  }

  private async hearRedis(): Promise<void> {
    if (this.hears) return;
    // From here on who connects follows itself, and who is connected is followed now.
    this.follows = true;
    const followed = await this.channels.follow(this.connections.users());
    if (!followed || !this.follows) return this.hearBus();
    this.hears = true;
    await this.overBus.close();
    this.log.info('live events come from Redis');
    // What the others were ahead of this one's bus came before it was followed.
    void this.connections.resync();
  }

  private async hearBus(): Promise<void> {
    await this.overBus.open();
    if (!this.follows) return;
    [this.follows, this.hears] = [false, false];
    this.channels.unfollowAll();
  }
}
